/** `lumin report`: the report of a run, once more. */
import { writeText } from "../data/index.ts";
import { reportHtml } from "../plot/index.ts";
import type { CommandContext } from "./command-context.ts";
import { settingsOfOptions } from "./plot-settings.ts";
import { readRun } from "./run-folder.ts";
import { runReport } from "./run-report.ts";

export interface ReportCommandOptions {
  readonly against?: readonly string[];
  readonly output?: string;
  readonly full?: boolean;
  readonly settings?: string;
}

export async function reportCommand(
  run: string,
  options: ReportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { paths, record } = readRun(run);
  const plots = settingsOfOptions(
    options.settings === undefined ? {} : { settings: options.settings },
    record.analysis.plots,
  );
  const done = context.reporter.phase("drawing the report");
  const { report, timings } = await runReport(paths, record, options);
  const output = options.output ?? paths.report;
  await writeText(output, [await reportHtml(report, { timings, plots })]);
  done("drew the report");
  process.stdout.write(`${output}\n`);
}
