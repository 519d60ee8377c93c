/** `lumin crossvalidate`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError, counted } from "../errors/index.ts";
import { formatMeasured, formatNumber } from "../plot/index.ts";
import { readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { settingsOf } from "./command-train.ts";
import { type CrossValidation, crossValidate } from "./cross-validate.ts";
import { forTerminal, metricsText } from "./metrics-text.ts";

export interface CrossValidateOptions {
  readonly outer: number;
  readonly by?: string;
  readonly out?: string;
  readonly workers: number;
  readonly seed?: number;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export async function crossValidateCommand(
  path: string,
  options: CrossValidateOptions,
  context: CommandContext,
): Promise<void> {
  const file = readAnalysisFile(path, settingsOf(options));
  const { id } = file.analysis.input;
  const by = options.by ?? (id.length === 1 ? id[0] : undefined);
  if (by === undefined) {
    throw new ConfigurationError(
      `crossvalidate: give --by COLUMN, a column of whole numbers; the analysis has ${id.length === 0 ? "no input.id" : "several columns as input.id"}.`,
    );
  }
  const isTemporary = options.out === undefined;
  const out = options.out ?? mkdtempSync(join(tmpdir(), "lumin-crossvalidate-"));
  const remove = (): void => rmSync(out, { recursive: true, force: true });
  if (isTemporary) process.once("exit", remove);
  const result = await crossValidate(file, { count: options.outer, by }, out, {
    workers: options.workers,
    reporter: context.reporter,
    signal: context.signal,
    folderIsNew: isTemporary,
  });
  if (options.json === true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else process.stdout.write(`\n${foldsText(result)}\n${metricsText(result.metrics, file.analysis)}`);
}

function foldsText({ folds, aucOfFolds, outer }: CrossValidation): string {
  const lines = folds.map(
    ({ fold, eventCount, auc }) =>
      `outer fold ${fold} (${outer.by} modulo ${outer.count} = ${fold}): ${counted(eventCount, "event", formatNumber(eventCount))}${auc === null ? "" : `, weighted AUC ${formatNumber(auc)}`}`,
  );
  if (aucOfFolds.value !== null) {
    lines.push(
      `weighted AUC of the folds, mean ± deviation: ${formatMeasured(aucOfFolds.value, aucOfFolds.uncertainty)}`,
    );
  }
  return forTerminal(`${lines.join("\n")}\n`);
}
