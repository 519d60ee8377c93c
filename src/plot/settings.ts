/** What a plot can be told about its looks: one object that every plot takes, by code or from a YAML file. */

/** Where the legend stands inside the frame; "none" leaves it out. */
export type LegendPlace = "topLeft" | "topRight" | "bottomLeft" | "bottomRight" | "none";

/** Sizes of letters in pixels. */
export interface FontSizes {
  /** Title above the picture. Default 15. */
  readonly title?: number;
  /** Experiment (bold, two pixels larger), status, luminosity and energy. Default 13. */
  readonly header?: number;
  /** Titles of the axes. Default 13. */
  readonly axis?: number;
  /** Numbers at the ticks. Default 12. */
  readonly ticks?: number;
  /** Default 12. */
  readonly legend?: number;
}

/** How a class or sample is shown. */
export interface SampleLook {
  /** Name in the legend; the key by default. */
  readonly name?: string;
  /** Colour as "#rrggbb"; the next of the palette by default. */
  readonly colour?: string;
}

/** Looks of a plot; all have defaults. Plots with further options extend it. */
export interface PlotSettings {
  /**
   * "hep" (default): a closed frame with ticks inward on four sides, as collider experiments publish. "plain": axes at
   * the left and below, ticks outward, light grid lines.
   */
  readonly style?: "hep" | "plain";
  /** Printed above the frame; none by default. */
  readonly title?: string;
  /** Of the whole picture in pixels. Default 480. */
  readonly width?: number;
  /** Of the whole picture in pixels. Default 360. */
  readonly height?: number;
  /** Colours in order of use; the default is told apart with every common colour vision. */
  readonly palette?: readonly string[];
  readonly fontSizes?: FontSizes;
  /** Other words for the axis titles. */
  readonly labels?: { readonly x?: string; readonly y?: string; readonly right?: string };
  /** Name of the experiment, in bold at the top left of the frame. */
  readonly experiment?: string;
  /** Status of the result ("Preliminary", "Simulation"), in italics after the experiment. */
  readonly status?: string;
  /** Integrated luminosity, at the top right: a number is in fb⁻¹, a text stands as it is. */
  readonly luminosity?: number | string;
  /** √s, at the top right after the luminosity: a number is in TeV, a text stands as it is. */
  readonly energy?: number | string;
  /** Further conditions (which events), at the top right before luminosity and energy. */
  readonly note?: string;
  /** Names and colours of classes and samples, by what they are called in the data. */
  readonly samples?: Readonly<Record<string, SampleLook>>;
  /** Where the legend stands; each plot knows a good place by default. */
  readonly legend?: LegendPlace;
  /** Logarithmic horizontal axis, where the plot can have one. */
  readonly logX?: boolean;
  /** Logarithmic vertical axis, where the plot can have one. */
  readonly logY?: boolean;
}

/**
 * The six colours of Petroff, "Accessible color sequences for data visualization" (arXiv 2107.02270),
 * which several LHC experiments recommend.
 */
export const defaultPalette: readonly string[] = [
  "#5790fc",
  "#e42536",
  "#f89c20",
  "#964a8b",
  "#9c9ca1",
  "#7a21dd",
];

/** Colour number `index` of a palette, starting again after the last. */
export function colour(palette: readonly string[], index: number): string {
  return palette[index % palette.length] ?? "#000000";
}

/** The name and colour of a class or sample, which is number `index` of those drawn. Colours that others are given are left to them. */
export function lookOf(
  key: string,
  index: number,
  { palette = defaultPalette, samples = {} }: PlotSettings,
): { readonly name: string; readonly colour: string } {
  const given = Object.hasOwn(samples, key) ? samples[key]! : {};
  if (given.colour) return { name: given.name ?? key, colour: given.colour };
  const taken = Object.values(samples).map((sample) => sample.colour?.toLowerCase());
  const free = palette.filter((each) => !taken.includes(each.toLowerCase()));
  return { name: given.name ?? key, colour: colour(free.length > 0 ? free : palette, index) };
}

/** A shade of a colour that stands out from its own light fill. */
export function darker(color: string): string {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (!match) return color;
  const parts = match.slice(1).map((part) => Math.round(Number.parseInt(part, 16) * 0.6));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** All sizes of letters. */
export function fontSizesOf({ fontSizes = {} }: PlotSettings): Required<FontSizes> {
  return { title: 15, header: 13, axis: 13, ticks: 12, legend: 12, ...fontSizes };
}

/** What stands at the top right: note, luminosity, energy. */
export function conditionsOf({ note, luminosity, energy }: PlotSettings): string {
  const amount = typeof luminosity === "number" ? `${luminosity} fb⁻¹` : luminosity;
  const collisions = typeof energy === "number" ? `${energy} TeV` : energy;
  const beam = [amount, collisions && amount ? `(${collisions})` : collisions].filter(Boolean).join(" ");
  return [note, beam].filter(Boolean).join(", ");
}
