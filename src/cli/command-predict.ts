/** `lumin predict`: raw events in, the ids and the ensemble's predictions out. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, extname } from "node:path";
import { columnOf, tableFormats, tableOf, writeTable } from "../data/index.ts";
import { ConfigurationError, counted } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import { loadRun } from "./load-run.ts";
import { predictionColumns } from "./predictions-file.ts";
import { readUnlabelled } from "./read-inputs.ts";
import { scoreEvents } from "./score-events.ts";

export interface PredictOptions {
  readonly input: readonly string[];
  readonly output: string;
  readonly augment: boolean;
}

export async function predictCommand(
  run: string,
  options: PredictOptions,
  context: CommandContext,
): Promise<void> {
  const { reporter, signal } = context;
  checkOutput(options.output, options.input);
  const { record, scorer } = await loadRun(run, { augment: options.augment });
  const { input } = record.analysis;
  const reading = reporter.phase("reading events");
  const table = await readUnlabelled(record.analysis, options.input);
  reading(`read ${counted(table.rowCount, "event", count(table.rowCount))}`);
  const id = input.id === undefined ? undefined : columnOf(table, input.id);
  const predicting = reporter.phase("predicting");
  const predictions = await scoreEvents(scorer, table, {
    signal,
    onProgress: (share) => reporter.share(share),
  });
  predicting(
    `predicted ${counted(table.rowCount, "event", count(table.rowCount))} with ${counted(scorer.ensemble.members.length, "network")}`,
  );
  await writeTable(
    options.output,
    tableOf({
      ...(id === undefined ? {} : { [input.id!]: id }),
      ...predictionColumns(predictions, scorer.ensemble.outputCount),
    }),
  );
  await scorer.ensemble.release();
  process.stdout.write(
    `${options.output}: ${counted(table.rowCount, "prediction", count(table.rowCount))}\n`,
  );
}

/** Before the time of predicting is spent. */
function checkOutput(output: string, inputs: readonly string[]): void {
  const same = existsSync(output) && inputs.find((input) => sameFile(input, output));
  if (same) {
    throw new ConfigurationError(
      `--output "${output}": this is the input file "${same}", which would be lost. Choose another name.`,
    );
  }
  if (!tableFormats.includes(extname(output).toLowerCase())) {
    throw new ConfigurationError(
      `--output "${output}": the ending decides the format; it must be ${tableFormats.join(", ")}.`,
    );
  }
  if (!existsSync(dirname(output))) {
    throw new ConfigurationError(`--output "${output}": the folder "${dirname(output)}" does not exist.`);
  }
}

/** True if both names stand for one file, by whatever way. */
function sameFile(first: string, second: string): boolean {
  return existsSync(first) && realpathSync(first) === realpathSync(second);
}
