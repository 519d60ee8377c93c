/** The commands of `lumin`, their options and help texts. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { InterruptedError } from "../errors/index.ts";
import type { CompareOptions } from "./command-compare.ts";
import type { CommandContext } from "./command-context.ts";
import type { FeaturesOptions } from "./command-features.ts";
import type { InspectOptions } from "./command-inspect.ts";
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

  command(program, "train", "train the ensemble of an analysis, evaluate it and write its run folder")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .requiredOption(
      "--out <run>",
      "folder to write; it must not exist, or hold an unfinished run of the same analysis",
    )
    .option(
      "--resume",
      "go on with the run in that folder, or add members to it; begins it where there is none",
    )
    .option(
      "--checkpoint <seconds>",
      "least time between two checkpoints of a network; 0: at the end of every fold",
      notNegative,
      5,
    )
    .addOption(workersOption())
    .addOption(seedOption())
    .addOption(setOption())
    .addHelpText(
      "after",
      `
The run folder holds run.json (analysis, seed, versions, fingerprints), members/ (networks and histories),
pipeline.json, ensemble.json, predictions/, metrics.json, members.json, report.html and timings.json.
A run that was interrupted goes on with the same command, from the last checkpoint of each network, and ends with
the same files. With --resume it may be finished already: --set training.members=12 --resume trains the missing ones.
The same seed gives the same files, for any number of workers.`,
    )
    .action(async (analysis: string, options: TrainOptions) => {
      const { trainCommand } = await import("./command-train.ts");
      await trainCommand(analysis, options, context);
    });

  command(program, "lr-find", "try learning rates from low to high on the analysis, and suggest one")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .option("--low <rate>", "lowest learning rate", positive, 1e-5)
    .option("--high <rate>", "highest learning rate", positive, 10)
    .option("--epochs <count>", "passes over the training folds for one sweep", wholeNumber(1), 1)
    .option(
      "--sweeps <count>",
      "fresh networks, each with another fold left out (default: one a fold)",
      wholeNumber(1),
    )
    .option("--out <file>", "write the curve: .svg for a picture, .json for the numbers")
    .addOption(workersOption())
    .addOption(seedOption())
    .addOption(setOption())
    .action(async (analysis: string, options: LrFindOptions) => {
      const { lrFindCommand } = await import("./command-lr-find.ts");
      await lrFindCommand(analysis, options, context);
    });

  command(program, "predict", "apply a trained run to raw events")
    .argument("<run>", "run folder of lumin train")
    .requiredOption(
      "--input <file...>",
      "CSV, TSV (plain or .gz) or Parquet files with the training's input columns",
    )
    .requiredOption("--output <file>", "file to write: .csv, .parquet or .h5")
    .option("--no-augment", "predict the events as they are, without averaging over their mirror images")
    .action(async (run: string, options: PredictOptions) => {
      const { predictCommand } = await import("./command-predict.ts");
      await predictCommand(run, options, context);
    });

  command(program, "evaluate", "metrics of a run with uncertainties, on its own held-out events or on a file")
    .argument("<run>", "run folder of lumin train")
    .option(
      "--input <file...>",
      "events with target and weights; without it the validation split and the out-of-fold events",
    )
    .option("--no-augment", "predict without test-time augmentation (with --input)")
    .option(
      "--members",
      "each member against the ensemble, on the validation events, with paired uncertainties",
    )
    .option(
      "--against <run...>",
      "other runs, such as boosted trees: metrics side by side, differences paired on the same events",
    )
    .option("--json", "print JSON instead of a table")
    .action(async (run: string, options: EvaluateOptions) => {
      const { evaluateCommand } = await import("./command-evaluate.ts");
      await evaluateCommand(run, options, context);
    });

  command(
    program,
    "crossvalidate",
    "train one ensemble for each outer fold and score every event with one that never saw it",
  )
    .argument("<analysis>", "the YAML file that describes the analysis")
    .option("--outer <count>", "number of outer folds", wholeNumber(2), 5)
    .option(
      "--by <column>",
      "whole-number column; its value modulo the count is the outer fold (default: input.id)",
    )
    .option("--out <folder>", "keep the runs of the outer folds, the predictions and the metrics here")
    .addOption(workersOption())
    .addOption(seedOption())
    .addOption(setOption())
    .option("--json", "print JSON instead of a table")
    .action(async (analysis: string, options: CrossValidateOptions) => {
      const { crossValidateCommand } = await import("./command-crossvalidate.ts");
      await crossValidateCommand(analysis, options, context);
    });

  command(
    program,
    "ensemble",
    "put the trainings of a finished run together in another way, without training",
  )
    .argument("<run>", "run folder of lumin train")
    .requiredOption("--out <run>", "folder to write: a whole run, with metrics and report")
    .addOption(
      new Option(
        "--kind <kind>",
        "members: the final networks; snapshots, geometric: those at the ends of cycles, weighted by 1/rank, or alike; average: the mean of their weights",
      )
        .choices(["members", "snapshots", "geometric", "average"])
        .makeOptionMandatory(),
    )
    .option("--size <count>", "the best so many members, or so many cycles of each training", wholeNumber(1))
    .addOption(
      new Option(
        "--weighting <rule>",
        "reciprocal: by 1/validation loss; rank: by a power of the rank",
      ).choices(["reciprocal", "uniform", "rank"]),
    )
    .option("--power <number>", "the weight of rank r = 1, 2, … is r^power", anyNumber)
    .addOption(
      new Option("--choose <order>", "cycles by time, or by validation loss").choices(["latest", "best"]),
    )
    .option("--patience <count>", "cycles left out at the end", wholeNumber(0))
    .option("--with-final", "the final networks are members beside the snapshots")
    .option("--input <file...>", "the events of the run, where they lie elsewhere now")
    .addHelpText(
      "after",
      `
Snapshots are there if the run was trained with training.ensemble.kind snapshots, geometric or average, or with the
callback Snapshots. The new run is evaluated on the same events as the old one.`,
    )
    .action(async (run: string, { withFinal, ...options }: EnsembleCommandOptions & { withFinal?: true }) => {
      const { ensembleCommand } = await import("./command-ensemble.ts");
      await ensembleCommand(run, { ...options, ...(withFinal ? { cyclesOnly: false } : {}) }, context);
    });

  command(program, "report", "write report.html of a run again")
    .argument("<run>", "run folder of lumin train")
    .option("--output <file>", "where to (default: report.html in the run folder)")
    .option("--against <run...>", "other runs to compare with, paired on the same events")
    .action(async (run: string, options: ReportCommandOptions) => {
      const { reportCommand } = await import("./command-report.ts");
      await reportCommand(run, options, context);
    });

  command(
    program,
    "export",
    "take a run to other programs: ONNX with the preprocessing, weights, templates for the fit",
  )
    .argument("<run>", "run folder of lumin train")
    .option(
      "--onnx <file>",
      "write raw events → prediction as one ONNX file (opset 17, IR 8), with a Python and a C++ program beside it",
    )
    .addOption(
      new Option("--inputs <form>", "how the graph takes the raw columns: one input each, or one matrix")
        .choices(["columns", "matrix"])
        .default("columns"),
    )
    .option("--no-augment", "predict the events as they are, without averaging over their mirror images")
    .option("--input <file...>", "raw events to check the file on, or to bin (default: those of the run)")
    .option("--safetensors <folder>", "write the weights, one file a network")
    .option(
      "--pyhf <file>",
      "write the binned discriminant of each process as a HistFactory workspace in JSON",
    )
    .option("--combine <folder>", "write it as a Combine datacard with its shapes")
    .option("--templates <file>", "YAML file with bins, processes and uncertainties for --pyhf and --combine")
    .addHelpText(
      "after",
      `
The ONNX file is written only if it agrees with lumin predict to 1e-5. It takes doubles; missing values may be
NaN or the values of input.missing. A category that the training did not have is no error in it, as in
lumin predict, but counts as none of the known ones.`,
    )
    .action(async (run: string, options: ExportOptions) => {
      const { exportCommand } = await import("./command-export.ts");
      await exportCommand(run, options, context);
    });

  command(program, "model", "print the parameters of a network: layer, name, shape, count, trainable or not")
    .argument("<folder>", "folder of a saved network, or a run folder, whose first network is shown")
    .option("--json", "print JSON instead of a table")
    .action(async (folder: string, options: { readonly json?: boolean }) => {
      const { modelCommand } = await import("./command-model.ts");
      await modelCommand(folder, options);
    });

  command(program, "profile", "show where the time of the analysis's training step goes")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .option("--steps <count>", "training steps to time", wholeNumber(1), 100)
    .option("--save <file>", "save the step's graph: .onnx for Netron, .txt one line a node")
    .addOption(setOption())
    .action(async (analysis: string, options: ProfileOptions) => {
      const { profileCommand } = await import("./command-profile.ts");
      await profileCommand(analysis, options, context);
    });

  const data = program.command("data").description("fetch public data");
  command(
    data,
    "higgs",
    "the 818,238 events of the 2014 ATLAS Higgs challenge, from CERN Open Data (record 328)",
  )
    .option("--dir <folder>", "folder to put the file into", "examples/higgs/data")
    .option("--url <address>", "another address of the same file")
    .addHelpText("after", "\nA broken download goes on where it broke when the command is run again.")
    .action(async (options: DataOptions) => {
      const { dataHiggsCommand } = await import("./command-data.ts");
      await dataHiggsCommand(options, context);
    });

  command(program, "doctor", "say what works here: versions, processor, and the devices that train")
    .option("--json", "print JSON instead of a table")
    .action(async (options: { readonly json?: boolean }) => {
      const { doctorCommand } = await import("./command-doctor.ts");
      await doctorCommand(options, context);
    });

  command(program, "features", "select the features of an analysis: ranking, filters, report")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .requiredOption("--out <folder>", "folder to write; it must not exist")
    .option("--max <count>", "features that are kept at most", wholeNumber(1), 20)
    .option("--loss <score>", "how much score a removal may cost", notNegative, 0.001)
    .option("--bootstraps <count>", "rankings on bootstrapped events", wholeNumber(1), 10)
    .addOption(seedOption())
    .addOption(setOption())
    .addHelpText(
      "after",
      `
Writes features.json (all numbers), report.html, and features.yaml: the analysis with the selected features, for lumin
train. The validation events of the analysis take no part in the selection; its cost is measured on them.`,
    )
    .action(async (analysis: string, options: FeaturesOptions) => {
      const { featuresCommand } = await import("./command-features.ts");
      await featuresCommand(analysis, options, context);
    });

  command(program, "compare", "say whether a forest can tell two files of events apart, and by what")
    .argument("<first>", "file of events of any format that is read")
    .argument("<second>", "another one; the columns that both have are compared")
    .option("--weight <column>", "column of event weights in both files")
    .option("--columns <names...>", "only these columns; * and ? match names, !name leaves one out")
    .option("--select <expression>", "SQL expression that chooses rows of both")
    .option("--tree <name>", "tree or ntuple of ROOT files, group of HDF5 files")
    .option("--permutations <count>", "permutations of the labels for the p-value", wholeNumber(1), 1000)
    .option("--seed <number>", "seed of the forest and the permutations", wholeNumber(0), 1337)
    .option("--json", "print JSON instead of a table")
    .action(async (first: string, second: string, options: CompareOptions) => {
      const { compareCommand } = await import("./command-compare.ts");
      await compareCommand(first, second, options, context);
    });

  command(
    program,
    "inspect",
    "say what a file of events holds: trees, columns, ranges, missing values, histograms",
  )
    .argument("<file>", "CSV, TSV, JSON, Parquet, ROOT, HDF5, NPY or NPZ")
    .option("--tree <name>", "tree or ntuple of a ROOT file, group of an HDF5 file")
    .option("--columns <names...>", "only these columns; * and ? match names, name[0] takes an element")
    .option("--weight <column>", "column of event weights: means are weighted, the sum is shown")
    .option("--select <expression>", "SQL expression that chooses rows")
    .option("--json", "print JSON instead of tables")
    .action(async (path: string, options: InspectOptions) => {
      const { inspectCommand } = await import("./command-inspect.ts");
      await inspectCommand(path, options, context);
    });

  command(program, "schema", "print the JSON Schema of analysis files, for editors").action(async () => {
    const { analysisJsonSchema } = await import("./analysis-schema.ts");
    process.stdout.write(`${JSON.stringify(analysisJsonSchema(), null, 2)}\n`);
  });
  return program;
}

export interface TrainOptions {
  readonly out: string;
  readonly resume?: boolean;
  /** Seconds. */
  readonly checkpoint: number;
  readonly workers: number;
  readonly seed?: number;
  readonly set: readonly string[];
}

