/** The folder of a run: begun, gone on with, completed, read. A run is whole when run.json is there. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { removeTemporaryFiles, writeText } from "../data/index.ts";
import { ConfigurationError, FileFormatError, plainDifference } from "../errors/index.ts";
import type { Metrics } from "./evaluation.ts";
import type { RunRecord } from "./run-record.ts";

/** Where the parts of a run lie. */
export interface RunPaths {
  readonly folder: string;
  readonly record: string;
  readonly unfinished: string;
  readonly timings: string;
  readonly pipeline: string;
  readonly folds: string;
  readonly metrics: string;
  /** The members against the ensemble. */
  readonly members: string;
  readonly predictions: string;
  readonly report: string;
}

/** The paths inside a run folder. */
export function runPaths(folder: string): RunPaths {
  return {
    folder,
    record: join(folder, "run.json"),
    unfinished: join(folder, "unfinished.json"),
    timings: join(folder, "timings.json"),
    pipeline: join(folder, "pipeline.json"),
    folds: join(folder, "folds.h5"),
    metrics: join(folder, "metrics.json"),
    members: join(folder, "members.json"),
    predictions: join(folder, "predictions"),
    report: join(folder, "report.html"),
  };
}

/**
 * Makes the folder, or takes up the unfinished run of the same identity (plain data) in it.
 *
 * @returns whether an unfinished run is gone on with.
 * @throws ConfigurationError when the folder holds anything else.
 */
export async function beginRun(paths: RunPaths, identity: object): Promise<boolean> {
  const { folder } = paths;
  const text = `${JSON.stringify(identity, null, 2)}\n`;
  if (existsSync(folder)) {
    if (existsSync(paths.record)) {
      throw new ConfigurationError(
        `--out "${folder}": this folder already holds a finished run. Choose another name, or delete it.`,
      );
    }
    if (!existsSync(paths.unfinished)) {
      throw new ConfigurationError(
        `--out "${folder}": this already exists. Choose another name, or delete it.`,
      );
    }
    const difference = plainDifference(readJson(paths.unfinished), JSON.parse(text));
    if (difference !== undefined) {
      throw new ConfigurationError(
        `--out "${folder}": an unfinished run of another configuration is there (${difference}). ` +
          "Choose another name, delete it, or go on with the same configuration.",
      );
    }
    removeTemporaryFiles(folder);
    return true;
  }
  try {
    makeFolder(resolve(folder));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "EEXIST" || code === "ENOTDIR"
        ? "there is a file where a folder is needed"
        : code === "EACCES" || code === "EPERM"
          ? "no permission"
          : code === "ENOSPC"
            ? "the disk is full"
            : `the system says ${code}`;
    throw new ConfigurationError(`--out "${folder}": the folder cannot be made, ${reason}.`);
  }
  try {
    await writeText(paths.unfinished, [text]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return false;
}

/**
 * Makes the folder and those above it, one by one: Node's recursive mkdir never ends where the system answers
 * "no such entry" below a folder that exists (/proc).
 */
function makeFolder(folder: string): void {
  const above = dirname(folder);
  if (!existsSync(above)) makeFolder(above);
  mkdirSync(folder);
}

/** Writes the record, the mark of a whole run, as the very last file. */
export async function completeRun(paths: RunPaths, record: unknown): Promise<void> {
  await writeJson(paths.record, record);
  rmSync(paths.unfinished, { force: true });
}

/** JSON, indented, whole or absent. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, [`${JSON.stringify(value, null, 2)}\n`]);
}

/** Reads run.json of a finished run. */
export function readRun(folder: string): { readonly paths: RunPaths; readonly record: RunRecord } {
  const paths = runPaths(folder);
  if (!existsSync(folder)) throw new FileFormatError(`run "${folder}": there is no such folder.`);
  if (!existsSync(paths.record)) {
    throw new FileFormatError(
      existsSync(paths.unfinished)
        ? `run "${folder}": this run is not finished. Run "lumin train" with the same analysis and --out again, it goes on where it stopped.`
        : `run "${folder}": this is not the folder of a run, run.json is missing.`,
    );
  }
  const record = readJson(paths.record) as RunRecord;
  if (record?.format !== "lumin-run")
    throw new FileFormatError(`"${paths.record}": this is not the record of a run.`);
  if (record.formatVersion !== 1) {
    throw new FileFormatError(
      `"${paths.record}": format version ${String(record.formatVersion)} was written by another version of LUMIN (${record.versions?.["lumin-hep"] ?? "unknown"}).`,
    );
  }
  return { paths, record };
}

/** Reads metrics.json of a finished run. */
export function readMetrics(paths: RunPaths): Metrics {
  return readJson(paths.metrics) as Metrics;
}

/** Reads a JSON file that must be there. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new FileFormatError(`"${path}" ${code === "ENOENT" ? "is missing" : `cannot be read (${code})`}.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new FileFormatError(`"${path}" is damaged: it is not valid JSON.`);
  }
}
