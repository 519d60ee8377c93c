/** members.json: the members of a run against their ensemble, on the validation events. */
import { existsSync } from "node:fs";
import {
  type ComparedMetric,
  comparedMetricTitles,
  compareMembers,
  type Ensemble,
  type MemberComparison,
} from "../ensemble/index.ts";
import type { Task } from "../nn/index.ts";
import { formatMeasured, formatNumber } from "../plot/index.ts";
import type { Analysis } from "./analysis.ts";
import type { ScoredSet } from "./evaluation.ts";
import { forTerminal } from "./metrics-text.ts";
import { type RunPaths, readJson } from "./run-folder.ts";

/** Compares on a scored set; undefined where the outputs are not the targets, as behind an endcap. */
export function memberTable(
  { seed, evaluation, target }: Analysis,
  ensemble: Ensemble,
  { predictions, targets, weights }: Pick<ScoredSet, "predictions" | "targets" | "weights">,
  members: readonly Float64Array[],
): MemberComparison | undefined {
  const task = taskOfOutputs(target.task, ensemble.outputCount);
  if (task.kind === "regression" && targets.length !== predictions.length) return undefined;
  const bootstrap = { replicaCount: evaluation.bootstrap, seed };
  return compareMembers(
    task,
    ensemble.members,
    { ensemble: predictions, members },
    { targets, weights },
    bootstrap,
  );
}

/** The task that a number of outputs belongs to. */
export function taskOfOutputs(kind: Analysis["target"]["task"], count: number): Task {
  if (kind === "binary") return { kind };
  return kind === "multiclass" ? { kind, classCount: count } : { kind, targetCount: count };
}

/** The table of a finished run, if it has one. */
export function readMemberTable(paths: RunPaths): MemberComparison | undefined {
  return existsSync(paths.members) ? (readJson(paths.members) as MemberComparison) : undefined;
}

/** Columns and rows as they are shown: members in order, the ensemble last. */
export function memberTableCells(table: MemberComparison): {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const { metricNames, members, ensemble } = table;
  const value = ({ value, uncertainty }: { value: number | null; uncertainty: number | null }): string =>
    formatMeasured(value, uncertainty);
  const cells = (metric: ComparedMetric): string[] => [
    value(metric),
    metric.gain === undefined ? "" : value(metric.gain),
  ];
  return {
    headings: [
      "member",
      "weight",
      "loss",
      ...metricNames.flatMap((name) => [comparedMetricTitles[name] ?? name, "ensemble − member"]),
    ],
    rows: [...members, ensemble].map(({ name, weight, validationLoss, metrics }) => [
      name,
      formatNumber(weight, 3),
      validationLoss === null ? "" : formatNumber(validationLoss, 4),
      ...metricNames.flatMap((metric) => cells(metrics[metric]!)),
    ]),
  };
}

/** A sentence on how alike the members are. */
export function correlationText({ correlation }: MemberComparison): string | undefined {
  if (correlation === null) return undefined;
  const [mean, largest] = [correlation.mean, correlation.largest].map((each) => formatNumber(each, 5));
  return `Correlation of two members' predictions: ${mean} on average, ${largest} at most.`;
}

/** The table for a terminal. */
export function memberTableText(table: MemberComparison): string {
  const { headings, rows } = memberTableCells(table);
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
  const correlation = correlationText(table);
  const head = `members against the ensemble, validation: ${formatNumber(table.eventCount)} events`;
  return forTerminal(
    `${head}\n${text.map((line) => `  ${line}`).join("\n")}\n${correlation === undefined ? "" : `  ${correlation}\n`}`,
  );
}
