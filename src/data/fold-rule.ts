/** How events are dealt into folds, as plain data. */
import { Stream } from "../array/random.ts";
import { contiguousFolds, foldsByColumn, foldsByHash, stratifiedFolds } from "./folds.ts";
import type { Column } from "./table.ts";

/**
 * How events are dealt into folds: evenly in every combination of some columns, at random by a seed; by the hash of what
 * identifies an event, for ever; by a column of 0, 1, 2, …; neighbours together.
 */
export type FoldRule =
  | {
      readonly kind: "stratified";
      readonly count: number;
      /** Columns, targets or categorical features (default: the classes, and the categorical features). */
      readonly keys?: readonly string[] | undefined;
      readonly seed: number;
    }
  | { readonly kind: "hash"; readonly count: number; readonly by: readonly string[] }
  | { readonly kind: "column"; readonly column: string }
  | { readonly kind: "contiguous"; readonly count: number };

/**
 * The rows of each fold, rising.
 *
 * @param columnOf the column of a name, of all events.
 * @param usualKeys the keys of a stratified rule that names none.
 * @throws as `stratifiedFolds`, `foldsByHash`, `foldsByColumn` and `contiguousFolds` do.
 */
export function rowsByRule(
  rule: FoldRule,
  eventCount: number,
  columnOf: (name: string) => Column,
  usualKeys: readonly string[],
): Int32Array[] {
  switch (rule.kind) {
    case "stratified": {
      const keys = (rule.keys ?? usualKeys).map(columnOf);
      return stratifiedFolds(eventCount, rule.count, keys, new Stream(rule.seed, "folds"));
    }
    case "hash":
      return foldsByHash(rule.by.map(columnOf), rule.count, rule.by.join(", "));
    case "column":
      return foldsByColumn(columnOf(rule.column), rule.column);
    case "contiguous":
      return contiguousFolds(eventCount, rule.count);
  }
}