export interface LrFindOptions {
  readonly low: number;
  readonly high: number;
  readonly epochs: number;
  readonly sweeps?: number;
  readonly out?: string;
  readonly workers: number;
  readonly seed?: number;
  readonly set: readonly string[];
}

export interface ProfileOptions {
  readonly steps: number;
  readonly save?: string;
  readonly set: readonly string[];
}

export interface PredictOptions {
  readonly input: readonly string[];
  readonly output: string;
  readonly augment: boolean;
}

export interface ExportOptions {
  readonly onnx?: string;
  readonly inputs: "columns" | "matrix";
  readonly augment: boolean;
  readonly input?: readonly string[];
  readonly safetensors?: string;
  readonly pyhf?: string;
  readonly combine?: string;
  readonly templates?: string;
}

export interface EvaluateOptions {
  readonly against?: readonly string[];
  readonly members?: boolean;
  readonly input?: readonly string[];
  readonly augment: boolean;
  readonly json?: boolean;
}

export interface CrossValidateOptions {
  readonly outer: number;
  readonly by?: string;
  readonly out?: string;
  readonly workers: number;
  readonly seed?: number;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export interface EnsembleCommandOptions {
  readonly out: string;
  readonly kind: "members" | "snapshots" | "geometric" | "average";
  readonly size?: number;
  readonly weighting?: "reciprocal" | "uniform" | "rank";
  readonly power?: number;
  readonly choose?: "latest" | "best";
  readonly patience?: number;
  readonly cyclesOnly?: boolean;
  readonly input?: readonly string[];
}

export interface ReportCommandOptions {
  readonly against?: readonly string[];
  readonly output?: string;
}

export interface DataOptions {
  readonly dir: string;
  readonly url?: string;
}

/** The version in package.json. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function command(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option("--debug", "print the stack of an error");
}

function workersOption(): Option {
  return new Option("--workers <count>", "worker processes side by side; 0 trains in one process")
    .default(availableParallelism(), "the number of cores")
    .argParser(wholeNumber(0));
}

function seedOption(): Option {
  return new Option("--seed <number>", "overrides the seed of the analysis").argParser(wholeNumber(0));
}

function setOption(): Option {
  return new Option(
    "--set <path=value>",
    "overrides keys of the analysis; each value is YAML; several path=value may follow",
  )
    .default([] as string[], "none")
    .argParser((value: string, before: readonly string[]) => [...before, value]);
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text.trim()) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

function notNegative(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && Number.isFinite(value) && text.trim() !== ""))
    throw new InvalidArgumentError("Expected a number, 0 or more.");
  return value;
}

/** `lumin evaluate … | head` closes the pipe early; that is no fault. */
function ignoreClosedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
