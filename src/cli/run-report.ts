/** The report of a run, from the files of its folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BinaryClassificationMetrics } from "../metrics/index.ts";
import {
  formatNumber,
  type HeadlineNumber,
  type LossHistory,
  type RunReport,
  type SettingsGroup,
  type TimingRow,
  type YieldRow,
} from "../plot/index.ts";
import { type History, parseHistory } from "../train/index.ts";
import { type Analysis, isTrees, type ModelConfiguration, type TreesConfiguration } from "./analysis.ts";
import { binaryLabels, classTotals } from "./binary-view.ts";
import { compareRuns, comparisonCells } from "./compare-runs.ts";
import { type Metrics, type ScoredSet, type SetMetrics, setTitle, signalMetrics } from "./evaluation.ts";
import { correlationText, memberTableCells, readMemberTable } from "./member-table.ts";
import { bodyText } from "./network-of-analysis.ts";
import { readPredictions } from "./predictions-file.ts";
import { figuresOfTask } from "./run-figures.ts";
import { type RunPaths, readJson, readMetrics } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";
import { runSections } from "./run-sections.ts";

/** The content of timings.json: the only file of a run with clock times. */
export interface RunTimings {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly workers: number;
  readonly phases: readonly TimingRow[];
  readonly members: readonly {
    readonly member: number;
    /** Of the last process; null for one that an earlier process had finished. */
    readonly seconds: number | null;
    /** Step at which the last process took it up; absent: 0. */
    readonly firstStep?: number;
  }[];
}

/**
 * Everything that the report shows, read from the folder.
 *
 * @param options `against`: other runs to compare with; `full`: what takes longer too; `cacheBytes`: how many bytes of
 * folds may stay in memory.
 */
export async function runReport(
  paths: RunPaths,
  record: RunRecord,
  {
    against = [],
    full = false,
    cacheBytes,
  }: {
    readonly against?: readonly string[] | undefined;
    readonly full?: boolean;
    readonly cacheBytes?: number | undefined;
  } = {},
): Promise<{ readonly report: RunReport; readonly timings: readonly TimingRow[] }> {
  const { analysis } = record;
  const metrics = readMetrics(paths);
  const sets: Record<string, ScoredSet> = {};
  for (const name of Object.keys(metrics.sets)) {
    sets[name] = await readPredictions(paths.predictions, name, setIsRenormalised(analysis, name));
  }
  const histories = record.training.members.map(({ member }) => ({
    member,
    history: parseHistory(
      readFileSync(join(paths.folder, "members", String(member), "history.jsonl"), "utf8"),
    ),
  }));
  const cut = metrics.cut?.value ?? null;
  const {
    notes,
    tables = [],
    ...sections
  } = await runSections(paths, record, sets, {
    full,
    cut,
    cacheBytes,
  });
  const report: RunReport = {
    ...sections,
    title: "LUMIN run",
    summary: summaryOf(record),
    provenance: {
      seed: record.seed,
      versions: record.versions,
      files: record.data.files.map(({ name, sha256 }) => ({
        name,
        eventCount: record.data.eventCount,
        fingerprint: `sha256 ${sha256}`,
      })),
    },
    headline: Object.entries(metrics.sets).flatMap(([name, set]) => headlineOf(name, set, metrics)),
    notes: [...notesOf(record, metrics), ...notes],
    histories: histories.map(({ member, history }) => lossHistory(member, history)),
    cut,
    yields: Object.entries(metrics.sets).flatMap(([name, set]) => yieldRows(name, set, analysis)),
    tables: [...tables, ...memberTables(paths), ...(await comparisonTables(paths, against))],
    settings: settingsOf(record),
    ...confusionOf(metrics),
    ...figuresOfTask(analysis, sets),
  };
  const timings = readJson(paths.timings) as RunTimings;
  return { report, timings: timingRows(timings) };
}

/** The members against the ensemble, where there are several. */
function memberTables(paths: RunPaths): Tables {
  const table = readMemberTable(paths);
  if (table === undefined || table.members.length < 2) return [];
  const { headings, rows } = memberTableCells(table);
  const note = correlationText(table);
  const heading = `Members against the ensemble (validation, ${formatNumber(table.eventCount)} events)`;
  return [{ heading, columns: headings, rows, ...(note === undefined ? {} : { note }) }];
}

/** This run against others, on each set of events. */
async function comparisonTables({ folder }: RunPaths, against: readonly string[]): Promise<Tables> {
  if (against.length === 0) return [];
  const comparisons = await compareRuns([folder, ...against]);
  return comparisons.map((comparison) => {
    const { headings, rows } = comparisonCells(comparison);
    const events = formatNumber(comparison.comparison.eventCount);
    return {
      heading: `Runs against each other (${comparison.set}, ${events} events)`,
      columns: headings,
      rows,
      note: "Differences are paired on the same events (bootstrap); the p-value is two-sided.",
    };
  });
}

