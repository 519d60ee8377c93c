/** Drawing as an interactive page: one HTML file that shows values under the pointer and zooms, and loads nothing. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { html, Markup } from "./html.ts";
import { fontFaces } from "./page-fonts.ts";
import { compilePlot } from "./render.ts";
import type { Layer, LayerGroup, PlotSpec } from "./spec.ts";

/**
 * An HTML page with the plot. Wheel and drag zoom and move, a double click goes back, the pointer shows the numbers
 * of what it is on. Vega is in the file.
 *
 * @example
 * await writeFile("roc.html", await plotPage(plotRoc([curve])));
 */
export async function plotPage(spec: PlotSpec): Promise<string> {
  const { spec: vegaSpec } = await compilePlot(interactive(spec));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${spec.description}</title>
<style>${await fontFaces()}
body { margin: 1rem; font: 14px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", Arimo, sans-serif; color: #1a1a1a }</style>
</head>
<body>
<div id="plot"></div>
<script>${new Markup(await vegaScript())}</script>
<script>
const spec = ${new Markup(scriptJson(vegaSpec))};
new vega.View(vega.parse(spec), { renderer: "svg", container: "#plot", hover: true }).runAsync();
</script>
</body>
</html>
`.text;
}

/** The program that draws Vega specifications in a browser, fit for a script element. */
export async function vegaScript(): Promise<string> {
  const built = fileURLToPath(new URL("./vega.min.js", import.meta.resolve("vega")));
  return (await readFile(built, "utf8")).replaceAll("</script", "<\\/script");
}

/** JSON that may stand in a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** The same plot with numbers under the pointer, and scales that the wheel moves. */
export function interactive(spec: PlotSpec): PlotSpec {
  let isBound = false;
  const changed = (layer: Layer): Layer => {
    const { x, y } = layer.encoding as Readonly<
      Record<string, { field?: string; axis?: unknown } | undefined>
    >;
    if (!x?.field && !y?.field) return layer;
    if (x?.axis || y?.axis) return { ...layer, encoding: freeAxes(layer.encoding) };
    const bound = isBound || !x?.field || !y?.field;
    isBound ||= !bound;
    const marked: Layer = { ...layer, mark: { ...layer.mark, clip: true, tooltip: { content: "data" } } };
    return bound ? marked : { ...marked, params: [{ name: "zoom", select: "interval", bind: "scales" }] };
  };
  return {
    ...spec,
    layer: spec.layer.map((part): Layer | LayerGroup =>
      "layer" in part ? { ...part, layer: part.layer.map(changed) } : changed(part),
    ),
  };
}

/** Ticks where the scale is now, not where it was; names stay. */
function freeAxes(encoding: Layer["encoding"]): Layer["encoding"] {
  return Object.fromEntries(
    Object.entries(encoding).map(([name, channel]) => {
      const { axis, ...rest } = channel as { readonly axis: Record<string, unknown> | null };
      if (axis === null || axis.ticks === false) return [name, channel];
      const { values: _values, labelExpr: _labels, tickSize: _size, ...looks } = axis;
      return [name, { ...rest, axis: { ...looks, tickSize: looks.grid ? 5 : -8, labelOverlap: true } }];
    }),
  );
}
