/** Fitted steps on columns as nodes: logarithm, indicators, filling, quantiles, principal components. */
import { type FittedColumnStep, type FittedPcaStep, indicatorName } from "../../data/index.ts";
import { unknownName } from "../../errors/index.ts";
import type { NodeBuilder } from "./node-builder.ts";
import type { TracedTable } from "./trace-cartesian.ts";
import { derived, type TracedColumn } from "./traced-columns.ts";

/** The columns after the step; see `applyColumnStep`. */
export function traceColumnStep(
  builder: NodeBuilder,
  table: TracedTable,
  step: FittedColumnStep,
): TracedTable {
  const result = new Map(table);
  const source = (name: string): TracedColumn => {
    const found = table.get(name);
    if (found === undefined) throw unknownName(`transform ${step.kind}: column`, name, [...table.keys()]);
    return found;
  };
  /** Puts the image of a column under a name. */
  const put = (name: string, from: string, build: (values: string) => string): void => {
    const column = source(from);
    result.set(
      name,
      derived(builder, [column], () => build(column.numbers())),
    );
  };
  const finite = (values: string): string => builder.isFinite(values, "float64");
  switch (step.kind) {
    case "log":
      for (const name of step.columns) {
        put(name, name, (values) => {
          const moved = builder.node("Add", [values, builder.double(step.shift ?? 0)]);
          const isPositive = builder.node("Greater", [moved, builder.double(0)]);
          const safe = builder.node("Where", [isPositive, moved, builder.double(1)]);
          const logarithm = builder.node("Log", [safe]);
          return builder.node("Where", [isPositive, logarithm, builder.double(Number.NaN)]);
        });
      }
      break;
    case "indicator":
      for (const name of step.columns) {
        put(indicatorName(name), name, (values) =>
          builder.node("Where", [finite(values), builder.double(0), builder.double(1)]),
        );
      }
      break;
    case "fill":
      for (const [name, value] of Object.entries(step.values)) {
        put(name, name, (values) => builder.node("Where", [finite(values), values, builder.double(value)]));
      }
      break;
    case "quantile":
      for (const [name, map] of Object.entries(step.maps)) {
        put(name, name, (values) => brokenLine(builder, values, map, name));
      }
      break;
    case "pca":
      return withComponents(builder, table, step, step.columns.map(source));
  }
  return result;
}

/** to₀ + Σ (toₖ₊₁ − toₖ)·clip((x − fromₖ)/(fromₖ₊₁ − fromₖ), 0, 1). */
function brokenLine(
  builder: NodeBuilder,
  values: string,
  { from, to }: { readonly from: readonly number[]; readonly to: readonly number[] },
  name: string,
): string {
  const known = builder.isFinite(values, "float64");
  const missing = builder.double(Number.NaN);
  const first = builder.double(to[0]!);
  if (from.length === 1) return builder.node("Where", [known, first, missing]);
  const count = from.length - 1;
  const pieces = (what: string, value: (k: number) => number): string =>
    builder.doubles(
      builder.names.fresh(`${name}/${what}`),
      Array.from({ length: count }, (_, k) => value(k)),
      [1, count],
    );
  const safe = builder.node("Where", [known, values, builder.double(from[0]!)]);
  const distance = builder.node("Sub", [safe, pieces("from", (k) => from[k]!)]);
  const share = builder.node("Div", [distance, pieces("widths", (k) => from[k + 1]! - from[k]!)]);
  const inside = builder.node("Clip", [share, builder.double(0), builder.double(1)]);
  const rises = builder.node("Mul", [inside, pieces("rises", (k) => to[k + 1]! - to[k]!)]);
  const sum = builder.node("ReduceSum", [rises, builder.names.integers([1])], { keepdims: { i: 1 } });
  return builder.node("Where", [known, builder.node("Add", [sum, first]), missing]);
}

function withComponents(
  builder: NodeBuilder,
  table: TracedTable,
  { columns, names, means, deviations, components }: FittedPcaStep,
  sources: readonly TracedColumn[],
): TracedTable {
  let all: string | undefined;
  const product = (): string => {
    if (all !== undefined) return all;
    const label = builder.names.fresh("components");
    const size = columns.length;
    const joined = builder.join(sources.map((column) => column.numbers()));
    const centred = builder.node("Sub", [joined, builder.doubles(`${label}/means`, means, [1, size])]);
    const scaled = builder.node("Div", [
      centred,
      builder.doubles(`${label}/deviations`, deviations, [1, size]),
    ]);
    const known = builder.node("Where", [builder.isFinite(scaled, "float64"), scaled, builder.double(0)]);
    const matrix = columns.flatMap((_, c) => components.map((component) => component[c]!));
    all = builder.node("MatMul", [known, builder.doubles(`${label}/matrix`, matrix, [size, names.length])]);
    return all;
  };
  const result = new Map<string, TracedColumn>();
  let isDone = false;
  for (const [name, column] of table) {
    if (!columns.includes(name)) result.set(name, column);
    else if (!isDone) {
      for (const [j, made] of names.entries()) {
        result.set(
          made,
          derived(builder, sources, () => builder.columns(product(), j, j + 1)),
        );
      }
      isDone = true;
    }
  }
  return result;
}
