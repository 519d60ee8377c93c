/** Drawing: a specification becomes an SVG picture, always the same bytes for the same specification. */
import type { PlotSpec } from "./spec.ts";

/** How to draw. */
export interface RenderOptions {
  /** Start of the ids inside the picture: must differ between pictures in one HTML page. */
  readonly idPrefix?: string;
}

/**
 * The picture of a plot as SVG text. Nothing in it refers to anything outside; fonts are those of the reader.
 * Vega is loaded with the first picture.
 *
 * @example
 * const svg = await renderSvg(plotRoc([curve], { experiment: "ATLAS", status: "Open data" }));
 */
export async function renderSvg(spec: PlotSpec, options: RenderOptions = {}): Promise<string> {
  const { idPrefix = "plot" } = options;
  const { spec: vegaSpec } = await compilePlot(spec);
  const { parse, View, textMetrics } = await loadVega();
  // A canvas package that happens to be installed would change measured widths, hence the bytes.
  textMetrics.canvas(false);
  const complaints: string[] = [];
  const view = new View(parse(vegaSpec), { renderer: "none", logger: recorder(complaints, []) });
  try {
    const svg = await view.toSVG();
    // Vega only logs what goes wrong while it draws, and hands out half a picture.
    if (complaints.length > 0)
      throw new Error(`internal: Vega could not draw a plot: ${complaints.join(" ")}`);
    return finished(svg, spec.description, idPrefix);
  } finally {
    view.finalize();
  }
}

/** The full Vega specification of a plot, with mirrored axes, and what Vega-Lite had to say about it. */
export async function compilePlot(spec: PlotSpec): Promise<{ spec: VegaSpec; warnings: readonly string[] }> {
  const { compile } = await loadVegaLite();
  const warnings: string[] = [];
  const compiled = compile(spec, { logger: recorder(warnings, warnings) }).spec;
  const axes = compiled.axes ?? [];
  return { spec: spec.usermeta?.mirrored ? { ...compiled, axes: mirrored(axes) } : compiled, warnings };
}

/** A logger that keeps errors and warnings in lists. */
function recorder(errors: string[], warnings: string[]): Logger {
  const into =
    (list: string[]) =>
    (...words: readonly unknown[]): Logger => {
      list.push(words.map(String).join(" "));
      return logger;
    };
  const logger: Logger = {
    level: () => logger,
    error: into(errors),
    warn: into(warnings),
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}

/** Each axis again on the opposite side, without words, where that side is still free. */
function mirrored(axes: readonly VegaAxis[]): VegaAxis[] {
  const taken = new Set(axes.map((axis) => axis.orient));
  const copies = axes
    .filter((axis) => !taken.has(opposite[axis.orient]))
    .map((axis) => {
      const { title: _title, encode: _encode, ...rest } = axis;
      return { ...rest, orient: opposite[axis.orient], labels: false };
    });
  return [...axes, ...copies];
}

const opposite: Readonly<Record<VegaAxis["orient"], VegaAxis["orient"]>> = {
  left: "right",
  right: "left",
  top: "bottom",
  bottom: "top",
};

/** Ids in order of appearance (Vega counts them over the life of the process), short numbers, a text for screen readers. */
function finished(svg: string, description: string, idPrefix: string): string {
  const ids = new Map<string, string>();
  for (const match of svg.matchAll(/\sid="([^"]+)"/g)) {
    const id = match[1]!;
    if (!ids.has(id)) ids.set(id, `${idPrefix}-${ids.size + 1}`);
  }
  const label = description.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  return svg
    .replace(/(\sid="|url\(#)([^")]+)/g, (whole, start: string, id: string) =>
      ids.has(id) ? `${start}${ids.get(id)}` : whole,
    )
    .replace(/\s(?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"/g, (attribute) =>
      attribute.replace(/-?\d+\.\d{3,}(?:e[-+]?\d+)?/g, (number) =>
        String(Math.round(Number(number) * 100) / 100),
      ),
    )
    .replace(/<path class="(?:foreground|background)"[^>]* d="(?:|M0,0h0v0h0Z)"[^>]*\/>/g, "")
    .replace(' xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1"', "")
    .replace(/ (?:role|aria-[a-z]+|pointer-events)="[^"]*"/g, "")
    .replace("<svg ", `<svg role="img" aria-label="${label}" `);
}

/** The axes of a compiled specification; all else is handed through as it is. */
interface VegaAxis {
  readonly orient: "left" | "right" | "top" | "bottom";
  readonly title?: unknown;
  readonly encode?: unknown;
  readonly [property: string]: unknown;
}

/** A Vega specification, as far as this folder looks into it. */
export interface VegaSpec {
  readonly axes?: readonly VegaAxis[];
  readonly [property: string]: unknown;
}

interface Logger {
  level(): Logger;
  error(...words: readonly unknown[]): Logger;
  warn(...words: readonly unknown[]): Logger;
  info(): Logger;
  debug(): Logger;
}

interface VegaLite {
  compile(spec: PlotSpec, options: { logger: Logger }): { spec: VegaSpec };
}

interface Vega {
  parse(spec: VegaSpec): object;
  readonly textMetrics: { canvas(use: boolean): void };
  readonly View: new (
    dataflow: object,
    options: { renderer: "none"; logger: Logger },
  ) => { toSVG(): Promise<string>; finalize(): unknown };
}

// The types of both packages are unions over every possible chart, slow to check and of no help here:
// the few members that are used are typed above.
async function loadVegaLite(): Promise<VegaLite> {
  return (await import("vega-lite")) as unknown as VegaLite;
}

async function loadVega(): Promise<Vega> {
  return (await import("vega")) as unknown as Vega;
}
