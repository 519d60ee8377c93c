/** The command that draws pictures. */
import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "./command-context.ts";
import { anyNumber, notNegative, subcommand, wholeNumber } from "./command-options.ts";
import type { PlotCommandOptions } from "./command-plot.ts";
import { plotKindTexts } from "./plot-kind-texts.ts";
import type { LookOptions } from "./plot-settings.ts";

/** Options that say how the picture looks; all others say what it is of. */
const lookNames = [
  ...[
    "settings",
    "style",
    "title",
    "width",
    "height",
    "palette",
    "xLabel",
    "yLabel",
    "rightLabel",
    "experiment",
  ],
  ...["status", "luminosity", "energy", "note", "name", "legend", "logX", "logY"],
];

/** Adds plot. */
export function addPlotCommand(program: Command, context: CommandContext): void {
  subcommand(program, "plot", "draw one picture of a file of events, a run, or saved numbers")
    .argument("<kind>", "what is drawn, see below")
    .argument(
      "<source...>",
      "files of events of any format that is read, a run folder, or a JSON file of numbers",
    )
    .requiredOption("--out <file>", "file to write: .svg, .png, .pdf, .html (interactive), .json (Vega-Lite)")
    .option("--data <file>", "write the numbers of the picture too, as .json; lumin plot draws them again")
    .optionsGroup("What is drawn:")
    .option(
      "--column <names...>",
      "the feature or prediction; several for roc, reliability, correlation, dendrogram",
    )
    .option("--by <column>", "class, process or sample of each event")
    .option("--weight <column>", "event weights, of any sign")
    .option("--select <expression>", "SQL expression that chooses events")
    .option("--tree <name>", "tree or ntuple of ROOT files, group of HDF5 files")
    .option("--missing <values...>", "numbers that stand for missing values, such as -999", numbersOf())
    .option("--signal <values...>", "values of --by that are signal")
    .option("--bins <count>", "number of bins", wholeNumber(1))
    .option("--range <low,high>", "of the horizontal axis", pair)
    .option("--unit <unit>", "of the column, such as GeV")
    .option("--sums", "summed weights in the place of unit area")
    .option("--cut <number>", "a cut on the prediction, drawn as a line", anyNumber)
    .option("--zoom <low,high>", "a part that is drawn again, larger", pair)
    .option("--points <sample>", "sample that is data: points with bars, and their ratio below")
    .option("--lines <samples...>", "samples that are lines over the stack")
    .option("--line-scale <factor>", "lines are multiplied by it", anyNumber)
    .option("--regularisation <numbers...>", "b_reg of the AMS", numbersOf())
    .option("--truth <column>", "true value of a regression")
    .option("--objects <name=prefix...>", "objects of an event by the start of their columns: lepton=PRI_lep")
    .option("--rows <numbers...>", "events to show, counted from 1", numbersOf(wholeNumber(1)))
    .option("--metric <name>", "metric of the history")
    .option("--threshold <number>", "a line: importance to keep, height of clusters", anyNumber)
    .option("--limit <count>", "rows at most", wholeNumber(1))
    .option("--member <number>", "network of the run (default: 0)", wholeNumber(0))
    .option("--block <number>", "block whose bottleneck is looked into", wholeNumber(0))
    .option(
      "--replicas <count>",
      "bootstrap replicas of bands and bars (default: 50; 0: none)",
      wholeNumber(0),
    )
    .option("--seed <number>", "seed of what is drawn at random", wholeNumber(0))
    .optionsGroup("Looks:")
    .option("--settings <file>", "YAML file with settings; options win over it")
    .option("--style <style>", "hep or plain")
    .option("--experiment <name>", "in bold above the frame")
    .option("--status <text>", "in italics after the experiment")
    .option("--luminosity <number>", "in fb⁻¹, or a text")
    .option("--energy <number>", "in TeV, or a text")
    .option("--note <text>", "which events")
    .option("--title <text>", "above the picture")
    .option("--x-label <text>", "title of the horizontal axis")
    .option("--y-label <text>", "title of the vertical axis")
    .option("--right-label <text>", "title of the axis at the right, or of the panel below")
    .option("--name <key=name,colour...>", "name and colour of a sample: s=Signal,#e42536")
    .option("--palette <colours...>", "in order of use")
    .option("--legend <place>", "topLeft, topRight, bottomLeft, bottomRight or none")
    .option("--log-x", "logarithmic horizontal axis, where the plot can have one")
    .option("--log-y", "logarithmic vertical axis, where the plot can have one")
    .option("--width <pixels>", "of the picture", notNegative)
    .option("--height <pixels>", "of the picture", notNegative)
    .addHelpText("after", kindsText())
    .action(async (kind: string, sources: string[], options: Record<string, unknown>) => {
      const { plotCommand } = await import("./command-plot.ts");
      const { debug: _, ...given } = options;
      const looks = Object.entries(given).filter(([name]) => lookNames.includes(name));
      const asked = Object.entries(given).filter(([name]) => !lookNames.includes(name));
      await plotCommand(
        kind,
        sources,
        {
          ...Object.fromEntries(asked),
          looks: Object.fromEntries(looks) as LookOptions,
        } as PlotCommandOptions,
        context,
      );
    });
}

function kindsText(): string {
  const width = Math.max(...Object.keys(plotKindTexts).map((name) => name.length));
  const lines = Object.entries(plotKindTexts).map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
  return `
Kinds:
${lines.join("\n")}

Of events (or of the training events of a run): feature, densities, stack, correlation, dendrogram; of events alone:
events. Of predictions in a file, or of a run: predictions, roc, rejection, ams, reliability, resolution. Of a run: the rest;
losses, overtraining and metric also of history.jsonl files. What --data has written is drawn again, with other looks.

Examples:
  lumin plot feature events.csv --column DER_mass_MMC --by Label --weight Weight --missing -999 --out mass.pdf
  lumin plot stack scores.parquet --column pred --by process --weight w --points data --log-y --out stack.svg
  lumin plot roc runs/higgs --experiment ATLAS --status "Open Data" --energy 8 --out roc.png --data roc.json`;
}

/** Two numbers, the lower first: "0,300". */
function pair(text: string): readonly [number, number] {
  const [low, high, ...more] = text
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (more.length > 0 || !(low! < high!) || !Number.isFinite(high! - low!)) {
    throw new InvalidArgumentError('Expected two numbers, the lower first, such as "0,300".');
  }
  return [low!, high!];
}

/** Collects the numbers of a list. */
function numbersOf(one: (text: string) => number = anyNumber) {
  return (text: string, before: readonly number[] = []): readonly number[] => [...before, one(text)];
}
