/** The statistical model of a run: its discriminant binned by process, as a pyhf workspace and a Combine datacard. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { columnOf, numbersOf, type Table, tableOf, writeTable, writeText } from "../data/index.ts";
import { ConfigurationError, counted, DataError, unknownName } from "../errors/index.ts";
import { binsBySignificance, binsByUncertainty, renormalise } from "../metrics/index.ts";
import {
  combineDatacard,
  expectedSignificance,
  HistFactoryModel,
  histFactoryWorkspace,
  type ProcessEvents,
  type ShapeUncertainty,
  type StatisticalModel,
  templatesOf,
} from "../statistics/index.ts";
import { binaryLabels, binaryView, classTotals, hasSignal } from "./binary-view.ts";
import type { CommandContext } from "./command-context.ts";
import type { ExportOptions } from "./command-export.ts";
import { count } from "./count.ts";
import { type LabelledEvents, labelled, selectEvents } from "./labelled-events.ts";
import { type LoadedRun, loadRun } from "./load-run.ts";
import { readEvents } from "./prepare-events.ts";
import { openFolds } from "./prepare-training.ts";
import { readUnlabelled } from "./read-inputs.ts";
import { writeJson } from "./run-folder.ts";
import { scoreEvents, scoreFairly } from "./score-events.ts";
import { readTemplateSettings, type TemplateSettings, type VariationSide } from "./template-settings.ts";

/** Writes what `--pyhf` and `--combine` ask for. */
export async function exportTemplates(
  run: string,
  options: ExportOptions,
  context: CommandContext,
): Promise<void> {
  checkOutputs(options);
  const settings = readTemplateSettings(options.templates);
  const loaded = await loadRun(run, { augment: options.augment });
  const { analysis } = loaded.record;
  if (!hasSignal(analysis)) {
    throw new ConfigurationError(
      "export: templates need a signal; a regression has none, and several classes need evaluation.signal.",
    );
  }
  const beside = options.templates === undefined ? process.cwd() : dirname(resolve(options.templates));
  const from = (files: readonly string[], folder: string): string[] =>
    files.map((file) => (isAbsolute(file) ? file : resolve(folder, file)));
  // Variations are selected as the nominal events are.
  const select = options.input === undefined ? analysis.input.select : undefined;
  const score = (files: readonly string[]): Promise<Discriminant> =>
    scoredEvents(loaded, files, { select, columns: columnsOf(settings) }, context);
  const nominal = await score(options.input ?? from(analysis.input.files, loaded.scorer.directory));
  const totals = classTotals(analysis);
  const own = nominal.multiplicities.map((times, i) => times * (nominal.weights?.[i] ?? 1));
  const scaled = totals === undefined ? own : renormalise(nominal.targets, own, totals);
  // Variations keep the factors of the nominal events: what they change of the yield is part of them.
  const factors = [0, 1].map((target) => {
    const event = nominal.targets.findIndex((value, i) => value === target && own[i] !== 0);
    return event < 0 ? 1 : scaled[event]! / own[event]!;
  });
  const eventsOf = (scored: Discriminant, column?: string): ProcessEvents => {
    const weights =
      column === undefined ? scored.weights : numbersOf(scored.table, known(scored.table, column));
    return {
      discriminant: scored.predictions,
      processes: processesOf(settings, binaryLabels(analysis), scored),
      weights: Float64Array.from(
        scored.targets,
        (target, i) => (weights?.[i] ?? 1) * scored.multiplicities[i]! * factors[target]!,
      ),
    };
  };
  const events = eventsOf(nominal);
  const edges = edgesOf(settings, nominal, events);
  const templates = templatesOf(events, edges);
  const processes = templates.map((template) => template.process);
  const varied = async (which: readonly string[], side: VariationSide): Promise<ShapeUncertainty["up"]> => {
    const moved =
      "weight" in side ? eventsOf(nominal, side.weight) : eventsOf(await score(from(side.files, beside)));
    const found = templatesOf(moved, edges).filter((template) => which.includes(template.process));
    return Object.fromEntries(found.map(({ process: name, sums }) => [name, sums]));
  };
  const shapes: ShapeUncertainty[] = [];
  for (const [name, { up, down, processes: which = processes }] of Object.entries(settings.shapes)) {
    shapes.push({ name, up: await varied(which, up), ...(down ? { down: await varied(which, down) } : {}) });
  }
  let observed: Float64Array | undefined;
  if (settings.data !== "asimov") {
    const predictions = await scoredData(loaded, from(settings.data.files, beside), context);
    const all = { discriminant: predictions, processes: Array.from(predictions, () => "data") };
    observed = templatesOf(all, edges)[0]!.counts;
  }
  await loaded.scorer.ensemble.release();
  const model: StatisticalModel = {
    channel: settings.channel,
    templates,
    signal: settings.signal ?? (settings.process === undefined ? [binaryLabels(analysis)[1]] : []),
    parameterOfInterest: settings.parameterOfInterest,
    statistical: settings.statistical,
    normalisations: Object.entries(settings.normalisations).map(
      ([name, { processes: which, low, high }]) => ({
        name,
        low,
        high,
        ...(which ? { processes: which } : {}),
      }),
    ),
    shapes,
    ...(settings.luminosity === undefined ? {} : { luminosity: settings.luminosity }),
    ...(observed ? { observed } : {}),
  };
  await write(model, edges, options);
}

