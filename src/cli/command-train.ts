/** `lumin train`. */
import { readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import { metricsText } from "./metrics-text.ts";
import type { TrainOptions } from "./program.ts";
import { trainAnalysis } from "./train-analysis.ts";

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
  });
  const { members, stepCount } = record.training;
  process.stdout.write(
    `\n${members.length} ${members.length === 1 ? "network" : "networks"} of ${count(record.network.parameterCount)} parameters, ` +
      `${count(stepCount)} steps\n\n${metricsText(metrics, record.analysis)}\nreport: ${paths.report}\n`,
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
