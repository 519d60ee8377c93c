/** The events of a fold as they are stored, with everything beside them: picked, and put together. */
import { unknownName } from "../errors/index.ts";
import type { FoldEvents, FoldFileHeader } from "./fold-file.ts";
import type { FoldYielder } from "./fold-yielder.ts";
import { strided } from "./stored-numbers.ts";
import { type Column, concatenateTables, selectValues } from "./table.ts";

/** Everything that the file has of a fold. */
export function eventsOfFold(folds: FoldYielder, index: number): FoldEvents {
  const { features, targets, weights } = folds.getStoredFold(index);
  return {
    features,
    targets,
    weights,
    matrix: folds.matrix && folds.getMatrix(index),
    columns: Object.fromEntries(folds.columnNames.map((name) => [name, folds.getColumn(name, index)])),
  };
}

/** What the file says beside the events, for a new one. */
export function headerOf(folds: FoldYielder): FoldFileHeader {
  const { continuousFeatures, categoricalFeatures, categories, targetFeatures } = folds;
  const { weightFeature, scaler, matrix } = folds;
  return {
    continuousFeatures,
    categoricalFeatures,
    categories,
    targetFeatures,
    weightFeature,
    scaler,
    matrix,
  };
}

/** Whether the targets are stored as whole numbers. */
export function hasWholeTargets(folds: FoldYielder): boolean {
  const targets = folds.getColumn("targets", 0);
  return targets instanceof BigInt64Array || targets instanceof Int32Array;
}

/** Some rows of events, in their order. */
export function pickEvents(events: FoldEvents, rows: Int32Array, eventCount: number): FoldEvents {
  const gather = (values: Float32Array): Float32Array => {
    const width = eventCount === 0 ? 0 : values.length / eventCount;
    const picked = new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++) {
      picked.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    }
    return picked;
  };
  return {
    features: gather(events.features),
    targets: gather(events.targets),
    weights: events.weights && gather(events.weights),
    matrix: events.matrix && gather(events.matrix),
    columns: Object.fromEntries(
      Object.entries(events.columns).map(([name, column]) => [name, selectValues(column, rows)]),
    ),
  };
}

/** Events one after the other; `labels` name the parts in errors. */
export function joinedEvents(parts: readonly FoldEvents[], labels: readonly string[]): FoldEvents {
  const join = (arrays: readonly Float32Array[]): Float32Array => {
    const joined = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      joined.set(array, at);
      at += array.length;
    }
    return joined;
  };
  const first = parts[0]!;
  const tables = parts.map(({ columns, targets }) => ({ rowCount: targets.length, columns }));
  return {
    features: join(parts.map(({ features }) => features)),
    targets: join(parts.map(({ targets }) => targets)),
    weights: first.weights && join(parts.map(({ weights }) => weights!)),
    matrix: first.matrix && join(parts.map(({ matrix }) => matrix!)),
    columns: concatenateTables(tables, labels).columns,
  };
}

/**
 * A column of all events, fold after fold: a further column, a target, a categorical or continuous feature as stored, or
 * the weights.
 *
 * @throws UnknownNameError for another name.
 */
export function columnOfFolds(folds: FoldYielder, name: string): Column {
  const { storedFeatures: features, targetFeatures, columnNames, weightFeature } = folds;
  const parts = Array.from({ length: folds.foldCount }, (_, i): Column => {
    if (columnNames.includes(name)) return folds.getColumn(name, i);
    const stored = folds.getStoredFold(i);
    if (targetFeatures.includes(name)) {
      return strided(stored.targets, targetFeatures.indexOf(name), targetFeatures.length);
    }
    if (features.includes(name)) return strided(stored.features, features.indexOf(name), features.length);
    if (name === weightFeature && stored.weights) return stored.weights;
    throw unknownName("column", name, [...columnNames, ...targetFeatures, ...features]);
  });
  const labels = parts.map((_, i) => `fold ${i}`);
  return concatenateTables(
    parts.map((column) => ({ rowCount: column.length, columns: { [name]: column } })),
    labels,
  ).columns[name]!;
}
