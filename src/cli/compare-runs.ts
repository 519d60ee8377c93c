/** Runs against each other, such as networks against boosted trees: paired on the events that both have scored. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { columnOf, numbersOf, readTable, selectRows, type Table } from "../data/index.ts";
import {
  type ComparedMetric,
  comparedMetricTitles,
  comparePredictions,
  type PredictionComparison,
} from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { formatMeasured, formatNumber } from "../plot/index.ts";
import { normalTail } from "../statistics/index.ts";
import type { Analysis } from "./analysis.ts";
import { taskOfOutputs } from "./member-table.ts";
import { matrixOf } from "./predictions-file.ts";
import { readMetrics, readRun } from "./run-folder.ts";

/** Two or more runs on one set of events, the first one as reference. */
export interface RunComparison {
  /** `validation`, `training` (out of fold), or a set of the analysis. */
  readonly set: string;
  /** The folders' names. */
  readonly runs: readonly string[];
  readonly comparison: PredictionComparison;
}

/**
 * Compares runs on every set that all have scored: on the events that they have in common by the identifier column, or
 * else, by their order, on all.
 *
 * @throws ConfigurationError when the runs learn different targets or have no events in common.
 */
export async function compareRuns(folders: readonly string[]): Promise<readonly RunComparison[]> {
  const runs = folders.map(readRun);
  const [first, ...others] = runs as [(typeof runs)[number], ...(typeof runs)[number][]];
  const { analysis } = first.record;
  for (const other of others) {
    if (other.record.analysis.target.task !== analysis.target.task) {
      throw new ConfigurationError(
        `"${other.paths.folder}" is a run of a ${other.record.analysis.target.task} task, "${first.paths.folder}" of a ${analysis.target.task} one; runs are compared on one task.`,
      );
    }
  }
  const sets = Object.keys(readMetrics(first.paths).sets).filter((set) =>
    runs.every(({ paths }) => existsSync(join(paths.predictions, `${set}.csv`))),
  );
  const comparisons: RunComparison[] = [];
  for (const set of sets) {
    const scored = await Promise.all(
      runs.map(({ paths }) => readTable([join(paths.predictions, `${set}.csv`)])),
    );
    const tables = commonEvents(scored, analysis.input.id, folders);
    comparisons.push({
      set,
      runs: runs.map(({ paths }) => basename(paths.folder)),
      comparison: compareTables(analysis, tables),
    });
  }
  return comparisons;
}

function compareTables(
  { target, evaluation, seed }: Analysis,
  tables: readonly Table[],
): PredictionComparison {
  const events = tables[0]!;
  const predictions = tables.map((table) => matrixOf(table, "pred"));
  const targets = matrixOf(events, "target");
  const weights = Object.hasOwn(events.columns, "weight")
    ? Float64Array.from(numbersOf(events, "weight"))
    : undefined;
  const outputs = predictions[0]!.width;
  return comparePredictions(
    taskOfOutputs(target.task, outputs),
    predictions.map(({ values }) => values),
    { targets: targets.values, weights },
    { replicaCount: evaluation.bootstrap, seed },
  );
}

/** The events that all runs have scored, in the order of the first; without identifiers all, if they are the same. */
function commonEvents(tables: readonly Table[], id: readonly string[], folders: readonly string[]): Table[] {
  const differ = (): ConfigurationError =>
    new ConfigurationError(
      `${folders.map((folder) => `"${folder}"`).join(" and ")} have scored different events; train them on the same files with the same folds and seed.`,
    );
  const isIdentified = tables.every((table) => id.every((name) => Object.hasOwn(table.columns, name)));
  if (id.length === 0 || !isIdentified) {
    const [first, ...others] = tables.map((table) => matrixOf(table, "target").values);
    const isSame = others.every(
      (other) => other.length === first!.length && other.every((value, i) => value === first![i]),
    );
    if (!isSame) throw differ();
    return [...tables];
  }
  const rowsOf = tables.map((table) => {
    const columns = id.map((name) => columnOf(table, name));
    const key = (row: number): string => columns.map((column) => String(column[row])).join("\n");
    return new Map(Array.from({ length: table.rowCount }, (_, row) => [key(row), row]));
  });
  const common = [...rowsOf[0]!.keys()].filter((event) => rowsOf.every((rows) => rows.has(event)));
  if (common.length === 0) throw differ();
  return tables.map((table, k) =>
    selectRows(
      table,
      common.map((event) => rowsOf[k]!.get(event)!),
    ),
  );
}

/** Columns and rows of a comparison as they are shown. */
export function comparisonCells({ runs, comparison }: RunComparison): {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const { metricNames, models } = comparison;
  const difference = ({ gain }: ComparedMetric): readonly string[] =>
    gain === undefined ? ["", ""] : [formatMeasured(gain.value, gain.uncertainty), probability(gain)];
  return {
    headings: [
      "run",
      ...metricNames.flatMap((name) => [comparedMetricTitles[name] ?? name, `${runs[0]} − run`, "p-value"]),
    ],
    rows: models.map((metrics, i) => [
      runs[i]!,
      ...metricNames.flatMap((name) => {
        const metric = metrics[name]!;
        return [formatMeasured(metric.value, metric.uncertainty), ...difference(metric)];
      }),
    ]),
  };
}

/** How likely so large a difference, either way, is by chance: the difference in units of its uncertainty. */
function probability({ value, uncertainty }: NonNullable<ComparedMetric["gain"]>): string {
  if (value === null || uncertainty === null || uncertainty === 0) return "";
  const p = 2 * normalTail(Math.abs(value) / uncertainty);
  return p < 1e-4 ? "< 0.0001" : formatNumber(p, 2);
}

/** The comparison for a terminal. */
export function comparisonText(comparison: RunComparison): string {
  const { headings, rows } = comparisonCells(comparison);
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    `  ${line.map((cell, k) => cell.padEnd(widths[k]!)).join("  ")}`.trimEnd(),
  );
  const count = formatNumber(comparison.comparison.eventCount);
  return `${comparison.set}: ${count} events, paired\n${text.join("\n")}\n`;
}