/** Scored events as signal against background. */
interface Discriminant {
  readonly predictions: Float64Array;
  readonly targets: Float32Array;
  readonly weights: Float64Array | undefined;
  readonly table: Table;
  /** How many events each stands for. */
  readonly multiplicities: Float64Array;
}

/** Scores raw events; training events only by the members that did not train on them. */
async function scoredEvents(
  { paths, record, scorer }: LoadedRun,
  files: readonly string[],
  { select, columns }: { readonly select: string | undefined; readonly columns: readonly string[] },
  { reporter, signal }: CommandContext,
): Promise<Discriminant> {
  const { analysis } = record;
  const reading = reporter.phase("reading events");
  const all = labelled(analysis, await readEvents(analysis, files, select, columns));
  reading(`read ${count(all.table.rowCount)} events`);
  const predicting = reporter.phase("predicting");
  const folds = await openFolds(analysis, paths.folds, scorer.directory);
  const onProgress = (share: number): void => reporter.share(share);
  const fair = await scoreFairly(scorer, folds, all.table, { signal, onProgress });
  folds.close();
  const { outputCount } = scorer.ensemble;
  const rows: number[] = [];
  for (let i = 0; i < all.table.rowCount; i++)
    if (!Number.isNaN(fair.predictions[i * outputCount]!)) rows.push(i);
  predicting(
    `predicted ${count(all.table.rowCount)} events, ${count(fair.trainingCount)} of them out of fold${rows.length < all.table.rowCount ? `, ${count(all.table.rowCount - rows.length)} left out because every member trained on them` : ""}`,
  );
  const events = selectEvents(all, Int32Array.from(rows));
  const view = binaryView(analysis, {
    predictions: fair.predictions.filter((_, i) => !Number.isNaN(fair.predictions[i - (i % outputCount)]!)),
    outputCount,
    targets: events.targets,
    targetCount: events.targetCount,
    weights: events.weights,
    renormalise: false,
  })!;
  return {
    predictions: view.predictions,
    targets: view.targets,
    weights: events.weights,
    table: events.table,
    multiplicities: multiplicities(events, all),
  };
}

/** How many events each one stands for, so that every class keeps its sum when events could not be scored. */
function multiplicities(kept: LabelledEvents, all: LabelledEvents): Float64Array {
  const sumsOf = ({ targets, weights }: LabelledEvents): Map<number, number> => {
    const sums = new Map<number, number>();
    targets.forEach((target, i) => {
      sums.set(target, (sums.get(target) ?? 0) + (weights ? weights[i]! : 1));
    });
    return sums;
  };
  const [part, whole] = [sumsOf(kept), sumsOf(all)];
  return Float64Array.from(kept.targets, (target) => whole.get(target)! / part.get(target)!);
}

/** Scores data: events without classes and weights, which no network was trained on. */
async function scoredData(
  { record: { analysis }, scorer }: LoadedRun,
  files: readonly string[],
  { reporter, signal }: CommandContext,
): Promise<Float64Array> {
  const predicting = reporter.phase("predicting the data");
  const predictions = await scoreEvents(scorer, await readUnlabelled(analysis, files), { signal });
  const { outputCount } = scorer.ensemble;
  const targets = new Float32Array(predictions.length / outputCount);
  predicting(`predicted ${count(targets.length)} events of data`);
  const set = { predictions, outputCount, targets, targetCount: 1, weights: undefined, renormalise: false };
  return binaryView(analysis, set)!.predictions;
}

/** The columns that the settings name. */
function columnsOf({ process, shapes }: TemplateSettings): string[] {
  const sides = Object.values(shapes).flatMap(({ up, down }) => [up, ...(down ? [down] : [])]);
  return [
    ...(process === undefined ? [] : [process]),
    ...sides.flatMap((side) => ("weight" in side ? [side.weight] : [])),
  ];
}

function known(table: Table, name: string): string {
  const columns = Object.keys(table.columns);
  if (!columns.includes(name)) throw unknownName("templates: column", name, columns);
  return name;
}

