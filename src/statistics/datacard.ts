/** Templates with their uncertainties as a datacard of Combine, with its shapes as numbers. */
import type { Numbers } from "../array/index.ts";
import { checkModel, observedOf, type StatisticalModel, variedTemplates } from "./workspace.ts";

/** A histogram of the datacard by its name in the shapes file, CHANNEL/PROCESS or CHANNEL/PROCESS_UNCERTAINTYUp. */
export interface DatacardShape {
  readonly name: string;
  readonly edges: readonly number[];
  /** Σ w of each bin. */
  readonly contents: readonly number[];
  /** √Σ w² of each bin. */
  readonly uncertainties: readonly number[];
}

/** A datacard and its histograms. */
export interface Datacard {
  /** The text of the card; it looks for `shapes.root`. */
  readonly text: string;
  readonly shapes: readonly DatacardShape[];
}

/**
 * The datacard of one channel, for CMS Combine. Signals have process numbers from 0 downwards, backgrounds from 1
 * upwards; the statistical uncertainty of the templates is `autoMCStats`, for which `shapesys` and `staterror` are the same.
 *
 * CMS Collaboration, Comput. Softw. Big Sci. 8, 19 (2024), arXiv 2404.06614.
 *
 * @throws {DataError, ConfigurationError} as `histFactoryWorkspace`.
 */
export function combineDatacard(model: StatisticalModel, edges: Numbers): Datacard {
  checkModel(model);
  const { channel, templates, signal, normalisations = [], shapes = [], luminosity } = model;
  const isSignal = (process: string): boolean => signal.includes(process);
  const ordered = [
    ...templates.filter(({ process }) => isSignal(process)),
    ...templates.filter(({ process }) => !isSignal(process)),
  ];
  const signalCount = ordered.filter(({ process }) => isSignal(process)).length;
  const observed = observedOf(model);
  const none = new Float64Array(observed.length);
  const list: DatacardShape[] = [];
  const add = (name: string, contents: Float64Array, uncertainties: Float64Array): void => {
    list.push({
      name: `${channel}/${name}`,
      edges: Array.from(edges),
      contents: [...contents],
      uncertainties: [...uncertainties],
    });
  };
  add("data_obs", observed, observed.map(Math.sqrt));
  for (const template of ordered) {
    add(template.process, template.sums, template.uncertainties);
    for (const shape of shapes) {
      const varied = variedTemplates(shape, template);
      if (!varied) continue;
      add(`${template.process}_${shape.name}Up`, varied.up, none);
      add(`${template.process}_${shape.name}Down`, varied.down, none);
    }
  }
  const total = (values: Float64Array): string => String(values.reduce((sum, x) => sum + x, 0));
  const row = (name: string, of: (process: string) => string): string[] => [
    name,
    "",
    ...ordered.map(({ process }) => of(process)),
  ];
  const uncertainty = (name: string, kind: string, of: (process: string) => string): string[] => [
    name,
    kind,
    ...ordered.map(({ process }) => of(process)),
  ];
  const columns = [
    row("bin", () => channel),
    row("process", (process) => process),
    row("process", (process) => String(ordered.findIndex((t) => t.process === process) - signalCount + 1)),
    row("rate", (process) => total(ordered.find((t) => t.process === process)!.sums)),
    ...(luminosity === undefined ? [] : [uncertainty("lumi", "lnN", () => String(1 + luminosity))]),
    ...normalisations.map(({ name, processes, low, high }) =>
      uncertainty(name, "lnN", (process) =>
        processes && !processes.includes(process) ? "-" : `${low}/${high}`,
      ),
    ),
    ...shapes.map((shape) =>
      uncertainty(shape.name, "shape", (process) =>
        variedTemplates(shape, ordered.find((t) => t.process === process)!) ? "1" : "-",
      ),
    ),
  ];
  const rule = "-".repeat(60);
  const text = [
    "imax 1",
    `jmax ${ordered.length - 1}`,
    "kmax *",
    rule,
    "shapes * * shapes.root $CHANNEL/$PROCESS $CHANNEL/$PROCESS_$SYSTEMATIC",
    rule,
    `bin ${channel}`,
    `observation ${total(observed)}`,
    rule,
    ...aligned(columns),
    ...(model.statistical === "none" ? [] : [rule, `${channel} autoMCStats 0`]),
  ];
  return { text: `${text.join("\n")}\n`, shapes: list };
}

/** Rows with columns of one width each. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}