type Tables = NonNullable<RunReport["tables"]>;

/** Whether the class sums of a set are scaled to those of the analysis. */
export function setIsRenormalised(analysis: Analysis, name: string): boolean {
  return analysis.evaluation.sets[name]?.renormalise ?? true;
}

function modelText(model: Analysis["model"], count: number): string {
  if (!isTrees(model)) return networkText(model.body, count);
  const times = count === 1 ? "" : `${count} × `;
  if (model.type === "forest") return `${times}a forest of ${model.trees} trees`;
  return `${times}up to ${model.rounds} rounds of boosted trees`;
}

function networkText(body: ModelConfiguration["body"], count: number): string {
  const noun = `network${count === 1 ? "" : "s"}`;
  if (body.kind !== "fullyConnected") return `${noun} (${bodyText(body)})`;
  const { depth, width, connect, activation } = body;
  return `${connect} ${noun} of ${depth} × ${width} ${activation} neurons`;
}

function summaryOf({ analysis, data, training, network }: RunRecord): string {
  const members = training.members.length;
  return (
    `${isTrees(analysis.model) ? "" : `${members} `}${modelText(analysis.model, members)} ` +
    `(${formatNumber(network.parameterCount)} ${isTrees(analysis.model) ? "leaves" : "parameters"} each), trained on ${formatNumber(data.trainingCount)} events in ` +
    `${data.foldSizes.length} folds; ${formatNumber(data.validationCount)} validation events were kept from all of them.`
  );
}

function headlineOf(name: string, set: SetMetrics, { cut }: Metrics): HeadlineNumber[] {
  const events = `${setTitle(name)}, ${formatNumber(set.eventCount)} events`;
  const chosenHere = cut?.chosenOn === name ? ", chosen on these events" : "";
  const significance = (found: BinaryClassificationMetrics): HeadlineNumber[] =>
    found.significance.map((each) => ({
      label: "AMS at the cut",
      ...each.amsAtCut,
      events,
      detail: `b_reg = ${each.regularisation}, cut ${formatNumber(cut?.value)}${chosenHere}`,
    }));
  switch (set.task) {
    case "binary":
      return [{ label: "AUC, weighted", ...set.auc, events }, ...significance(set)];
    case "multiclass":
      return [
        { label: "Accuracy, weighted", ...set.accuracy, events },
        { label: "Log loss, weighted", ...set.logLoss, events },
        ...(set.signal === undefined ? [] : significance(set.signal)),
      ];
    case "regression":
      return Object.entries(set.targets).flatMap(([target, { rootMeanSquare, bias, spread }]) => [
        {
          label: `Root mean square, ${target}`,
          ...rootMeanSquare,
          events,
          detail: `the truth's standard deviation is ${formatNumber(spread, 4)}`,
        },
        { label: `Bias, ${target}`, ...bias, events },
      ]);
  }
}

function notesOf({ analysis, data, augmentation }: RunRecord, metrics: Metrics): string[] {
  const notes = [
    "Validation events were seen by no network, neither for training nor for choosing an epoch. Training events are scored out of fold: only by the member that did not train on them, which chose its epoch with them.",
  ];
  if (metrics.cut !== null) {
    notes.push(
      `The cut was chosen on the ${setTitle(metrics.cut.chosenOn)} events, so the AMS there is slightly optimistic; the other sets only use it.`,
    );
  }
  const totals = classTotals(analysis);
  if (totals !== undefined) {
    notes.push(
      `For AMS and yields the weights are scaled to class sums of ${formatNumber(totals.signal, 7)} (signal) and ${formatNumber(totals.background, 10)} (background).`,
    );
  }
  if (augmentation.viewCount > 1) {
    const how = augmentation.transforms === undefined ? "rotated and mirrored" : augmentedText(augmentation);
    notes.push(`Predictions are means over ${augmentation.viewCount} views of each event, ${how}.`);
  }
  const scored = metrics.sets.outOfFold?.eventCount ?? 0;
  if (scored > 0 && analysis.training.members < data.foldSizes.length) {
    notes.push(
      `There are fewer members (${analysis.training.members}) than folds (${data.foldSizes.length}): out of fold only the events of the first ${analysis.training.members} folds could be scored.`,
    );
  }
  return notes;
}

function lossHistory(member: number, history: History): LossHistory {
  return {
    member,
    epochs: history.map((row) => row.epoch),
    trainingLoss: history.map((row) => row.trainingLoss),
    validationLoss: history.map((row) => row.validationLoss),
  };
}

