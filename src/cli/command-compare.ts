/** `lumin compare`: can a forest tell two files of events apart? */
import { columnOf, expandNames, numbersOf, readTable, type Table } from "../data/index.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import { type ComparedSet, compareSets, type Discrimination } from "../features/index.ts";
import { formatMeasured, formatNumber } from "../plot/index.ts";
import type { CommandContext } from "./command-context.ts";
import { forTerminal } from "./metrics-text.ts";
import { padded } from "./terminal.ts";

export interface CompareOptions {
  readonly weight?: string;
  readonly columns?: readonly string[];
  readonly select?: string;
  readonly tree?: string;
  readonly permutations: number;
  readonly seed: number;
  readonly json?: boolean;
}

export async function compareCommand(
  first: string,
  second: string,
  options: CompareOptions,
  { reporter, signal }: CommandContext,
): Promise<void> {
  const { weight, tree, select } = options;
  const reading = reporter.phase("reading events");
  const tables = [
    await readTable([first], { tree, select }),
    await readTable([second], { tree, select }),
  ] as const;
  reading();
  signal.throwIfAborted();
  for (const table of tables) {
    if (weight !== undefined && !Object.hasOwn(table.columns, weight)) {
      throw unknownName("--weight: column", weight, Object.keys(table.columns));
    }
  }
  const { names, categorical, left } = comparedColumns(tables, options);
  const set = (table: Table): ComparedSet => ({
    columns: names.map((name) => codes(tables, table, name, categorical.includes(name))),
    ...(weight === undefined ? {} : { weights: numbersOf(table, weight) }),
  });
  const comparing = reporter.phase("comparing");
  const result = compareSets(set(tables[0]), set(tables[1]), {
    names,
    categorical,
    permutations: options.permutations,
    seed: options.seed,
  });
  comparing();
  for (const note of left) reporter.note(note);
  process.stdout.write(
    options.json === true ? `${JSON.stringify(result, null, 2)}\n` : text(result, [first, second]),
  );
}

/** The columns that both files have, less the weight; text becomes categories. */
function comparedColumns(
  [first, second]: readonly [Table, Table],
  { weight, columns = ["*"] }: CompareOptions,
): { readonly names: string[]; readonly categorical: string[]; readonly left: string[] } {
  const common = Object.keys(first.columns).filter(
    (name) => Object.hasOwn(second.columns, name) && name !== weight,
  );
  const patterns = columns.every((pattern) => pattern.startsWith("!")) ? ["*", ...columns] : columns;
  const chosen = expandNames(patterns, common, "--columns: column");
  const left: string[] = [];
  const categorical: string[] = [];
  const names = chosen.filter((name) => {
    const isText = [first, second].map((table) => !ArrayBuffer.isView(columnOf(table, name)));
    if (isText[0] !== isText[1]) {
      left.push(`"${name}" is text in one file and a number in the other; it is left out`);
      return false;
    }
    if (!isText[0]) return true;
    const values = new Set([...(first.columns[name] as string[]), ...(second.columns[name] as string[])]);
    if (values.size > 254) {
      left.push(`"${name}" has ${values.size} different texts; it is left out`);
      return false;
    }
    categorical.push(name);
    return true;
  });
  if (names.length === 0) {
    throw new ConfigurationError("compare: the two files have no column in common that can be compared.");
  }
  return { names, categorical, left };
}

function codes(
  tables: readonly Table[],
  table: Table,
  name: string,
  isCategorical: boolean,
): Float32Array | Float64Array | Int32Array {
  if (!isCategorical) return numbersOf(table, name);
  const texts = (each: Table): readonly string[] => columnOf(each, name) as readonly string[];
  const values = [...new Set(tables.flatMap(texts))].sort();
  const codeOf = new Map(values.map((value, code) => [value, code]));
  return Float64Array.from(texts(table), (value) => codeOf.get(value)!);
}

function text(
  { auc, standardError, pValue, features, eventCounts }: Discrimination,
  files: readonly [string, string],
): string {
  const verdict =
    pValue < 0.001
      ? "The two sets differ."
      : pValue < 0.05
        ? "The two sets may differ."
        : "A forest cannot tell the two sets apart.";
  const shown = features.slice(0, 10);
  const width = Math.max(...shown.map(({ name }) => name.length), 7);
  const rows = shown.map(
    ({ name, importance, standardError: error, distance }) =>
      `  ${padded(name, width)}  ${padded(formatMeasured(importance, error), 22)}  ${formatNumber(distance, 3)}`,
  );
  return forTerminal(`${files[0]}: ${formatNumber(eventCounts[0])} events
${files[1]}: ${formatNumber(eventCounts[1])} events

AUC of a forest that tells them apart, on unseen events: ${formatMeasured(auc, standardError)} (0.5: no difference)
p-value (labels permuted): ${formatNumber(pValue, 2)}
${verdict}

  ${padded("feature", width)}  ${padded("loss of AUC", 22)}  largest distance of the distributions
${rows.join("\n")}
`);
}
