/** The folder of a run: begun, gone on with, completed, read. A run is whole when run.json is there. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { writeText } from "../data/index.ts";
import { ConfigurationError, FileFormatError } from "../errors/index.ts";
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

/** What an unfinished run must agree on to be gone on with. */
export type RunIdentity = Readonly<Record<string, unknown>>;

/**
 * Makes the folder, or takes up the unfinished run of the same identity in it.
 *
 * @returns whether an unfinished run is gone on with.
 * @throws ConfigurationError when the folder holds anything else.
 */
export async function beginRun(paths: RunPaths, identity: RunIdentity): Promise<boolean> {
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
    const before = readJson(paths.unfinished);
    if (JSON.stringify(before) !== JSON.stringify(JSON.parse(text))) {
      throw new ConfigurationError(
        `--out "${folder}": an unfinished run of another configuration is there (${difference(before, JSON.parse(text))}). ` +
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

/** The first key in which two plain values differ, with both values. */
function difference(before: unknown, now: unknown, path = ""): string {
  if (typeof before !== "object" || typeof now !== "object" || before === null || now === null) {
    return `${path || "all"}: ${short(before)} then, ${short(now)} now`;
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  for (const key of keys) {
    const old: unknown = Reflect.get(before, key);
    const young: unknown = Reflect.get(now, key);
    if (JSON.stringify(old) !== JSON.stringify(young))
      return difference(old, young, path ? `${path}.${key}` : key);
  }
  return "in the order of keys";
}

function short(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 50 ? `${text.slice(0, 47)}…` : text;
}

/** What a killed process left of files it had not completed. */
function removeTemporaryFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /^\..*\.\d+\.\d+\.tmp$/.test(entry.name)) {
      rmSync(join(entry.parentPath ?? entry.path, entry.name), { force: true });
    }
  }
}
