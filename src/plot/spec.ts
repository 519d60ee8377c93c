/** What a plot is before it is drawn: a Vega-Lite specification of layers over one frame, as plain data. */

/** A sequence of numbers as metrics and JSON files hold them; null stands for "undefined" (JSON has no NaN). */
export type Values = ArrayLike<number | null>;

/** One row of a layer's inline data. */
export type Row = Readonly<Record<string, number | string | null>>;

/** A mark of Vega-Lite with its constant properties. */
export interface Mark {
  readonly type: "line" | "area" | "point" | "rule" | "rect" | "text";
  readonly [property: string]: unknown;
}

/** A layer of Vega-Lite: its own rows, one mark, and how fields become positions. */
export interface Layer {
  /** Unlike any other in the plot; made of counts, not of the user's labels, which may be alike. */
  readonly name: string;
  readonly data: { readonly values: readonly Row[] };
  readonly mark: Mark;
  readonly encoding: Readonly<Record<string, unknown>>;
  /** What the reader can do with it, in an interactive page. */
  readonly params?: readonly unknown[];
}

/** Layers that have a vertical scale of their own. */
export interface LayerGroup {
  readonly layer: readonly Layer[];
  readonly resolve: { readonly axis: OwnAxes };
}

/** Axes (or scales) are those of the layer that has them; Vega-Lite would merge them with those of all others. */
export interface OwnAxes {
  readonly x: "independent";
  readonly y: "independent";
}

/** Panels whose axes have nothing to do with each other. */
export const ownAxes: OwnAxes = { x: "independent", y: "independent" };

/** A Vega-Lite specification as the functions of this folder make it; it opens in any Vega-Lite editor. */
export interface PlotSpec {
  readonly $schema: "https://vega.github.io/schema/vega-lite/v6.json";
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly padding: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  readonly autosize: { readonly type: "none" };
  readonly layer: readonly (Layer | LayerGroup)[];
  readonly resolve: { readonly axis: OwnAxes; readonly scale?: OwnAxes };
  readonly config: Readonly<Record<string, unknown>>;
  /** For drawing: whether the axes are repeated on the opposite sides; absent: they are not. */
  readonly usermeta?: { readonly mirrored: boolean };
}

/** A mark at fixed pixels of the frame. */
export function pixelLayer(name: string, mark: Mark): Layer {
  // As values of channels: as properties of the mark, Vega-Lite ignores the far ends of rules.
  const { x, x2, y, y2, ...looks } = mark;
  const places = Object.entries({ x, x2, y, y2 }).filter(([, value]) => value !== undefined);
  const encoding = Object.fromEntries(places.map(([name, value]) => [name, { value }]));
  return { name, data: { values: [{}] }, mark: looks, encoding };
}