function yieldRows(name: string, set: SetMetrics, analysis: Analysis): YieldRow[] {
  const found = signalMetrics(set);
  if (found === undefined) return [];
  const [background, signal] = binaryLabels(analysis);
  const row = (label: string, { passing, total }: (typeof found)["yields"]["signal"]): YieldRow => ({
    events: setTitle(name),
    class: label,
    yield: passing.sum,
    uncertainty: passing.uncertainty,
    count: passing.count,
    efficiency: total.sum > 0 ? passing.sum / total.sum : null,
  });
  return [row(signal, found.yields.signal), row(background, found.yields.background)];
}

/** Which class wins for events of each class, on the first set with several classes. */
function confusionOf({ sets }: Metrics): Pick<RunReport, "confusion"> {
  for (const [name, set] of Object.entries(sets)) {
    if (set.task !== "multiclass") continue;
    const shares = Object.values(set.confusion).map((row) =>
      Object.values(row).map((share) => share ?? Number.NaN),
    );
    return { confusion: { events: setTitle(name), classes: Object.keys(set.confusion), shares } };
  }
  return {};
}

function settingsOf({
  analysis,
  features,
  network,
  augmentation,
  training,
  data,
}: RunRecord): SettingsGroup[] {
  const { model } = analysis;
  return [
    {
      heading: "Events",
      rows: [
        ["read", data.eventCount],
        ["selection", analysis.input.select ?? "all"],
        ["training", data.trainingCount],
        ["validation", data.validationCount],
        ...Object.entries(data.setCounts).map(([name, count]) => [name, count] as const),
        ["folds", data.foldSizes.length],
        ["weights", analysis.weights.column ?? "none"],
        ["training weights", analysis.weights.normalise],
      ],
    },
    {
      heading: isTrees(model) ? "Trees" : "Network",
      rows: [
        ["continuous features", features.continuous.length],
        [
          "categorical features",
          features.categorical.map((name, i) => `${name} (${features.categorySizes[i]})`).join(", ") ||
            "none",
        ],
        ...(isTrees(model) ? treesRows(model) : networkRows(model, network.parameterCount)),
      ],
    },
    {
      heading: "Training",
      rows: [
        ["members", training.members.length],
        ...(isTrees(model)
          ? ([["rounds, all members", training.stepCount]] as const)
          : networkTrainingRows(analysis, model, training.stepCount)),
        ["augmentation", augmentation.isOn ? augmentationText(augmentation) : "off"],
        ["ensemble", ensembleText(analysis.training.ensemble)],
      ],
    },
  ];
}

function augmentationText({ viewCount, transforms = [] }: RunRecord["augmentation"]): string {
  const views = viewCount === 1 ? "in training only" : `${viewCount} views in prediction`;
  return `${transforms.length === 0 ? "on" : transforms.join(", ")}, ${views}`;
}

/** Which transforms made the views. */
function augmentedText({ transforms = [] }: RunRecord["augmentation"]): string {
  return `by ${transforms.join(", ")}`;
}

function treesRows({ type, ...options }: TreesConfiguration): SettingsGroup["rows"] {
  return [
    ["model", type],
    ...Object.entries(options).map(
      ([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value] as const,
    ),
  ] as SettingsGroup["rows"];
}

function networkRows(model: ModelConfiguration, parameterCount: number): SettingsGroup["rows"] {
  return [
    ["body", bodyText(model.body)],
    ...(model.body.kind === "fullyConnected"
      ? ([
          ["dropout", model.body.dropout],
          ["batch norm", model.body.batchNorm],
        ] as const)
      : []),
    ["loss", typeof model.loss === "string" ? model.loss : model.loss.name],
    ["parameters", parameterCount],
  ];
}

function networkTrainingRows(
  { training }: Analysis,
  model: ModelConfiguration,
  stepCount: number,
): SettingsGroup["rows"] {
  const callbacks = training.callbacks.map((each) => ("callback" in each ? each.callback : each.name));
  return [
    ["epochs", training.epochs],
    ["batch size", training.batchSize],
    ["steps, all members", stepCount],
    ["optimiser", model.optimiser.name],
    ["callbacks", callbacks.join(", ") || "none"],
  ];
}

/** What the members are and how they are weighted. */
function ensembleText({ kind, weighting, ...more }: Analysis["training"]["ensemble"]): string {
  const power = "power" in more ? more.power : undefined;
  const rule = weighting === "rank" ? `rank^${power ?? (kind === "snapshots" ? -1 : 0)}` : weighting;
  const size = more.size === undefined ? "" : `, size ${more.size}`;
  return `${kind}, weights ${rule}${size}`;
}

function timingRows(timings: RunTimings): TimingRow[] {
  return timings.phases.map((row) =>
    row.label === "training" ? { ...row, detail: `${timings.workers} worker processes` } : row,
  );
}
