/** `lumin plot`: one picture of a file of events, of a run, or of saved numbers. */
import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { writeText } from "../data/index.ts";
import { ConfigurationError, FileFormatError, unknownName } from "../errors/index.ts";
import type { PlotSettings, PlotSpec } from "../plot/index.ts";
import { savePlot } from "../plot/index.ts";
import { plotWriter } from "../plot/save-plot.ts";
import { parseHistory } from "../train/index.ts";
import type { CommandContext } from "./command-context.ts";
import { type Picture, type PlotKind, plotKinds } from "./plot-kinds.ts";
import { numbersText } from "./plot-numbers.ts";
import { eventOptions, type PlotOptions, readPlotEvents } from "./plot-options.ts";
import { type LookOptions, settingsOfOptions } from "./plot-settings.ts";
import { readJson, readRun } from "./run-folder.ts";

/** All options, as commander gives them. */
export interface PlotCommandOptions extends PlotOptions {
  readonly out: string;
  readonly data?: string;
  readonly looks: LookOptions;
}

/** Draws the picture and writes it, with its numbers where they are wanted. */
export async function plotCommand(
  name: string,
  paths: readonly string[],
  { out, data, looks, ...options }: PlotCommandOptions,
  { reporter, signal }: CommandContext,
): Promise<void> {
  if (!Object.hasOwn(plotKinds, name)) throw unknownName("plot: kind", name, Object.keys(plotKinds));
  const kind = plotKinds[name]!;
  checkOptions(name, kind, options);
  plotWriter(out);
  if (data !== undefined && extname(data) !== ".json") {
    throw new ConfigurationError(`plot: the numbers are written as .json, not as "${data}".`);
  }
  // Wrong looks must not cost the time of the reading.
  settingsOfOptions(looks);
  const drawing = reporter.phase("drawing");
  const { picture, base } = await pictureOf(name, kind, paths, options);
  signal.throwIfAborted();
  const spec: PlotSpec = picture.draw(settingsOfOptions(looks, base));
  await savePlot(spec, out);
  if (data !== undefined) await writeText(data, [numbersText(name, picture.numbers)]);
  drawing();
  for (const path of [out, ...(data === undefined ? [] : [data])]) process.stdout.write(`written: ${path}\n`);
}

interface Found {
  readonly picture: Picture;
  /** Settings of the run's analysis. */
  readonly base?: PlotSettings;
}

async function pictureOf(
  name: string,
  kind: PlotKind,
  paths: readonly string[],
  options: PlotOptions,
): Promise<Found> {
  const [first] = paths;
  const absent = paths.find((path) => statSync(path, { throwIfNoEntry: false }) === undefined);
  if (absent !== undefined) throw new FileFormatError(`"${absent}": there is no such file or folder.`);
  if (isFolder(first!)) {
    if (kind.fromRun === undefined || paths.length > 1) throw wrongSource(name, kind, paths);
    const foreign = [...eventOptions, "signal" as const].find((option) => options[option] !== undefined);
    if (foreign !== undefined) {
      throw new ConfigurationError(
        `plot ${name}: --${dashed(foreign)} is for files of events; the run "${first}" knows its classes and weights.`,
      );
    }
    const run = readRun(first!);
    return { picture: await kind.fromRun(run, options), base: run.record.analysis.plots ?? {} };
  }
  if (kind.fromHistories !== undefined) {
    if (!paths.every((path) => path.endsWith(".jsonl"))) throw wrongSource(name, kind, paths);
    return { picture: kind.fromHistories(paths.map(historyOf), options) };
  }
  const content = kind.fromNumbers === undefined ? undefined : jsonOf(kind, paths);
  if (content !== undefined) return { picture: kind.fromNumbers!(first!, content, options) };
  if (kind.fromEvents === undefined) throw wrongSource(name, kind, paths);
  const columns = kind.columns?.(options);
  if (columns?.length === 0) {
    throw new ConfigurationError(`plot ${name}: --column names what is drawn; it is missing.`);
  }
  const events = await readPlotEvents(paths, columns, options);
  return { picture: await kind.fromEvents(events, options) };
}

/** The content of one JSON file that does not hold events: a list of rows does, for kinds that can draw them. */
function jsonOf(kind: PlotKind, paths: readonly string[]): unknown {
  const [path] = paths;
  if (paths.length > 1 || !/\.json$/i.test(path!)) return undefined;
  const isOfEvents = kind.fromEvents !== undefined;
  try {
    const content = readJson(path!);
    return isOfEvents && Array.isArray(content) ? undefined : content;
  } catch (error) {
    // A file of one event a line is no JSON as a whole.
    if (isOfEvents && error instanceof FileFormatError && isFile(path!)) return undefined;
    throw error;
  }
}

function historyOf(path: string) {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new FileFormatError(`"${path}": there is no such file.`);
  }
  return parseHistory(text);
}

function wrongSource(name: string, kind: PlotKind, paths: readonly string[]): ConfigurationError {
  const sources = [
    ...(kind.fromEvents ? ["files of events"] : []),
    ...(kind.fromRun ? ["one run folder"] : []),
    ...(kind.fromHistories ? ["the history.jsonl of members"] : []),
    ...(kind.fromNumbers ? ["a JSON file of its numbers"] : []),
  ];
  return new ConfigurationError(
    `plot ${name}: this is drawn of ${sources.join(", or ")}; ${paths.map((path) => `"${path}"`).join(", ")} came.`,
  );
}

/** Options that a kind would ignore are refused. */
function checkOptions(name: string, kind: PlotKind, options: PlotOptions): void {
  for (const key of Object.keys(options) as (keyof PlotOptions)[]) {
    if (options[key] === undefined || kind.options.includes(key)) continue;
    throw new ConfigurationError(
      `plot ${name}: --${dashed(key)} is not for this kind. It takes ${kind.options.map((own) => `--${dashed(own)}`).join(", ") || "none of these options"}.`,
    );
  }
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
