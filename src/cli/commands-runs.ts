/** The commands that use a trained run. */
import { type Command, Option } from "commander";
import type { CommandContext } from "./command-context.ts";
import type { EnsembleCommandOptions } from "./command-ensemble.ts";
import type { EvaluateOptions } from "./command-evaluate.ts";
import type { ExplainOptions } from "./command-explain.ts";
import type { ExportOptions } from "./command-export.ts";
import { anyNumber, memoryOption, subcommand, wholeNumber, workersOption } from "./command-options.ts";
import type { PredictOptions } from "./command-predict.ts";
import type { ReportCommandOptions } from "./command-report.ts";
import { explainMethods } from "./explain-methods.ts";

/** Adds predict, evaluate, explain, ensemble, report, export and model. */
export function addRunCommands(program: Command, context: CommandContext): void {
  subcommand(program, "predict", "apply a trained run to raw events")
    .argument("<run>", "run folder of lumin train")
    .requiredOption(
      "--input <file...>",
      "files of any size with the training's input columns: CSV, TSV (plain or .gz), Parquet, ROOT, HDF5, NPY",
    )
    .requiredOption("--output <file>", "file to write: .csv, .parquet, .h5, .npy or .npz")
    .option("--no-augment", "predict the events as they are, without averaging over their mirror images")
    .option(
      "--friends <file...>",
      "for these events, one file for each friend of input.friends that has files",
    )
    .addOption(memoryOption())
    .action(async (run: string, options: PredictOptions) => {
      const { predictCommand } = await import("./command-predict.ts");
      await predictCommand(run, options, context);
    });

  subcommand(
    program,
    "evaluate",
    "metrics of a run with uncertainties, on its own held-out events or on a file",
  )
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

  subcommand(program, "explain", "which features the model of a run needs, and what it makes of them")
    .alias("importance")
    .argument("<run>", "run folder of lumin train")
    .addOption(
      new Option(
        "--method <method>",
        "importance: loss of a metric when features are shuffled, out of fold; shap, gradients: what each feature adds to the predictions of single events; effects, dependence: the prediction along features",
      )
        .choices(explainMethods)
        .default("importance"),
    )
    .option(
      "--features <names...>",
      "only these; * and ? match names, !name leaves one out (importance, effects, dependence)",
    )
    .option(
      "--groups <name=features...>",
      "sets of features that are shuffled together: jets=PRI_jet_*,DER_*_jet_*",
    )
    .option("--pair <names...>", "two features that are looked at together (effects, dependence)")
    .option("--metric <name>", "what is lost (default: rocAuc, of a regression rootMeanSquare)")
    .option("--repeats <count>", "how often each feature is shuffled in each fold", wholeNumber(1))
    .option(
      "--events <count>",
      "events at most (default: 50,000; 500; 500; 5000; 2000 by method)",
      wholeNumber(10),
    )
    .option("--output <class>", "class or target whose prediction is explained (default: the first)")
    .option("--plot <file>", "draw the pictures too: .svg, .png, .pdf, .html; one file a feature")
    .addOption(workersOption())
    .option("--seed <number>", "seed of what is drawn (default: that of the run)", wholeNumber(0))
    .option("--json", "print JSON instead of a table")
    .addHelpText(
      "after",
      `
The numbers are written to RUN/interpretation/METHOD.json; lumin report RUN then shows them. The events are training events of
the run as they are stored, with their own weights.`,
    )
    .action(async (run: string, options: ExplainOptions) => {
      const { explainCommand } = await import("./command-explain.ts");
      await explainCommand(run, options, context);
    });

  subcommand(
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

  subcommand(program, "report", "write report.html of a run again")
    .argument("<run>", "run folder of lumin train")
    .option("--output <file>", "where to (default: report.html in the run folder)")
    .option("--against <run...>", "other runs to compare with, paired on the same events")
    .option(
      "--settings <file>",
      "YAML file with looks of the figures, such as that of lumin plot (default: plots of the analysis)",
    )
    .option(
      "--full",
      "what takes longer too: effects, SHAP values, importances of all events, training against validation events",
    )
    .action(async (run: string, options: ReportCommandOptions) => {
      const { reportCommand } = await import("./command-report.ts");
      await reportCommand(run, options, context);
    });

  subcommand(
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
    .addOption(
      new Option(
        "--trees <form>",
        "how trees are written: in plain operators, or as ONNX's operator for trees, which is faster and not everywhere",
      )
        .choices(["plain", "operator"])
        .default("plain"),
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

  subcommand(
    program,
    "model",
    "print the parameters of a network: layer, name, shape, count, trainable or not",
  )
    .argument("<folder>", "folder of a saved network, or a run folder, whose first network is shown")
    .option("--json", "print JSON instead of a table")
    .action(async (folder: string, options: { readonly json?: boolean }) => {
      const { modelCommand } = await import("./command-model.ts");
      await modelCommand(folder, options);
    });
}
