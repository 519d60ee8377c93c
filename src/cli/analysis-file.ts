/** Reading an analysis file: YAML, values set on the command line, checks, paths made absolute. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type Document, isNode, LineCounter, parse, parseDocument } from "yaml";
import { ConfigurationError, FileFormatError } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import { type Problem, pathText, problemsOf } from "./analysis-problems.ts";
import { analysisSchema } from "./analysis-schema.ts";
import { isPattern, patternExpression } from "./file-pattern.ts";

/** An analysis with the folder that its module paths are relative to. */
export interface AnalysisFile {
  readonly path: string;
  /** Folder of the YAML file. */
  readonly directory: string;
  readonly analysis: Analysis;
  /** The input files, absolute, patterns expanded and sorted. */
  readonly inputFiles: readonly string[];
}

/**
 * Reads an analysis file and overrides what `settings` (each `path=value`, the value in YAML) say.
 * `input.files` of a setting are relative to the current folder, those of the file to the file.
 *
 * @throws ConfigurationError that names every fault with its place, FileFormatError for a missing file.
 */
export function readAnalysisFile(path: string, settings: readonly string[] = []): AnalysisFile {
  const absolute = resolve(path);
  const lines = new LineCounter();
  const document = parseDocument(readText(absolute, path), { lineCounter: lines, prettyErrors: true });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new ConfigurationError(`${path}: this is not valid YAML. ${broken.message.split("\n")[0] ?? ""}`);
  }
  const values: unknown = document.toJS();
  if (!isRecord(values)) {
    throw new ConfigurationError(
      `${path}: expected keys such as input, target and features; see "lumin schema".`,
    );
  }
  const changed = settings.map((setting) => applySetting(values, setting));
  const parsed = analysisSchema.safeParse(values, { reportInput: true });
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, analysisSchema, values);
    throw new ConfigurationError(problemText(path, problems, document, lines));
  }
  const directory = dirname(absolute);
  const filesAreSet = changed.some(
    (name) => name === "input" || name === "input.files" || name.startsWith("input.files."),
  );
  const inputFiles = parsed.data.input.files.flatMap((file) =>
    expandFiles(file, filesAreSet ? [process.cwd(), directory] : [directory]),
  );
  return { path: absolute, directory, analysis: withFriendFiles(parsed.data, directory), inputFiles };
}

/** The files of all friends of the events. */
export function friendFiles({ input }: Analysis): string[] {
  return input.friends.flatMap(({ files }) => files);
}

/** The analysis with the files of friends absolute, patterns expanded. */
function withFriendFiles(analysis: Analysis, directory: string): Analysis {
  const { input } = analysis;
  if (input.friends.length === 0) return analysis;
  const friends = input.friends.map((friend) => ({
    ...friend,
    files: friend.files.flatMap((file) => expandFiles(file, [directory, process.cwd()])),
  }));
  return { ...analysis, input: { ...input, friends } };
}

/**
 * An analysis that a run recorded, with its input files, or others that stand for them.
 *
 * @throws FileFormatError where they are no longer there.
 */
export function reopenedAnalysis(
  analysis: Analysis,
  path: string,
  files: readonly string[] = analysis.input.files,
): AnalysisFile {
  const directory = dirname(path);
  const inputFiles = files.flatMap((file) => expandFiles(file, [directory, process.cwd()]));
  return { path, directory, analysis, inputFiles };
}

/** Checks an analysis given as a plain object, as the API does. */
export function parseAnalysis(value: unknown): Analysis {
  const parsed = analysisSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, analysisSchema, value);
  throw new ConfigurationError(
    `analysis: ${problems.map((each) => `${pathText(each.path)}: ${each.message}`).join("\n")}`,
  );
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(code);
    throw new FileFormatError(`analysis file "${shown}": ${reason}.`);
  }
}

/** Sets one value and returns its path. */
function applySetting(values: Record<string, unknown>, setting: string): string {
  const equals = setting.indexOf("=");
  const path = setting.slice(0, Math.max(equals, 0)).trim();
  if (equals < 1 || path === "") {
    throw new ConfigurationError(`--set ${setting}: expected path=value, for instance training.epochs=5.`);
  }
  let value: unknown;
  try {
    value = parse(setting.slice(equals + 1));
  } catch (error) {
    throw new ConfigurationError(
      `--set ${setting}: the value is not valid YAML. ${String(error).split("\n")[0]}`,
    );
  }
  const parts = path.split(".");
  let target: Record<string, unknown> | unknown[] = values;
  for (const part of parts.slice(0, -1)) {
    const next: unknown = Reflect.get(target, part);
    if (isRecord(next) || Array.isArray(next)) target = next;
    else if (next === undefined || next === null || next === "off") {
      const created = {};
      Reflect.set(target, part, created);
      target = created;
    } else {
      throw new ConfigurationError(`--set ${setting}: "${part}" is ${JSON.stringify(next)}, it has no keys.`);
    }
  }
  const last = parts.at(-1)!;
  if (value === null) Reflect.deleteProperty(target, last);
  else Reflect.set(target, last, value);
  return path;
}

/** All problems, one a line, with the line of the file where it has one. */
function problemText(
  path: string,
  problems: readonly Problem[],
  document: Document,
  lines: LineCounter,
): string {
  const shown = problems.map((problem) => {
    const line = lineOf(problem.path, document, lines);
    const place = line === undefined ? path : `${path}:${line}`;
    return `${place}: ${pathText(problem.path) || "the file"}: ${problem.message}`;
  });
  return shown.join("\n");
}

function lineOf(
  path: readonly (string | number)[],
  document: Document,
  lines: LineCounter,
): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

/** The files that a name or pattern stands for, looked for in the folders in turn. */
function expandFiles(file: string, folders: readonly string[]): readonly string[] {
  for (const folder of folders) {
    const absolute = isAbsolute(file) ? file : resolve(folder, file);
    const found = isPattern(absolute) ? matchingFiles(absolute) : fileExists(absolute) ? [absolute] : [];
    if (found.length > 0) return found;
  }
  const place = isAbsolute(file) ? "" : ` (looked in ${folders.join(" and ")})`;
  throw new FileFormatError(
    `input.files: ${isPattern(file) ? "no file matches" : "there is no file"} "${file}"${place}.`,
  );
}

function fileExists(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory())
    throw new FileFormatError(`input.files: "${path}" is a folder; name the files, e.g. with *.csv.`);
  return found !== undefined;
}

function matchingFiles(pattern: string): readonly string[] {
  let paths: readonly string[] = ["/"];
  for (const part of pattern.split("/").filter((each) => each !== "")) {
    if (!isPattern(part)) paths = paths.map((path) => join(path, part));
    else {
      const expression = patternExpression(part);
      paths = paths.flatMap((path) =>
        namesIn(path)
          .filter((name) => expression.test(name) && !name.startsWith("."))
          .map((name) => join(path, name)),
      );
    }
  }
  return paths.filter(isFile).sort();
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
