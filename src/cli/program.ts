/** The program `lumin`: its commands, signals and exit codes. */
import { Command } from "commander";
import { InterruptedError } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { addEventCommands } from "./commands-events.ts";
import { addPlotCommand } from "./commands-plots.ts";
import { addRunCommands } from "./commands-runs.ts";
import { addSetupCommands } from "./commands-setup.ts";
import { addTrainingCommands } from "./commands-training.ts";
import { packageVersion } from "./package-version.ts";
import { presentError } from "./present-error.ts";
import { StreamReporter } from "./reporter.ts";

const examples = `
Examples:
  lumin train examples/higgs/higgs.yaml --out runs/higgs
  lumin train analysis.yaml --out runs/short --set training.members=2 --set training.epochs=3
  lumin predict runs/higgs --input events.csv --output predictions.parquet
  lumin evaluate runs/higgs --json
  lumin crossvalidate examples/higgs/higgs.yaml --outer 5 --by EventId

Results go to standard output, messages and progress to standard error.`;

/** Runs a command line; sets the exit code of the process. */
export async function main(
  words: readonly string[],
  options: { readonly supervised: boolean },
): Promise<void> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted && !options.supervised) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // The process that listens has gone: nobody is left who could stop this one.
  if (options.supervised) {
    process.on("disconnect", () => process.exit(1));
    if (!process.connected) process.exit(1);
  }
  ignoreClosedOutput();
  const debug = words.includes("--debug");
  try {
    await buildProgram({ signal: controller.signal, debug, reporter: new StreamReporter() }).parseAsync(
      words,
      {
        from: "user",
      },
    );
  } catch (error) {
    const wasInterrupted = controller.signal.aborted || error instanceof InterruptedError;
    const presented = presentError(error, { debug });
    process.exitCode = wasInterrupted ? 130 : presented.exitCode;
    // After Ctrl-C the listening process speaks.
    if (!(wasInterrupted && options.supervised)) process.stderr.write(`${presented.text}\n`);
  }
  if (options.supervised) {
    process.removeAllListeners("disconnect");
    if (process.connected) process.disconnect();
  }
  process.off("SIGINT", onSignal);
  process.off("SIGTERM", onSignal);
}

/** The program with all commands. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command("lumin")
    .description(
      "Deep learning for high-energy physics: from raw events to ensembles of networks and their significance.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "lumin: ")),
    })
    .showHelpAfterError('(see "lumin help" and "lumin help COMMAND")')
    .addHelpText("after", examples);

  addTrainingCommands(program.commandsGroup("Training:"), context);
  addRunCommands(program.commandsGroup("Trained runs:"), context);
  addEventCommands(program.commandsGroup("Events:"), context);
  addPlotCommand(program.commandsGroup("Pictures:"), context);
  addSetupCommands(program.commandsGroup("Setup:"), context);
  return program;
}

/** `lumin evaluate … | head` closes the pipe early; that is no fault. */
function ignoreClosedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
