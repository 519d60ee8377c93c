/** The table of a network's parameters. */
import { elementCount } from "../tensor/index.ts";
import type { ModelBuilder } from "./builder.ts";

/** A parameter, or a running statistic. */
export interface ParameterRow {
  /** The part of the network: "head", "body", "tail", "loss". */
  readonly part: string;
  /** The layer's path: "body.layer0". */
  readonly layer: string;
  /** Its name in the layer: "weight". */
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** Whether training changes it by gradients: neither a running statistic nor frozen. */
  readonly isTrainable: boolean;
  readonly kind: "parameter" | "statistic";
}

/** All parameters in the order of the network, then its running statistics. */
export function parameterTable({ layout, frozen }: Pick<ModelBuilder, "layout" | "frozen">): ParameterRow[] {
  const rows = (entries: typeof layout.parameters, kind: ParameterRow["kind"]) =>
    entries.map(({ name: full, shape }): ParameterRow => {
      const end = full.lastIndexOf(".");
      return {
        part: full.slice(0, full.indexOf(".")),
        layer: full.slice(0, end),
        name: full.slice(end + 1),
        shape,
        count: elementCount(shape),
        isTrainable: kind === "parameter" && !frozen.has(full),
        kind,
      };
    });
  return [...rows(layout.parameters, "parameter"), ...rows(layout.buffers, "statistic")];
}

/** The table as text, with sums. */
export function parameterTableText(rows: readonly ParameterRow[]): string {
  const cells = rows.map(({ layer, name, shape, count, isTrainable, kind }) => [
    layer,
    name,
    `[${shape.join(", ")}]`,
    count.toLocaleString("en"),
    isTrainable ? "yes" : kind === "statistic" ? "no (running statistic)" : "no (frozen)",
  ]);
  const lines = [["layer", "name", "shape", "count", "trainable"], ...cells];
  const widths = [0, 1, 2, 3].map((c) => Math.max(...lines.map((line) => line[c]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, c) => (c === 4 ? cell : c === 3 ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join("  "),
  );
  const sum = (chosen: readonly ParameterRow[]) =>
    chosen.reduce((total, { count }) => total + count, 0).toLocaleString("en");
  const parameters = rows.filter(({ kind }) => kind === "parameter");
  const trainable = parameters.filter(({ isTrainable }) => isTrainable);
  return `${text.join("\n")}\n${sum(parameters)} parameters, ${sum(trainable)} of them trainable\n`;
}