function processesOf(
  settings: TemplateSettings,
  labels: readonly [string, string],
  { table, targets }: Discriminant,
): string[] {
  if (settings.process === undefined) return Array.from(targets, (target) => labels[target]!);
  if (settings.signal === undefined) {
    throw new ConfigurationError(
      `templates: "process: ${settings.process}" needs "signal", the list of its values that are signal.`,
    );
  }
  return Array.from(columnOf(table, known(table, settings.process)), String);
}

function edgesOf({ bins }: TemplateSettings, nominal: Discriminant, events: ProcessEvents): Float64Array {
  if (!("uncertainty" in bins) && !("significance" in bins)) return Float64Array.from(bins);
  if ("uncertainty" in bins) {
    return binsByUncertainty(nominal.predictions, events.processes, events.weights, {
      maximumUncertainty: bins.uncertainty,
      rule: "weights",
    });
  }
  const edges = binsBySignificance(nominal.predictions, nominal.targets, events.weights, {
    maximumBins: bins.significance,
  });
  // Variations may lie outside the nominal predictions.
  edges[0] = Math.min(0, edges[0]!);
  edges[edges.length - 1] = Math.max(1, edges.at(-1)!);
  return edges;
}

async function write(model: StatisticalModel, edges: Float64Array, options: ExportOptions): Promise<void> {
  const workspace = histFactoryWorkspace(model);
  const bins = edges.length - 1;
  if (options.pyhf !== undefined) {
    await writeJson(options.pyhf, workspace);
    process.stdout.write(
      `${options.pyhf}: ${counted(model.templates.length, "process")} in ${counted(bins, "bin")}${significanceText(workspace)}\n`,
    );
  }
  if (options.combine !== undefined) {
    const folder = options.combine;
    const { text, shapes } = combineDatacard(model, edges);
    mkdirSync(folder, { recursive: true });
    await writeJson(join(folder, "shapes.json"), shapes);
    const rows = shapes.flatMap(({ name, contents, uncertainties }) =>
      contents.map((content, bin) => ({ name, bin, content, uncertainty: uncertainties[bin]! })),
    );
    await writeTable(
      join(folder, "shapes.csv"),
      tableOf({
        histogram: rows.map(({ name }) => name),
        low: Float64Array.from(rows, ({ bin }) => edges[bin]!),
        high: Float64Array.from(rows, ({ bin }) => edges[bin + 1]!),
        content: Float64Array.from(rows, ({ content }) => content),
        uncertainty: Float64Array.from(rows, ({ uncertainty }) => uncertainty),
      }),
    );
    await writeText(join(folder, "make_shapes.py"), [shapesProgram]);
    await writeText(join(folder, "datacard.txt"), [text]);
    process.stdout.write(
      `${join(folder, "datacard.txt")}: ${counted(shapes.length, "histogram")}; python3 make_shapes.py makes shapes.root of shapes.json\n`,
    );
  }
}

/** What is expected of a signal of strength 1; nothing where a bin has no background. */
function significanceText(workspace: ReturnType<typeof histFactoryWorkspace>): string {
  try {
    const { significance } = expectedSignificance(new HistFactoryModel(workspace));
    return `, expected significance ${significance.toFixed(3)} with all uncertainties`;
  } catch (error) {
    if (error instanceof DataError) return `; no expected significance: ${error.message}`;
    throw error;
  }
}

function checkOutputs({ pyhf, combine }: ExportOptions): void {
  if (pyhf !== undefined && !pyhf.toLowerCase().endsWith(".json")) {
    throw new ConfigurationError(`--pyhf "${pyhf}": the name must end in .json.`);
  }
  for (const [option, path] of [
    ["--pyhf", pyhf],
    ["--combine", combine],
  ] as const) {
    if (path !== undefined && !existsSync(dirname(path))) {
      throw new ConfigurationError(`${option} "${path}": the folder "${dirname(path)}" does not exist.`);
    }
  }
  if (combine !== undefined && statSync(combine, { throwIfNoEntry: false })?.isFile()) {
    throw new ConfigurationError(`--combine "${combine}": this is a file, and a folder is needed.`);
  }
}

const shapesProgram = `# Makes shapes.root, which datacard.txt names, of shapes.json. Needs PyROOT, as Combine does.
import array, json, os, ROOT

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "shapes.json")) as file:
    shapes = json.load(file)
out = ROOT.TFile(os.path.join(here, "shapes.root"), "RECREATE")
for shape in shapes:
    channel, name = shape["name"].split("/")
    folder = out.GetDirectory(channel) or out.mkdir(channel)
    folder.cd()
    edges = array.array("d", shape["edges"])
    histogram = ROOT.TH1D(name, name, len(edges) - 1, edges)
    for bin, (content, uncertainty) in enumerate(zip(shape["contents"], shape["uncertainties"]), 1):
        histogram.SetBinContent(bin, content)
        histogram.SetBinError(bin, uncertainty)
    histogram.Write()
out.Close()
`;
