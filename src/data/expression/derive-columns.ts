/** New columns of a table from expressions of its columns. */
import { ConfigurationError } from "../../errors/index.ts";
import { type Column, type Table, tableOf } from "../table.ts";
import { columnKinds, compileExpression } from "./compile.ts";
import { ExpressionError } from "./expression-error.ts";
import { parseExpression } from "./parse.ts";
import { evaluateScalar } from "./scalar.ts";

/**
 * The table with one more column `[events]` of doubles for each expression, such as `mass(lep + tau)`,
 * `deltaR(lep, tau)` or `where(njets > 1, jet_pt / 2, missing)`. Each sees the columns before it. Truth is 1 or 0. What
 * is missing (NaN) in an event makes the result missing, and what is not finite is missing.
 *
 * A vector is named by its prefix: `lep` are the columns lep_pt, lep_eta, lep_phi (or lep_px …) and lep_m or lep_E; it
 * is massless where there is neither. Formulas are those of `massOf`, `deltaR`, `transverseMass` ….
 *
 * @throws ExpressionError with a line of carets below the place; ConfigurationError for a name that the table has.
 * @example
 * const table = { rowCount: 1, columns: { a_px: new Float64Array([3]), a_py: new Float64Array([4]) } };
 * deriveColumns(table, { x: "2 * pt(a)" }).columns.x // Float64Array [10]
 */
export function deriveColumns(table: Table, expressions: Readonly<Record<string, string>>): Table {
  const columns: Record<string, Column> = { ...table.columns };
  const { rowCount } = table;
  for (const [name, text] of Object.entries(expressions)) {
    if (Object.hasOwn(columns, name)) throw nameTaken(name);
    columns[name] = inColumn(name, () => {
      const current = { rowCount, columns };
      return evaluateScalar(compileExpression(text, columnKinds(current)), current);
    });
  }
  return tableOf(columns);
}

/** The numbers of one expression `[events]`; see {@link deriveColumns}. */
export function evaluateExpression(text: string, table: Table): Float64Array {
  return evaluateScalar(compileExpression(text, columnKinds(table)), table);
}

/** Checks that a text can be read as an expression, whatever columns there are. @throws ExpressionError. */
export function checkExpression(text: string): void {
  parseExpression(text);
}

/** Runs the work of one new column; an error says which. */
export function inColumn<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw error.inColumn(name);
  }
}

/** The error for a new column whose name is taken. */
export function nameTaken(name: string): ConfigurationError {
  return new ConfigurationError(
    `new column "${name}": the events have a column of this name; choose another.`,
  );
}
