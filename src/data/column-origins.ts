/** What the columns after a pipeline's steps are made of. */
import { findVectors } from "../hep/index.ts";
import { columnsOfScalar, compileExpression } from "./expression/index.ts";
import type { CartesianStep, FittedStep } from "./transforms.ts";

/** For each column the names of all columns that it is made of, its own and those of steps in between too. */
export type ColumnOrigins = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Follows the steps from raw columns to features: through new names, expressions, vectors in other coordinates, principal
 * components. A step in the user's own code is not seen through: what it leaves counts as what it was before, what it adds
 * is not there.
 *
 * @param names the raw columns.
 * @throws ExpressionError for an expression of columns that are not there.
 */
export function columnOrigins(steps: readonly FittedStep[], names: readonly string[]): ColumnOrigins {
  let origins = new Map<string, ReadonlySet<string>>(names.map((name) => [name, new Set([name])]));
  for (const step of steps) origins = afterStep(origins, step);
  return origins;
}

function afterStep(before: ColumnOrigins, step: FittedStep): Map<string, ReadonlySet<string>> {
  const after = new Map(before);
  const of = (sources: Iterable<string>, own: string): Set<string> =>
    new Set([own, ...[...sources].flatMap((source) => [...(before.get(source) ?? [])])]);
  switch (step.kind) {
    case "rename":
      return new Map(
        [...before].map(([name]) => {
          const own = Object.hasOwn(step.columns, name) ? step.columns[name]! : name;
          return [own, of([name], own)];
        }),
      );
    case "columns":
      for (const [name, text] of Object.entries(step.columns)) {
        const kinds = new Map([...after.keys()].map((known) => [known, "unknown" as const]));
        const sources = columnsOfScalar(compileExpression(text, kinds));
        after.set(name, new Set([name, ...[...sources].flatMap((source) => [...after.get(source)!])]));
      }
      return after;
    case "cartesian":
      return afterCartesian(before, step);
    case "indicator":
      for (const name of step.columns) after.set(`${name}_missing`, of([name], `${name}_missing`));
      return after;
    case "pca":
      for (const name of step.columns) after.delete(name);
      for (const name of step.names) after.set(name, of(step.columns, name));
      return after;
    default:
      return after;
  }
}

/** Vectors are turned with the reference, so that each is made of both. */
function afterCartesian(before: ColumnOrigins, { align }: CartesianStep): Map<string, ReadonlySet<string>> {
  const after = new Map(before);
  const vectors = findVectors([...before.keys()]);
  const sourcesOf = (name: string): string[] =>
    Object.values(vectors.find((vector) => vector.name === name)?.columns ?? {}).flatMap((column) => [
      ...(before.get(column) ?? []),
    ]);
  const turning = align ? [align.reference, align.second ?? ""].flatMap(sourcesOf) : [];
  for (const { name, columns } of vectors) {
    const sources = [...sourcesOf(name), ...turning];
    for (const component of ["px", "py", "pz"]) {
      after.set(`${name}_${component}`, new Set([`${name}_${component}`, ...sources]));
    }
    for (const column of Object.values(columns))
      after.set(column, new Set([...(before.get(column) ?? []), ...turning]));
  }
  return after;
}

/**
 * Of new columns the expressions that features are made of, for raw events that lack what the others are made of, such as
 * targets. All of them where a step in the user's own code may need any.
 *
 * @param features columns after the steps.
 */
export function neededColumns(
  columns: Readonly<Record<string, string>>,
  origins: ColumnOrigins,
  steps: readonly FittedStep[],
  features: readonly string[],
): Readonly<Record<string, string>> {
  if (steps.some(({ kind }) => kind === "module")) return columns;
  const needed = new Set(features.flatMap((feature) => [...(origins.get(feature) ?? [])]));
  return Object.fromEntries(Object.entries(columns).filter(([name]) => needed.has(name)));
}
