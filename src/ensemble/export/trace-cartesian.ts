/** The step from polar to Cartesian vectors as nodes, with the conventions of `processEvent`. */
import type { CartesianStep } from "../../data/index.ts";
import { ConfigurationError, unknownName } from "../../errors/index.ts";
import { type Component, findVectors, type VectorColumns } from "../../hep/vector-names.ts";
import type { NodeBuilder } from "./node-builder.ts";
import { cleaned, derived, type TracedColumn } from "./traced-columns.ts";

export type TracedTable = ReadonlyMap<string, TracedColumn>;

/** The columns after the step; see `processEvent` for what happens to an event. */
export function traceCartesian(
  builder: NodeBuilder,
  table: TracedTable,
  { keep = [], ignore = [], align }: CartesianStep,
): TracedTable {
  const names = [...table.keys()];
  for (const name of keep) if (!table.has(name)) throw unknownName("column", name, names);
  const clean = new Map(
    [...table].map(([name, column]) => [name, column.isClean ? column : cleaned(builder, column, [])]),
  );
  const vectors = findVectors(names).filter(({ name }) => !ignore.includes(name));
  const working = new Map(clean);
  const find = (name: string): VectorColumns => {
    const vector = vectors.find((candidate) => candidate.name === name);
    if (vector !== undefined) return vector;
    throw unknownName(
      "vector",
      name,
      vectors.map((candidate) => candidate.name),
    );
  };
  const first = align && find(align.reference);
  const fixPhi = align?.phi ?? align !== undefined;
  if (first && fixPhi) {
    rotate(builder, working, vectors, first);
    if (align?.y === true && align.second !== undefined) {
      reflect(builder, working, vectors, find(align.second), ["phi", "py"], first);
    }
  }
  if (first && align?.z === true) reflect(builder, working, vectors, first, ["eta", "pz"]);

  const added = new Map<string, TracedTable>();
  const dropped = new Set<string>();
  for (const { name, columns } of vectors) {
    const { pt, eta, phi } = columns;
    if (!pt || !phi) continue;
    const own = [pt, eta, phi].filter((column) => column !== undefined);
    const place = own.reduce((a, b) => (names.indexOf(a) <= names.indexOf(b) ? a : b));
    added.set(place, components(builder, working, name, columns));
    for (const column of own) dropped.add(column);
  }
  if (first && fixPhi) {
    // The reference's φ is 0 in every event.
    for (const gone of [first.columns.phi, first.columns.py, `${first.name}_py`]) if (gone) dropped.add(gone);
  }
  const result = new Map<string, TracedColumn>();
  for (const name of names) {
    for (const [made, column] of added.get(name) ?? []) if (!dropped.has(made)) result.set(made, column);
    if (keep.includes(name)) result.set(name, clean.get(name)!);
    else if (!dropped.has(name)) result.set(name, working.get(name)!);
  }
  return result;
}

/** px = pT cos φ, py = pT sin φ, pz = pT sinh η. */
function components(
  builder: NodeBuilder,
  table: TracedTable,
  vector: string,
  columns: VectorColumns["columns"],
): TracedTable {
  const pt = table.get(columns.pt!)!;
  const phi = table.get(columns.phi!)!;
  const eta = columns.eta === undefined ? undefined : table.get(columns.eta)!;
  const times = (angle: TracedColumn, factor: (name: string) => string): TracedColumn =>
    derived(builder, [pt, angle], () => builder.node("Mul", [pt.numbers(), factor(angle.numbers())]), false);
  const node = builder.node.bind(builder);
  const made = new Map<string, TracedColumn>();
  // ONNX Runtime has Cos and Sinh in single precision only.
  made.set(
    `${vector}_px`,
    times(phi, (angle) => node("Sin", [node("Add", [angle, builder.double(Math.PI / 2)])])),
  );
  made.set(
    `${vector}_py`,
    times(phi, (angle) => node("Sin", [angle])),
  );
  if (eta !== undefined) {
    made.set(
      `${vector}_pz`,
      times(eta, (angle) => {
        const difference = node("Sub", [node("Exp", [angle]), node("Exp", [node("Neg", [angle])])]);
        return node("Mul", [difference, builder.double(0.5)]);
      }),
    );
  }
  return made;
}

/** φ of every vector becomes the angle from the reference to it, in (−π, π]. */
function rotate(
  builder: NodeBuilder,
  table: Map<string, TracedColumn>,
  vectors: readonly VectorColumns[],
  reference: VectorColumns,
): void {
  for (const { name, columns } of vectors) {
    if (columns.phi) continue;
    throw new ConfigurationError(
      `export: turning the events needs φ of every vector, but "${name}" has none.`,
    );
  }
  const zero = table.get(reference.columns.phi!)!;
  for (const { columns } of vectors) {
    const phi = table.get(columns.phi!)!;
    table.set(
      columns.phi!,
      derived(builder, [phi, zero], () =>
        wrapped(builder, builder.node("Sub", [phi.numbers(), zero.numbers()])),
      ),
    );
  }
}

/** As `wrapAngle`: a − 2π·round(a/2π), then the two ends. */
export function wrapped(builder: NodeBuilder, angle: string): string {
  const node = builder.node.bind(builder);
  const turn = builder.double(2 * Math.PI);
  const pi = builder.double(Math.PI);
  const turns = node("Floor", [node("Add", [node("Div", [angle, turn]), builder.double(0.5)])]);
  const rest = node("Sub", [angle, node("Mul", [turn, turns])]);
  const below = node("LessOrEqual", [rest, builder.double(-Math.PI)]);
  const above = node("Greater", [rest, pi]);
  const high = node("Where", [above, node("Sub", [rest, turn]), rest]);
  return node("Where", [below, node("Min", [node("Add", [rest, turn]), pi]), high]);
}

/** Turns the sign of a component of every vector (but `except`) where the reference's is negative. */
function reflect(
  builder: NodeBuilder,
  table: Map<string, TracedColumn>,
  vectors: readonly VectorColumns[],
  reference: VectorColumns,
  components: readonly Component[],
  except?: VectorColumns,
): void {
  const key = components.map((component) => reference.columns[component]).find((name) => name !== undefined);
  if (key === undefined) {
    throw new ConfigurationError(
      `export: the reference vector "${reference.name}" has neither ${components.join(" nor ")}.`,
    );
  }
  const sign = table.get(key)!;
  const isNegative = derived(builder, [sign], () =>
    builder.node("Less", [sign.numbers(), builder.double(0)]),
  );
  for (const vector of vectors) {
    if (vector === except) continue;
    for (const name of components.map((component) => vector.columns[component])) {
      if (name === undefined) continue;
      const column = table.get(name)!;
      table.set(
        name,
        derived(builder, [column, sign], () => {
          const value = column.numbers();
          return builder.node("Where", [isNegative.numbers(), builder.node("Neg", [value]), value]);
        }),
      );
    }
  }
}
