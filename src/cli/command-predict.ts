/** `lumin predict`: raw events in, the ids and the ensemble's predictions out. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, extname } from "node:path";
import { type Table, tableFormats, tableOf, writeTablePieces } from "../data/index.ts";
import { ConfigurationError, counted, InterruptedError } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import { loadRun } from "./load-run.ts";
import { memoryPlan } from "./memory-plan.ts";
import { onPiece } from "./piece-rows.ts";
import { identifiersOf, predictionColumns } from "./predictions-file.ts";
import { openUnlabelled } from "./read-inputs.ts";
import { scoreEvents } from "./score-events.ts";

export interface PredictOptions {
  readonly input: readonly string[];
  readonly output: string;
  readonly augment: boolean;
  /** In the order of `input.friends`. */
  readonly friends?: readonly string[];
  /** Bytes. */
  readonly memory?: number;
}

export async function predictCommand(
  run: string,
  options: PredictOptions,
  context: CommandContext,
): Promise<void> {
  const { reporter, signal } = context;
  const plan = memoryPlan(options.memory, 1);
  checkOutput(options.output, options.input);
  const { record, scorer } = await loadRun(run, { augment: options.augment });
  const { input } = record.analysis;
  const looking = reporter.phase("looking through the events");
  const events = await openUnlabelled(
    withFriends(record.analysis, options.friends),
    options.input,
    plan?.reading,
  );
  const eventCount = events.rowCount!;
  looking(`found ${counted(eventCount, "event", count(eventCount))}`);
  const predicting = reporter.phase("predicting");

  async function* predictions(): AsyncGenerator<Table> {
    let done = 0;
    for await (const piece of events.pieces()) {
      if (signal.aborted) throw new InterruptedError("predict: interrupted.");
      const share = piece.rowCount / eventCount;
      const scores = await onPiece(done, () =>
        scoreEvents(scorer, piece, {
          signal,
          onProgress: (part) =>
            reporter.share(done / eventCount + part * share, done + part * piece.rowCount),
        }),
      );
      done += piece.rowCount;
      yield tableOf({
        ...identifiersOf(piece, input.id),
        ...predictionColumns(scores, scorer.ensemble.outputCount),
      });
    }
  }

  await writeTablePieces(options.output, predictions(), { memory: plan?.reading });
  predicting(
    `predicted ${counted(eventCount, "event", count(eventCount))} with ${counted(scorer.ensemble.members.length, "network")}`,
  );
  await scorer.ensemble.release();
  process.stdout.write(`${options.output}: ${counted(eventCount, "prediction", count(eventCount))}\n`);
}

/** The analysis with other files of its friends. */
function withFriends(analysis: Analysis, files: readonly string[] | undefined): Analysis {
  if (files === undefined) return analysis;
  const { friends } = analysis.input;
  const own = friends.filter((friend) => friend.files.length > 0);
  if (files.length !== own.length) {
    throw new ConfigurationError(
      `--friends: ${counted(files.length, "file")}, but the analysis has ${counted(own.length, "friend")} with files of its own; give one for each.`,
    );
  }
  const replaced = friends.map((friend) => {
    const place = own.indexOf(friend);
    return place < 0 ? friend : { ...friend, files: [files[place]!] };
  });
  return { ...analysis, input: { ...analysis.input, friends: replaced } };
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
