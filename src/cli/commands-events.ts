/** The commands that look at files of events, and fetch public ones. */
import type { Command } from "commander";
import type { CompareOptions } from "./command-compare.ts";
import type { CommandContext } from "./command-context.ts";
import type { DataOptions } from "./command-data.ts";
import type { FoldOptions } from "./command-fold.ts";
import type { InspectOptions } from "./command-inspect.ts";
import { memoryOption, setOption, subcommand, wholeNumber } from "./command-options.ts";

/** Adds inspect, compare, fold and data. */
export function addEventCommands(program: Command, context: CommandContext): void {
  subcommand(
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

  subcommand(program, "compare", "say whether a forest can tell two files of events apart, and by what")
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

  subcommand(program, "fold", "prepare the events of an analysis and write them as folds, without training")
    .argument("<analysis>", "the YAML file that describes the analysis")
    .requiredOption("--out <folder>", "folder to write; it must not exist")
    .addOption(memoryOption())
    .addOption(setOption())
    .addHelpText(
      "after",
      `
The folder holds folds.h5 (the training events, in the layout that the Python LUMIN reads), validation.h5 (those set
aside, prepared in the same way), pipeline.json (the fitted preprocessing) and fold.json (what they were made from).`,
    )
    .action(async (analysis: string, options: FoldOptions) => {
      const { foldCommand } = await import("./command-fold.ts");
      await foldCommand(analysis, options, context);
    });

  const data = program.command("data").description("fetch public data");
  subcommand(
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
}
