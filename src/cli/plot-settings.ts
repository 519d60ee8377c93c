/** Looks of plots as users give them: the key `plots` of an analysis file, a YAML file of their own, options. */
import { z } from "zod";
import { ConfigurationError } from "../errors/index.ts";
import type { PlotSettings, SampleLook } from "../plot/index.ts";
import { flag, number, text, wholeNumber } from "./analysis-schema-values.ts";
import { checkedSettings, readSettingsFile } from "./settings-file.ts";

const colour = (meaning: string): z.ZodString =>
  text(meaning).regex(/^#[0-9a-f]{6}$/i, 'expected a colour such as "#5790fc"');
const pixels = (meaning: string): z.ZodNumber => wholeNumber(1, meaning);
const amount = (meaning: string): z.ZodUnion<readonly [z.ZodNumber, z.ZodString]> =>
  z.union([number(meaning), text(meaning)]);

const sample: z.ZodType<SampleLook> = z.strictObject({
  name: text("name in the legend").exactOptional(),
  colour: colour("colour").exactOptional(),
});

/** The schema of `PlotSettings`: strict, with a meaning for each key. */
export const plotSettingsSchema: z.ZodType<PlotSettings> = z
  .strictObject({
    style: z
      .enum(["hep", "plain"])
      .describe("hep: a closed frame with ticks inward on four sides; plain: two axes and a light grid")
      .exactOptional(),
    title: text("printed above the frame").exactOptional(),
    width: pixels("of the whole picture in pixels").exactOptional(),
    height: pixels("of the whole picture in pixels").exactOptional(),
    palette: z
      .array(colour("colour"), { error: "expected a list of colours" })
      .min(1, "expected at least one colour")
      .describe("colours in order of use")
      .exactOptional(),
    fontSizes: z
      .strictObject({
        title: pixels("title above the picture").exactOptional(),
        header: pixels("experiment, status, luminosity and energy").exactOptional(),
        axis: pixels("titles of the axes").exactOptional(),
        ticks: pixels("numbers at the ticks").exactOptional(),
        legend: pixels("legend").exactOptional(),
      })
      .describe("sizes of letters in pixels")
      .exactOptional(),
    labels: z
      .strictObject({
        x: text("title of the horizontal axis").exactOptional(),
        y: text("title of the vertical axis").exactOptional(),
        right: text("title of the axis at the right, or of the panel below").exactOptional(),
      })
      .exactOptional(),
    experiment: text("name of the experiment, in bold").exactOptional(),
    status: text("status of the result, in italics").exactOptional(),
    luminosity: amount("in fb⁻¹, or a text as it stands").exactOptional(),
    energy: amount("√s in TeV, or a text as it stands").exactOptional(),
    note: text("further conditions: which events").exactOptional(),
    samples: z
      .record(z.string(), sample)
      .describe("names and colours of classes and samples, by what they are called in the data")
      .exactOptional(),
    legend: z.enum(["topLeft", "topRight", "bottomLeft", "bottomRight", "none"]).exactOptional(),
    logX: flag("logarithmic horizontal axis, where the plot can have one").exactOptional(),
    logY: flag("logarithmic vertical axis, where the plot can have one").exactOptional(),
  })
  .describe("looks of all pictures");

/** The options of a command that are settings; commander gives their values as they are typed. */
export interface LookOptions {
  readonly settings?: string;
  readonly style?: string;
  readonly title?: string;
  readonly width?: number;
  readonly height?: number;
  readonly palette?: readonly string[];
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly rightLabel?: string;
  readonly experiment?: string;
  readonly status?: string;
  readonly luminosity?: string;
  readonly energy?: string;
  readonly note?: string;
  /** "KEY=name" or "KEY=name,#rrggbb". */
  readonly name?: readonly string[];
  readonly legend?: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
}

/**
 * Settings from a base (those of the analysis), the file, and the options: what comes later wins, key by key.
 *
 * @throws ConfigurationError that names every fault, FileFormatError for a missing file.
 */
export function settingsOfOptions(options: LookOptions, base: PlotSettings = {}): PlotSettings {
  const { settings } = options;
  const file = settings === undefined ? {} : readSettingsFile("--settings", settings, plotSettingsSchema);
  return merged(merged(base, file), optionSettings(options));
}

function optionSettings(options: LookOptions): PlotSettings {
  const { xLabel, yLabel, rightLabel, luminosity, energy, name = [], settings: _, ...rest } = options;
  const value = {
    ...rest,
    labels: { x: xLabel, y: yLabel, right: rightLabel },
    luminosity: luminosity && numberOrText(luminosity),
    energy: energy && numberOrText(energy),
    samples: Object.fromEntries(name.map(sampleOf)),
  };
  return checkedSettings(withoutAbsent(value), plotSettingsSchema, (place) => `--${place}`);
}

/** "s=H → ττ,#e42536": what a sample is called in the data, its name, its colour. */
function sampleOf(word: string): [string, SampleLook] {
  const at = word.indexOf("=");
  const [, name, colour] = /^(.*?)(?:,(#\w+))?$/.exec(word.slice(at + 1)) ?? [];
  if (at < 1 || (!name && !colour)) {
    throw new ConfigurationError(
      `--name "${word}": give what a sample is called in the data and its name, and a colour if you like, such as s=Signal or s=Signal,#e42536.`,
    );
  }
  return [word.slice(0, at), { ...(name ? { name } : {}), ...(colour ? { colour } : {}) }];
}

function numberOrText(word: string): number | string {
  return word.trim() !== "" && Number.isFinite(Number(word)) ? Number(word) : word;
}

function withoutAbsent(value: object): object {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, own]) => {
      if (own === undefined) return [];
      if (typeof own !== "object" || Array.isArray(own)) return [[key, own]];
      const inner = withoutAbsent(own);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }),
  );
}

function merged(below: PlotSettings, above: PlotSettings): PlotSettings {
  const { labels, fontSizes, samples } = below;
  return {
    ...below,
    ...above,
    ...(labels || above.labels ? { labels: { ...labels, ...above.labels } } : {}),
    ...(fontSizes || above.fontSizes ? { fontSizes: { ...fontSizes, ...above.fontSizes } } : {}),
    ...(samples || above.samples ? { samples: { ...samples, ...above.samples } } : {}),
  };
}
