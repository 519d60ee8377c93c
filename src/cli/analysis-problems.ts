/** What is wrong with an analysis file, in sentences: the place, what was expected, what is there. */
import type { z } from "zod";
import { nearestName } from "../errors/index.ts";

/** One thing to repair in an analysis file. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The issues of a failed parse as problems, in the order of the file. Of a union only the branch that was
 * meant is reported: the one whose kind of value (text, list, keys) is that of the input.
 */
export function problemsOf(error: z.ZodError, schema: z.ZodType, value: unknown): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, [], schema, value));
}

/** The path as a user writes it: `training.callbacks[0].options`. */
export function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

type Issue = z.core.$ZodIssue;

function problemsOfIssue(
  issue: Issue,
  above: readonly (string | number)[],
  schema: z.ZodType,
  value: unknown,
): Problem[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, path, value);
    return issue.keys.map((key) => {
      const near = nearestName(key, known);
      const advice = near === undefined ? "" : ` Did you mean "${near}"?`;
      return { path: [...path, key], message: `this key is not known.${advice} Known: ${known.join(", ")}.` };
    });
  }
  const found = valueAt(value, path);
  if (issue.code === "invalid_union") {
    const discriminator = "discriminator" in issue ? issue.discriminator : undefined;
    if (typeof discriminator === "string") {
      const known = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
      // A kind with a default may be left out: then there is one that is undefined.
      const options = known.filter((option) => option != null).map(String);
      return [{ path, message: choiceMessage(options, found) }];
    }
    const branch = meantBranch(issue.errors, found);
    if (branch !== undefined) {
      return branch.flatMap((inner) => problemsOfIssue(inner, path, schema, value));
    }
    const expected = issue.errors.flatMap((errors) =>
      errors.filter((inner) => inner.path.length === 0).map(expectation),
    );
    return [{ path, message: `expected ${[...new Set(expected)].join(" or ")}, got ${shown(found)}.` }];
  }
  if (found === undefined && issue.code !== "custom")
    return [{ path, message: `is missing; expected ${expectation(issue)}.` }];
  if (issue.code === "invalid_value")
    return [{ path, message: choiceMessage(issue.values.map(String), found) }];
  if (issue.code === "custom") return [{ path, message: ended(issue.message) }];
  return [{ path, message: `expected ${expectation(issue)}, got ${shown(found)}.` }];
}

/** Of a union's failed branches the one whose own type fits the value, so that the fault lies deeper. */
function meantBranch(branches: readonly (readonly Issue[])[], found: unknown): readonly Issue[] | undefined {
  const deep = branches.filter((issues) =>
    issues.every(
      (issue) =>
        issue.path.length > 0 ||
        (issue.code === "unrecognized_keys" && isRecord(found)) ||
        (typeof found === "number" &&
          issue.code !== "invalid_type" &&
          issue.code !== "invalid_value" &&
          issue.code !== "invalid_union"),
    ),
  );
  // The branch with the fewest faults is the likeliest intention.
  return [...deep].sort((a, b) => a.length - b.length)[0];
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "keys with values",
  record: "keys with values",
};

function expectation(issue: Issue): string {
  if (issue.message.startsWith("expected ")) return issue.message.slice("expected ".length);
  if (issue.code === "invalid_type") return typeNames[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") return issue.values.map(String).join(" or ");
  return issue.message.replace(/^Invalid input: expected /, "").replace(/^Too (small|big): expected /, "");
}

function choiceMessage(options: readonly string[], found: unknown): string {
  const near = typeof found === "string" ? nearestName(found, options) : undefined;
  const advice = near === undefined ? "" : ` Did you mean "${near}"?`;
  if (found === undefined) return `is missing; expected one of ${options.join(", ")}.`;
  return `expected ${options.length === 1 ? "" : "one of "}${options.join(", ")}, got ${shown(found)}.${advice}`;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function ended(message: string): string {
  return message.endsWith(".") ? message : `${message}.`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

/** The keys that the schema knows at a path; of a union those of the branches that the value may be meant as. */
function knownKeys(schema: z.ZodType, path: readonly (string | number)[], value: unknown): readonly string[] {
  let nodes = fitting([schema as unknown as SchemaNode], value);
  path.forEach((part, depth) => {
    nodes = fitting(
      nodes.flatMap((node) => inner(node, part)),
      valueAt(value, path.slice(0, depth + 1)),
    );
  });
  return [...new Set(nodes.flatMap((node) => Object.keys(node._zod.def.shape ?? {})))];
}

/** The schemas without their wrappings; of a union by a key such as `kind` only the branch of the value. */
function fitting(nodes: readonly SchemaNode[], value: unknown): readonly SchemaNode[] {
  const plain = nodes.flatMap(unwrapped);
  const meant = plain.filter((node) => discriminatorsFit(node, value));
  return meant.length > 0 ? meant : plain;
}

/** The part of zod's own description of a schema that is walked here. */
interface SchemaNode {
  readonly _zod: {
    readonly def: {
      readonly type: string;
      readonly shape?: Readonly<Record<string, SchemaNode>>;
      readonly options?: readonly SchemaNode[];
      readonly innerType?: SchemaNode;
      readonly element?: SchemaNode;
      readonly items?: readonly SchemaNode[];
      readonly valueType?: SchemaNode;
      readonly in?: SchemaNode;
      readonly values?: readonly unknown[];
    };
  };
}

function unwrapped(node: SchemaNode): readonly SchemaNode[] {
  const { def } = node._zod;
  if (def.options !== undefined) return def.options.flatMap(unwrapped);
  if (def.innerType !== undefined) return unwrapped(def.innerType);
  if (def.in !== undefined) return unwrapped(def.in);
  return [node];
}

function inner(node: SchemaNode, part: string | number): readonly SchemaNode[] {
  const { def } = node._zod;
  const next =
    def.shape?.[part] ??
    def.valueType ??
    def.element ??
    (typeof part === "number" ? def.items?.[part] : undefined);
  return next === undefined ? [] : [next];
}

function discriminatorsFit(node: SchemaNode, found: unknown): boolean {
  if (!isRecord(found)) return true;
  return Object.entries(node._zod.def.shape ?? {}).every(([key, child]) => {
    const { values, type } = child._zod.def;
    return type !== "literal" || values === undefined || values.includes(found[key]);
  });
}
