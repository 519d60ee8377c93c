/** `lumin train`. */

import { isTrees } from "./analysis.ts";
import { readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import { metricsText } from "./metrics-text.ts";
import type { RunRecord } from "./run-record.ts";
import { trainAnalysis } from "./train-analysis.ts";

export interface TrainOptions {
  readonly out: string;
  readonly resume?: boolean;
  /** Seconds. */
  readonly checkpoint: number;
  readonly workers: number;
  /** Bytes. */
  readonly memory?: number;
  readonly seed?: number;
  readonly set: readonly string[];
}

export async function trainCommand(
  path: string,
  options: TrainOptions,
  context: CommandContext,
): Promise<void> {
  const file = readAnalysisFile(path, settingsOf(options));
  const { metrics, record, paths } = await trainAnalysis(file, options.out, {
    workers: options.workers,
    reporter: context.reporter,
    signal: context.signal,
    resume: options.resume === true,
    checkpointSeconds: options.checkpoint,
    memory: options.memory,
  });
  const { stepCount } = record.training;
  process.stdout.write(
    `\n${membersText(record)}, ${count(stepCount)} ${isTrees(record.analysis.model) ? "rounds" : "steps"}\n\n${metricsText(metrics, record.analysis)}\nreport: ${paths.report}\n`,
  );
}

/** What the command line overrides in the analysis. */
export function settingsOf({
  set,
  seed,
}: {
  readonly set: readonly string[];
  readonly seed?: number;
}): string[] {
  return [...set, ...(seed === undefined ? [] : [`seed=${seed}`])];
}

function membersText({
  analysis: { model },
  network: { parameterCount },
  training: { members },
}: RunRecord): string {
  const size = count(parameterCount);
  if (isTrees(model)) return `${members.length} × ${model.type} of ${size} leaves`;
  return `${members.length} ${members.length === 1 ? "network" : "networks"} of ${size} parameters`;
}
