/** The commands that train networks of an analysis. */
import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import type { CrossValidateOptions } from "./command-crossvalidate.ts";
import type { FeaturesOptions } from "./command-features.ts";
import type { LrFindOptions } from "./command-lr-find.ts";
import {
  memoryOption,
  notNegative,
  positive,
  seedOption,
  setOption,
  subcommand,
  wholeNumber,
  workersOption,
} from "./command-options.ts";
import type { ProfileOptions } from "./command-profile.ts";
import type { TrainOptions } from "./command-train.ts";

/** Adds train, crossvalidate, lr-find, features and profile. */
export function addTrainingCommands(program: Command, context: CommandContext): void {
  subcommand(program, "train", "train the ensemble of an analysis, evaluate it and write its run folder")
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
    .addOption(memoryOption())
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

  subcommand(
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

  subcommand(program, "lr-find", "try learning rates from low to high on the analysis, and suggest one")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .option("--low <rate>", "lowest learning rate", positive, 1e-5)
    .option("--high <rate>", "highest learning rate", positive, 10)
    .option("--epochs <count>", "passes over the training folds for one sweep", wholeNumber(1), 1)
    .option(
      "--sweeps <count>",
      "fresh networks, each with another fold left out (default: one a fold)",
      wholeNumber(1),
    )
    .option("--out <file>", "write the curve: .svg, .png, .pdf or .html for a picture, .json for the numbers")
    .addOption(workersOption())
    .addOption(seedOption())
    .addOption(setOption())
    .action(async (analysis: string, options: LrFindOptions) => {
      const { lrFindCommand } = await import("./command-lr-find.ts");
      await lrFindCommand(analysis, options, context);
    });

  subcommand(program, "features", "select the features of an analysis: ranking, filters, report")
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

  subcommand(program, "profile", "show where the time of the analysis's training step goes")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .option("--steps <count>", "training steps to time", wholeNumber(1), 100)
    .option("--save <file>", "save the step's graph: .onnx for Netron, .txt one line a node")
    .addOption(setOption())
    .action(async (analysis: string, options: ProfileOptions) => {
      const { profileCommand } = await import("./command-profile.ts");
      await profileCommand(analysis, options, context);
    });
}
