/** From one table to the fold files of a study: training, validation and test, by one preprocessing. */
import { Stream } from "../array/random.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { expandNames } from "./expand-names.ts";
import { type FoldFileContent, writeFoldFile } from "./fold-file.ts";
import { type FoldRule, rowsByRule } from "./fold-rule.ts";
import { isHeldByHash, stratifiedSplit } from "./folds.ts";
import type { MatrixInputs } from "./matrix-inputs.ts";
import { matrixOfTable } from "./object-matrices.ts";
import { applyPipeline, fitPipeline, type Pipeline, type PipelineSpec } from "./pipeline.ts";
import { type Column, columnOf, selectRows, selectValues, type Table } from "./table.ts";
import { classTargets, eventWeights, regressionTargets } from "./targets.ts";
import { trainingWeights, type WeightNormalisation } from "./training-weights.ts";

/** Which events go where; those that no rule takes train. */
export type SplitRule =
  | {
      /** Fractions of the events, the same of every class. */
      readonly kind: "stratified";
      readonly validation?: number | undefined;
      readonly test?: number | undefined;
      readonly seed: number;
    }
  | {
      /** Fractions of the events by the hash of what identifies them: an event stays where it is for ever. */
      readonly kind: "hash";
      readonly by: readonly string[];
      readonly validation?: number | undefined;
      readonly test?: number | undefined;
    }
  | {
      /** A column of 0 (training), 1 (validation) and 2 (test). */
      readonly kind: "column";
      readonly column: string;
    };

/** What {@link makeFoldFiles} makes of the events. */
export interface FoldFilesSpec {
  /** Fitted on the training events, applied to all. */
  readonly preprocessing: PipelineSpec;
  /** The class of an event with its number, or the numbers of a regression. */
  readonly target:
    | { readonly column: string; readonly classes?: Readonly<Record<string, number>> | undefined }
    | { readonly columns: readonly string[] };
  /** Event weights; those of training events are scaled (default: each class to mean 1), all others stay as they are. */
  readonly weights?:
    | { readonly column: string; readonly normalise?: WeightNormalisation | undefined }
    | undefined;
  readonly split: SplitRule;
  /** How each part is dealt into folds. */
  readonly folds: FoldRule;
  /** Columns that the folds carry along; globs allowed. The weights as they were are there as `original_weight`. */
  readonly columns?: readonly string[] | undefined;
  /** Matrix inputs, from columns after the preprocessing's steps, as they are there: not scaled. */
  readonly matrix?: MatrixInputs | undefined;
  readonly compression?: number | undefined;
  /** The folder that module paths are relative to. */
  readonly directory?: string | undefined;
}

/** Where the parts are written; a part without events needs no path. */
export interface FoldFilePaths {
  readonly training: string;
  readonly validation?: string | undefined;
  readonly test?: string | undefined;
}

/** What was written. */
export interface MadeFoldFiles {
  readonly pipeline: Pipeline;
  /** Rows of the table in each part, rising. */
  readonly rows: { readonly [part in keyof FoldFilePaths]-?: Int32Array };
}

/**
 * Splits events into training, validation and test, fits the preprocessing to the training events, and writes a fold file
 * of each. Every event is in exactly one fold of one file, with its weight.
 *
 * @throws ConfigurationError for a part that has events but no path, or a path but no events; what reading targets,
 * fitting and writing throw.
 */
