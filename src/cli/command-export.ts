/** `lumin export`: a run as one ONNX file with its preprocessing, its weights as safetensors, or its templates. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, resolve } from "node:path";
import { dropColumns, type Table } from "../data/index.ts";
import { checkExportable, exportOnnx, exportSafetensors, type TreeForm } from "../ensemble/index.ts";
import { ConfigurationError, counted, FileFormatError } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import { isPattern } from "./file-pattern.ts";
import { loadRun } from "./load-run.ts";
import { packageVersion } from "./package-version.ts";
import { readEvents } from "./prepare-events.ts";
import { readUnlabelled } from "./read-inputs.ts";
import type { RunRecord } from "./run-record.ts";

export interface ExportOptions {
  readonly onnx?: string;
  readonly inputs: "columns" | "matrix";
  readonly trees: TreeForm;
  readonly augment: boolean;
  readonly input?: readonly string[];
  readonly safetensors?: string;
  readonly pyhf?: string;
  readonly combine?: string;
  readonly templates?: string;
}

export async function exportCommand(
  run: string,
  options: ExportOptions,
  context: CommandContext,
): Promise<void> {
  const { reporter, signal } = context;
  const wanted = [options.onnx, options.safetensors, options.pyhf, options.combine];
  if (wanted.every((path) => path === undefined)) {
    throw new ConfigurationError(
      "export: say what to write: --onnx FILE, --safetensors FOLDER, --pyhf FILE, --combine FOLDER, or several.",
    );
  }
  if (options.onnx !== undefined) checkOutput(options.onnx);
  if (options.pyhf !== undefined || options.combine !== undefined) {
    const { exportTemplates } = await import("./export-templates.ts");
    await exportTemplates(run, options, context);
    if (options.onnx === undefined && options.safetensors === undefined) return;
  }
  const { record, scorer } = await loadRun(run, { augment: options.augment });
  const { ensemble, pipeline, plan } = scorer;
  const metadata = origin(record);
  if (options.onnx !== undefined) {
    // Said before any event is read.
    checkExportable(pipeline);
    const reading = reporter.phase("reading events");
    const events = await checkEvents(record, scorer.directory, options.input);
    reading(`read ${counted(events.rowCount, "event", count(events.rowCount))} to check the file on`);
    const exporting = reporter.phase("exporting");
    const done = await exportOnnx(options.onnx, {
      ensemble,
      pipeline,
      plan,
      events,
      inputs: options.inputs,
      trees: options.trees,
      metadata,
      version: packageVersion(),
      signal,
    });
    exporting(
      `exported ${counted(ensemble.members.length, "network")}${plan ? `, ${counted(plan.count, "view")} of each event` : ""}`,
    );
    const difference = done.largestDifference.toExponential(1);
    process.stdout.write(
      `${options.onnx}: differs from lumin predict by ${difference} at most, on ${counted(done.eventCount, "event", count(done.eventCount))} and ${count(done.spoiltCount)} copies with an input missing; beside it ${done.files.slice(1).join(" and ")}\n`,
    );
  }
  if (options.safetensors !== undefined) {
    const paths = await exportSafetensors(options.safetensors, ensemble, metadata);
    process.stdout.write(`${options.safetensors}: weights of ${counted(paths.length, "network")}\n`);
  }
  await ensemble.release();
}

/** Before the time of checking is spent. */
function checkOutput(path: string): void {
  if (extname(path).toLowerCase() !== ".onnx") {
    throw new ConfigurationError(`--onnx "${path}": the name must end in .onnx.`);
  }
  const folder = dirname(path);
  if (!existsSync(folder)) {
    throw new ConfigurationError(`--onnx "${path}": the folder "${folder}" does not exist.`);
  }
  if (!statSync(folder).isDirectory()) {
    throw new ConfigurationError(`--onnx "${path}": "${folder}" is no folder.`);
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigurationError(`--onnx "${path}": this is a folder.`);
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new ConfigurationError(`--onnx "${path}": writing in "${folder}" is not permitted.`);
  }
}

/** Raw events: those of the files given, else the run's own. */
async function checkEvents(
  { analysis }: RunRecord,
  directory: string,
  files: readonly string[] | undefined,
): Promise<Table> {
  if (files !== undefined) return readUnlabelled(analysis, files);
  const own = analysis.input.files.map((file) => (isAbsolute(file) ? file : resolve(directory, file)));
  const found = own.every((file) => !isPattern(file) && existsSync(file));
  if (!found) {
    throw new FileFormatError(
      `export: the events that the run was trained on (${analysis.input.files.join(", ")}) are not found, and the file is checked on events before it is written; name some with --input FILE.`,
    );
  }
  const events = await readEvents(analysis, own, analysis.input.select);
  return dropColumns(events, Object.keys(analysis.input.columns));
}

/** Where the networks come from. */
function origin({ versions, data, seed }: RunRecord): Record<string, string> {
  return {
    "lumin.versions": JSON.stringify(versions),
    "lumin.data": JSON.stringify(data.files),
    "lumin.seed": String(seed),
  };
}
