/** Looking into the specification of a plot. */
import type { Layer, PlotSpec } from "../../src/plot/index.ts";

/** All layers, those of groups too. */
export function layersOf(spec: PlotSpec): Layer[] {
  return spec.layer.flatMap((part) => ("layer" in part ? part.layer : [part]));
}

/** The layer of that name; an error names those that there are. */
export function layerOf(spec: PlotSpec, name: string): Layer {
  const found = layersOf(spec).find((part) => part.name === name);
  if (!found) throw new Error(`no layer "${name}" among ${layersOf(spec).map((part) => part.name)}`);
  return found;
}

/** The texts of the legend, from the top. */
export function legendOf(spec: PlotSpec): string[] {
  return layersOf(spec)
    .filter(({ name }) => name.startsWith("legend label"))
    .map(({ mark }) => String(mark.text));
}