export async function makeFoldFiles(
  table: Table,
  paths: FoldFilePaths,
  spec: FoldFilesSpec,
): Promise<MadeFoldFiles> {
  const { target, weights, directory } = spec;
  const isRegression = "columns" in target;
  const targetFeatures = isRegression ? target.columns : [target.column];
  const targets = isRegression
    ? regressionTargets(table, target.columns)
    : classTargets(table, target.column, target.classes);
  const original = weights && eventWeights(table, weights.column);
  const rows = splitRows(table, spec.split, isRegression ? [] : [targets]);
  for (const part of parts) {
    if (rows[part].length > 0 && paths[part] === undefined) {
      throw new ConfigurationError(
        `makeFoldFiles: ${rows[part].length} events are for ${part}, but it has no path.`,
      );
    }
    if (rows[part].length === 0 && paths[part] !== undefined) {
      throw new ConfigurationError(
        `makeFoldFiles: no event is for ${part}, but "${paths[part]}" is to be written.`,
      );
    }
  }
  const pipeline = await fitPipeline(table, spec.preprocessing, { rows: rows.training, directory });
  const carried = expandNames(spec.columns ?? [], Object.keys(table.columns), "makeFoldFiles: column");
  for (const part of parts) {
    const path = paths[part];
    if (path === undefined) continue;
    const own = selectRows(table, rows[part]);
    const prepared = await applyPipeline(pipeline, own, { directory });
    const ownTargets = rowsOf(targets, rows[part], targetFeatures.length);
    const ownWeights = original && Float64Array.from(rows[part], (row) => original[row]!);
    const columns: Record<string, Column> = ownWeights ? { original_weight: ownWeights } : {};
    for (const name of carried) columns[name] = columnOf(own, name);
    const content: Omit<FoldFileContent, "folds"> = {
      features: prepared.features,
      continuousFeatures: prepared.continuousFeatures,
      categoricalFeatures: prepared.categoricalFeatures,
      categories: pipeline.categorical,
      targets: ownTargets,
      targetFeatures,
      weights:
        part === "training" && ownWeights
          ? trainingWeights(
              isRegression ? new Uint8Array(own.rowCount) : ownTargets,
              ownWeights,
              weights?.normalise ?? (isRegression ? "meanOne" : "meanOnePerClass"),
            )
          : ownWeights,
      weightFeature: weights?.column,
      scaler: pipeline.scaler,
      matrix: spec.matrix,
      matrixInputs: spec.matrix && matrixOfTable(prepared.table, spec.matrix),
      columns,
      compression: spec.compression,
    };
    const keys = [...(isRegression ? [] : targetFeatures), ...prepared.categoricalFeatures];
    const named = (name: string): Column => {
      if (Object.hasOwn(own.columns, name)) return own.columns[name]!;
      return columnOf(prepared.table, name);
    };
    await writeFoldFile(path, { ...content, folds: rowsByRule(spec.folds, own.rowCount, named, keys) });
  }
  return { pipeline, rows };
}

const parts = ["training", "validation", "test"] as const;

function splitRows(table: Table, rule: SplitRule, keys: readonly Column[]): MadeFoldFiles["rows"] {
  const part = partOfRows(table, rule, keys);
  const rowsOfPart = (wanted: number): Int32Array =>
    Int32Array.from({ length: table.rowCount }, (_, i) => i).filter((i) => part[i] === wanted);
  return { training: rowsOfPart(0), validation: rowsOfPart(1), test: rowsOfPart(2) };
}

/** 0, 1 or 2 for each row: training, validation, test. */
function partOfRows(table: Table, rule: SplitRule, keys: readonly Column[]): ArrayLike<number> {
  if (rule.kind === "column") {
    const column = columnOf(table, rule.column);
    return Array.from(column as ArrayLike<unknown>, (value, i) => {
      const part = value === "" ? Number.NaN : Number(value);
      if (part === 0 || part === 1 || part === 2) return part;
      throw new DataError(
        `makeFoldFiles: column "${rule.column}": row ${i + 1} holds ${String(value)}; expected 0 (training), 1 (validation) or 2 (test).`,
      );
    });
  }
  const { validation = 0, test = 0 } = rule;
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new ConfigurationError(
      `makeFoldFiles: the fractions ${validation} for validation and ${test} for test leave nothing for training.`,
    );
  }
  const part = new Uint8Array(table.rowCount);
  if (rule.kind === "hash") {
    const ids = rule.by.map((name) => columnOf(table, name));
    const name = rule.by.join(", ");
    // The same events are in test whatever the fraction for validation is.
    const isTest = isHeldByHash(ids, test, name);
    const isHeld = isHeldByHash(ids, test + validation, name);
    return part.map((_, i) => (isTest[i] === 1 ? 2 : isHeld[i]!));
  }
  let rest = Int32Array.from(part, (_, i) => i);
  for (const [number, fraction] of [
    [2, test],
    [1, validation / (1 - test)],
  ] as const) {
    if (fraction === 0) continue;
    const own = keys.map((key) => selectValues(key, rest));
    const split = stratifiedSplit(rest.length, fraction, own, new Stream(rule.seed, "split", number));
    for (const i of split.validation) part[rest[i]!] = number;
    rest = rest.filter((row) => part[row] === 0);
  }
  return part;
}

function rowsOf(values: Float32Array, rows: Int32Array, width: number): Float32Array {
  const picked = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries())
    picked.set(values.subarray(row * width, (row + 1) * width), i * width);
  return picked;
}
