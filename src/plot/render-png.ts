/** Drawing as PNG, with the package's own letters: the same bytes on every machine of a kind. */
import { fontFamily, fontFiles } from "./picture-fonts.ts";
import { renderSvg } from "./render.ts";
import type { PlotSpec } from "./spec.ts";

/** How a PNG is drawn. */
export interface PngOptions {
  /** Pixels of the file for one of the specification. Default 2, for sharp screens and paper. */
  readonly scale?: number;
}

/**
 * The picture of a plot as the bytes of a PNG file.
 *
 * @example
 * await writeFile("roc.png", await renderPng(plotRoc([curve])));
 */
export async function renderPng(spec: PlotSpec, { scale = 2 }: PngOptions = {}): Promise<Uint8Array> {
  const svg = await renderSvg(spec);
  const { renderAsync } = await import("@resvg/resvg-js");
  const picture = await renderAsync(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles(),
      defaultFontFamily: fontFamily,
      sansSerifFamily: fontFamily,
    },
  });
  return picture.asPng();
}
