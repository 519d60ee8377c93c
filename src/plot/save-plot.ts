/** Writing a plot as the file that its name says: picture, page or specification. */
import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { writeAtomically } from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { plotPage } from "./plot-page.ts";
import { renderSvg } from "./render.ts";
import { renderPdf } from "./render-pdf.ts";
import { renderPng } from "./render-png.ts";
import type { PlotSpec } from "./spec.ts";

const writers: Readonly<Record<string, (spec: PlotSpec) => Promise<string | Uint8Array>>> = {
  ".svg": (spec) => renderSvg(spec),
  ".png": (spec) => renderPng(spec),
  ".pdf": renderPdf,
  ".html": plotPage,
  ".json": async (spec) => `${JSON.stringify(spec, null, 2)}\n`,
};

/**
 * Writes the plot by the ending of the path: .svg, .png, .pdf, .html (interactive page), or .json (the Vega-Lite
 * specification). The file is whole or, after an error, as it was before.
 *
 * @throws ConfigurationError for another ending.
 * @example
 * await savePlot(plotRoc([curve], { experiment: "CMS" }), "roc.pdf");
 */
export async function savePlot(spec: PlotSpec, path: string): Promise<void> {
  const content = await plotWriter(path)(spec);
  await writeAtomically(path, (temporary) => writeFile(temporary, content));
}

/**
 * What writes a plot for a file of that name, to be asked before the work begins.
 * @throws ConfigurationError for an ending that is none of a picture.
 */
export function plotWriter(path: string): (spec: PlotSpec) => Promise<string | Uint8Array> {
  const ending = extname(path).toLowerCase();
  const writer = Object.hasOwn(writers, ending) ? writers[ending] : undefined;
  if (writer) return writer;
  throw new ConfigurationError(
    `plot: a picture is written as ${Object.keys(writers).join(", ")}, not as "${path}".`,
  );
}
