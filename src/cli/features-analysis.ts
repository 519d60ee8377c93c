/** A copy of an analysis file with other features, to be trained as it is. */
import { readFileSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { isMap, isScalar, parse, parseDocument, visit } from "yaml";

/** What is changed in the copy. */
export interface FeaturesChange {
  readonly continuous: readonly string[];
  readonly categorical: readonly string[];
  /** Whether `augmentation` is switched off. */
  readonly augmentationOff: boolean;
  /** First lines, as comments. */
  readonly comment: string;
}

/**
 * The text of the analysis file with these features, for a file in the folder `out`: relative paths (input files, modules, saved
 * networks) are made relative to it. Comments stay.
 *
 * @param settings `path=value` of the command line, written into the copy.
 */
export function analysisWithFeatures(
  path: string,
  settings: readonly string[],
  out: string,
  { continuous, categorical, augmentationOff, comment }: FeaturesChange,
): string {
  const document = parseDocument(readFileSync(path, "utf8"));
  const directory = resolve(path, "..");
  const moved = (text: string, from: string): string => {
    if (isAbsolute(text)) return text;
    const there = relative(out, resolve(from, text)).split(sep).join("/");
    return there.startsWith(".") ? there : `./${there}`;
  };
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string") return;
      const isPath =
        key.value === "embeddings" || key.value === "model" || key.value === "module"
          ? /^\.\.?\//.test(value.value) || (key.value !== "module" && /[/\\]/.test(value.value))
          : false;
      if (isPath) value.value = moved(value.value, directory);
    },
  });
  moveFiles(document, ["input", "files"], (text) => moved(text, directory));
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    const keys = setting.slice(0, equals).trim().split(".");
    const value: unknown = parse(setting.slice(equals + 1));
    for (let length = 1; length < keys.length; length++) {
      const above = document.getIn(keys.slice(0, length), true);
      if (!isMap(above) && isScalar(above)) document.setIn(keys.slice(0, length), document.createNode({}));
    }
    if (value === null) document.deleteIn(keys);
    else document.setIn(keys, document.createNode(value));
    // Files of the command line are relative to where it was typed.
    if (keys.join(".") === "input.files") {
      moveFiles(document, ["input", "files"], (text) => moved(text, process.cwd()));
    }
  }
  document.setIn(["features", "continuous"], document.createNode(continuous));
  if (categorical.length > 0 || document.hasIn(["features", "categorical"])) {
    document.setIn(["features", "categorical"], document.createNode(categorical));
  }
  if (augmentationOff) document.setIn(["augmentation"], "off");
  const lines = comment.split("\n").map((line) => `# ${line}`);
  return `${lines.join("\n")}\n\n${document.toString({ lineWidth: 110 })}`;
}

/** Applies a function to a text or to each of a list of texts (or the `file` of a source). */
function moveFiles(
  document: ReturnType<typeof parseDocument>,
  path: readonly string[],
  move: (text: string) => string,
): void {
  const value: unknown = document.getIn(path);
  const plain: unknown = typeof value === "string" ? value : document.toJS().input?.files;
  const moveOne = (entry: unknown): unknown => {
    if (typeof entry === "string") return move(entry);
    if (typeof entry === "object" && entry !== null && "file" in entry && typeof entry.file === "string") {
      return { ...entry, file: move(entry.file) };
    }
    return entry;
  };
  const changed = Array.isArray(plain) ? plain.map(moveOne) : moveOne(plain);
  if (changed !== undefined) document.setIn(path, document.createNode(changed));
}
