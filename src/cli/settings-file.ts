/** YAML files of settings beside the analysis file: read and checked by their schema. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { z } from "zod";
import { ConfigurationError, FileFormatError } from "../errors/index.ts";
import { pathText, problemsOf } from "./analysis-problems.ts";

/**
 * Reads a YAML file and checks it.
 *
 * @param option that named the file, for the message.
 * @throws ConfigurationError that names every fault, FileFormatError for a missing file.
 */
export function readSettingsFile<T>(option: string, path: string, schema: z.ZodType<T>): T {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch {
    throw new FileFormatError(`${option} "${path}": there is no such file.`);
  }
  let value: unknown;
  try {
    value = parse(content) ?? {};
  } catch (error) {
    throw new ConfigurationError(`${path}: this is not valid YAML. ${String(error).split("\n")[0]}`);
  }
  return checkedSettings(value, schema, (place) => `${path}: ${place || "the file"}`);
}

/**
 * Settings as their schema has them.
 *
 * @param named what a fault is called, from its place in the settings.
 * @throws ConfigurationError that names every fault.
 */
export function checkedSettings<T>(
  value: unknown,
  schema: z.ZodType<T>,
  named: (place: string) => string,
): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, schema, value);
  throw new ConfigurationError(
    problems.map(({ path, message }) => `${named(pathText(path))}: ${message}`).join("\n"),
  );
}
