/** `lumin features`: selects the features of an analysis and writes why. */
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { applyPipeline, type Pipeline, writeText } from "../data/index.ts";
import { ConfigurationError, InterruptedError } from "../errors/index.ts";
import {
  compareFeatures,
  type FeatureComparison,
  type FeatureEvents,
  type FeatureSelection,
  type SelectionStep,
  selectFeatures,
} from "../features/index.ts";
import { featuresReportHtml, formatMeasured, formatNumber } from "../plot/index.ts";
import { columnsOfMatrix } from "../trees/index.ts";
import type { Analysis } from "./analysis.ts";
import { type AnalysisFile, readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { settingsOf } from "./command-train.ts";
import { count } from "./count.ts";
import { analysisWithFeatures } from "./features-analysis.ts";
import { featuresReport, scoreName } from "./features-page.ts";
import type { LabelledEvents } from "./labelled-events.ts";
import { forTerminal } from "./metrics-text.ts";
import { readAndSplit } from "./prepare-events.ts";
import { prepareTraining } from "./prepare-training.ts";
import { writeJson } from "./run-folder.ts";
import { weightsForTraining } from "./training-weight-scale.ts";

export interface FeaturesOptions {
  readonly out: string;
  readonly max: number;
  readonly loss: number;
  readonly bootstraps: number;
  readonly seed?: number;
  readonly set: readonly string[];
}

/** What the command found. */
export interface FeaturesResult {
  readonly analysis: Analysis;
  readonly selection: FeatureSelection;
  /** On the validation events of the analysis. */
  readonly comparison: FeatureComparison;
  /** For the copy of the analysis: the selected ones, and those that must stay with them. */
  readonly continuous: readonly string[];
  readonly categorical: readonly string[];
  readonly notes: readonly string[];
  readonly counts: { readonly training: number; readonly validation: number };
}

const stepTexts: Readonly<Record<SelectionStep, string>> = {
  forest: "optimising the forest",
  ranking: "ranking features",
  bootstraps: "ranking on bootstraps",
  choice: "choosing",
  correlation: "filtering by rank correlation",
  dependence: "filtering by mutual dependence",
};

export async function featuresCommand(
  path: string,
  options: FeaturesOptions,
  { reporter, signal }: CommandContext,
): Promise<void> {
  const settings = settingsOf(options);
  const file = readAnalysisFile(path, settings);
  const out = resolve(options.out);
  if (existsSync(out)) {
    throw new ConfigurationError(
      `--out "${options.out}": this already exists. Choose another name, or delete it.`,
    );
  }
  const { analysis } = file;
  if (analysis.target.columns.length > 1) {
    throw new ConfigurationError(
      `features: forests learn one target, but target.columns has ${analysis.target.columns.length}. Select for one of them: --set target.columns=[NAME].`,
    );
  }
  const reading = reporter.phase("reading events");
  const split = await readAndSplit(analysis, file.inputFiles);
  const { pipeline } = await prepareTraining(analysis, split.training, file.directory);
  const scaled = weightsForTraining(analysis, split.training);
  const training = await featureEvents(split.training, pipeline, scaled, file);
  const validation = await featureEvents(split.validation, pipeline, split.validation.weights, file);
  reading(
    `read ${count(training.targets.length + validation.targets.length)} events, ${training.names.length} features`,
  );

  let step: SelectionStep | undefined;
  let done: ((result?: string) => void) | undefined;
  const selection = selectFeatures(training, {
    task: analysis.target.task,
    maximum: options.max,
    maximumLoss: options.loss,
    bootstraps: options.bootstraps,
    seed: analysis.seed,
    onProgress: (next, share) => {
      if (signal.aborted) throw new InterruptedError("interrupted.");
      if (next !== step) {
        done?.();
        done = reporter.phase(stepTexts[next]);
        step = next;
      }
      reporter.share(share);
    },
  });
  done?.();
  const completed = completeVectors(analysis, training.names, selection, options.max);
  const checking = reporter.phase("checking on the validation events");
  const comparison = compareFeatures(
    { task: analysis.target.task, training, held: validation },
    completed.names,
    {
      forest: selection.forest,
      seed: analysis.seed,
    },
  );
  checking();

  const isCategorical = new Set(training.categorical);
  const result: FeaturesResult = {
    analysis,
    selection,
    comparison,
    continuous: completed.names.filter((name) => !isCategorical.has(name)),
    categorical: completed.names.filter((name) => isCategorical.has(name)),
    notes: [...completed.notes, ...mentioned(analysis, training.names, completed.names)],
    counts: { training: training.targets.length, validation: validation.targets.length },
  };
  mkdirSync(out, { recursive: true });
  await writeJson(join(out, "features.json"), featuresRecord(result));
  await writeText(join(out, "features.yaml"), [
    analysisWithFeatures(file.path, settings, out, {
      ...result,
      augmentationOff: completed.augmentationOff,
      comment: `${completed.names.length} of ${training.names.length} features, selected by lumin features (seed ${analysis.seed}).`,
    }),
  ]);
  await writeText(join(out, "report.html"), [await featuresReportHtml(featuresReport(result))]);
  process.stdout.write(resultText(result, options.out));
}

/** Events as forests take them: missing values stay missing. */
async function featureEvents(
  { table, targets }: LabelledEvents,
  pipeline: Pipeline,
  weights: Float64Array | undefined,
  { directory }: AnalysisFile,
): Promise<FeatureEvents> {
  const prepared = await applyPipeline(pipeline, table, { directory });
  const names = [...prepared.continuousFeatures, ...prepared.categoricalFeatures];
  return {
    names,
    columns: columnsOfMatrix(prepared.features, prepared.featureCount),
    categorical: prepared.categoricalFeatures,
    targets,
    weights,
  };
}

/**
 * Augmentation turns whole vectors: their components come back, and without any vector it goes. Where that makes too many
 * features, the least important vectors go.
 */
function completeVectors(
  { augmentation }: Analysis,
  all: readonly string[],
  { selected, ranking }: FeatureSelection,
  maximum: number,
): {
  readonly names: readonly string[];
  readonly notes: readonly string[];
  readonly augmentationOff: boolean;
} {
  const turnsVectors =
    augmentation !== "off" &&
    (!("length" in augmentation) ||
      augmentation.some(({ kind }) => kind === "rotation" || kind === "reflection"));
  if (!turnsVectors) return { names: selected, notes: [], augmentationOff: false };
  const vectorOf = (name: string): string | undefined => /^(.+)_p[xyz]$/.exec(name)?.[1];
  // In the order of the ranking: the most important component decides on its vector.
  const ranked = ranking.features.map(({ name }) => name).filter((name) => selected.includes(name));
  const vectors = [...new Set(ranked.map(vectorOf).filter((vector) => vector !== undefined))];
  const withVectors = (): string[] =>
    all.filter((name) => {
      const vector = vectorOf(name);
      return vector === undefined ? selected.includes(name) : vectors.includes(vector);
    });
  const left: string[] = [];
  while (withVectors().length > maximum && vectors.length > 0) left.push(vectors.pop()!);
  const names = withVectors();
  const added = names.filter((name) => !selected.includes(name));
  const notes: string[] = [];
  if (added.length > 0)
    notes.push(`Augmentation turns whole vectors, so these stay too: ${added.join(", ")}.`);
  if (left.length > 0) {
    notes.push(
      `Whole vectors would be more than ${maximum} features; these vectors are left out: ${left.join(", ")}.`,
    );
  }
  if (vectors.length === 0) {
    notes.push("No vector is left that could be rotated: augmentation is off in features.yaml.");
  }
  return { names, notes, augmentationOff: vectors.length === 0 };
}

/** Says where the model of the analysis names a feature that is gone. */
function mentioned({ model }: Analysis, all: readonly string[], left: readonly string[]): readonly string[] {
  const text = JSON.stringify(model);
  const gone = all.filter((name) => !left.includes(name) && text.includes(JSON.stringify(name)));
  return gone.length === 0
    ? []
    : [`The model names features that are gone; change it in features.yaml: ${gone.join(", ")}.`];
}

/** The content of features.json. */
function featuresRecord({
  analysis,
  selection,
  comparison,
  continuous,
  categorical,
  notes,
  counts,
}: FeaturesResult) {
  const { correlation, dependence } = selection;
  const size = correlation.names.length;
  return {
    format: "lumin-features",
    formatVersion: 1,
    seed: analysis.seed,
    counts,
    continuous,
    categorical,
    score: scoreName(analysis),
    validation: comparison,
    notes,
    ...selection,
    correlation: {
      ...correlation,
      matrix: correlation.names.map((_, i) =>
        Array.from(correlation.matrix.subarray(i * size, (i + 1) * size)),
      ),
    },
    dependence,
  };
}

function resultText(
  { analysis, selection, comparison, continuous, categorical, notes }: FeaturesResult,
  out: string,
): string {
  const names = [...continuous, ...categorical];
  const all = selection.correlation.names.length;
  const ranked = selection.ranking.features.filter(({ name }) => names.includes(name));
  const width = Math.max(...ranked.map(({ name }) => name.length));
  const rows = ranked.map(
    ({ name, importance, standardError }) =>
      `  ${name.padEnd(width)}  ${formatMeasured(importance, standardError)}`,
  );
  return forTerminal(
    `\n${names.length} of ${all} features, with what the ${scoreName(analysis)} loses when they are shuffled:\n${rows.join("\n")}\n
${scoreName(analysis)} of forests on the validation events: ${formatNumber(comparison.all)} with all, ${formatNumber(comparison.selected)} with the selected
cost: ${formatMeasured(comparison.cost, comparison.uncertainty)}
${notes.map((note) => `note: ${note}\n`).join("")}
report: ${join(out, "report.html")}
train:  lumin train ${join(out, "features.yaml")} --out RUN
`,
  );
}
