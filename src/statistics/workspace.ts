/** Templates with their uncertainties as a HistFactory workspace in JSON, which pyhf reads. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, DataError, unknownName } from "../errors/index.ts";
import type { Template } from "./templates.ts";

/** A relative uncertainty of the yield of some processes. */
export interface NormalisationUncertainty {
  readonly name: string;
  /** Default: all. */
  readonly processes?: readonly string[];
  /** Factors of the yield at −1 and +1 standard deviation, e.g. 0.9 and 1.1. */
  readonly low: number;
  readonly high: number;
}

/** Templates of some processes with a source of uncertainty moved by one standard deviation. */
export interface ShapeUncertainty {
  readonly name: string;
  /** Σ w of each bin by process; processes that are left out do not change. */
  readonly up: Readonly<Record<string, Numbers>>;
  /** Default: as far below the nominal template as `up` is above it, never below 0. */
  readonly down?: Readonly<Record<string, Numbers>>;
}

/** All that a fit of one channel needs. */
export interface StatisticalModel {
  readonly channel: string;
  readonly templates: readonly Template[];
  /** The processes that the parameter of interest scales. */
  readonly signal: readonly string[];
  /** Default "mu". */
  readonly parameterOfInterest?: string;
  /**
   * Uncertainty of the templates by their finite number of events: one parameter a bin for all processes together
   * (`staterror`, default, with a Gaussian constraint), one a bin and process (`shapesys`, with Poisson constraints), none.
   */
  readonly statistical?: "staterror" | "shapesys" | "none";
  /** Relative uncertainty of the luminosity, which scales every process. */
  readonly luminosity?: number;
  readonly normalisations?: readonly NormalisationUncertainty[];
  readonly shapes?: readonly ShapeUncertainty[];
  /** Events found in each bin. Default: Asimov data, the sum of all templates. */
  readonly observed?: Numbers;
}

/** A modifier of a sample, as the schema names them. */
export type Modifier =
  | { readonly name: string; readonly type: "normfactor" | "lumi" | "shapefactor"; readonly data: null }
  | {
      readonly name: string;
      readonly type: "normsys";
      readonly data: { readonly lo: number; readonly hi: number };
    }
  | {
      readonly name: string;
      readonly type: "histosys";
      readonly data: { readonly lo_data: readonly number[]; readonly hi_data: readonly number[] };
    }
  | { readonly name: string; readonly type: "staterror" | "shapesys"; readonly data: readonly number[] };

/** Settings of a parameter in a measurement. */
export interface ParameterSettings {
  readonly name: string;
  readonly inits?: readonly number[];
  readonly bounds?: readonly (readonly number[])[];
  readonly auxdata?: readonly number[];
  readonly sigmas?: readonly number[];
  readonly fixed?: boolean;
}

/** A workspace of the JSON schema 1.0.0 of HistFactory. */
export interface Workspace {
  readonly channels: readonly {
    readonly name: string;
    readonly samples: readonly {
      readonly name: string;
      readonly data: readonly number[];
      readonly modifiers: readonly Modifier[];
    }[];
  }[];
  readonly observations: readonly { readonly name: string; readonly data: readonly number[] }[];
  readonly measurements: readonly {
    readonly name: string;
    readonly config: { readonly poi: string; readonly parameters: readonly ParameterSettings[] };
  }[];
  readonly version: "1.0.0";
}

/**
 * The workspace of one channel with one measurement. Several channels: their lists joined; parameters of the same name
 * are the same parameter.
 *
 * Heinrich, Feickert, Stark, Cranmer, JOSS 6(58), 2823 (2021); ATL-PHYS-PUB-2019-029.
 *
 * @throws {DataError} for a bin whose weights sum to less than zero, a variation or data with another number of bins;
 * {ConfigurationError} for factors that are not positive, two uncertainties of one name, a signal without template.
 */
export function histFactoryWorkspace(model: StatisticalModel): Workspace {
  checkModel(model);
  const { channel, templates, signal, parameterOfInterest = "mu", statistical = "staterror" } = model;
  const samples = templates.map((template) => {
    const { process, sums, uncertainties } = template;
    const modifiers: Modifier[] = [];
    if (signal.includes(process))
      modifiers.push({ name: parameterOfInterest, type: "normfactor", data: null });
    if (statistical !== "none" && uncertainties.some((u) => u > 0)) {
      const name = statistical === "staterror" ? `staterror_${channel}` : `stat_${channel}_${process}`;
      modifiers.push({ name, type: statistical, data: [...uncertainties] });
    }
    if (model.luminosity !== undefined) modifiers.push({ name: "lumi", type: "lumi", data: null });
    for (const { name, processes, low, high } of model.normalisations ?? []) {
      if (processes && !processes.includes(process)) continue;
      modifiers.push({ name, type: "normsys", data: { lo: low, hi: high } });
    }
    for (const shape of model.shapes ?? []) {
      const varied = variedTemplates(shape, template);
      if (!varied) continue;
      const data = { lo_data: [...varied.down], hi_data: [...varied.up] };
      modifiers.push({ name: shape.name, type: "histosys", data });
    }
    return { name: process, data: [...sums], modifiers };
  });
  const parameters: ParameterSettings[] =
    model.luminosity === undefined
      ? []
      : [
          {
            name: "lumi",
            auxdata: [1],
            bounds: [[Math.max(0, 1 - 5 * model.luminosity), 1 + 5 * model.luminosity]],
            inits: [1],
            sigmas: [model.luminosity],
          },
        ];
  return {
    channels: [{ name: channel, samples }],
    observations: [{ name: channel, data: [...observedOf(model)] }],
    measurements: [{ name: "measurement", config: { poi: parameterOfInterest, parameters } }],
    version: "1.0.0",
  };
}

/** What was found in each bin: the data, else the sum of the templates. */
export function observedOf({ templates, observed }: StatisticalModel): Float64Array {
  if (observed) return Float64Array.from(observed);
  return templates[0]!.sums.map((_, bin) => templates.reduce((sum, { sums }) => sum + sums[bin]!, 0));
}

/** The templates of a process with a shape uncertainty moved up and down; undefined where it does not change. */
export function variedTemplates(
  { up, down }: ShapeUncertainty,
  { process, sums }: Template,
): { readonly up: Float64Array; readonly down: Float64Array } | undefined {
  const high = up[process];
  const low = down?.[process];
  if (!high && !low) return undefined;
  const mirrored = (varied: Numbers): Float64Array =>
    sums.map((nominal, bin) => Math.max(0, 2 * nominal - varied[bin]!));
  return {
    up: high ? Float64Array.from(high) : mirrored(low!),
    down: low ? Float64Array.from(low) : mirrored(high!),
  };
}

/** Checks a model once, for the workspace and the datacard. */
export function checkModel(model: StatisticalModel): void {
  const { templates, signal, normalisations = [], shapes = [], observed, luminosity } = model;
  if (templates.length === 0) throw new DataError("templates: there are none.");
  const processes = templates.map(({ process }) => process);
  const binCount = templates[0]!.sums.length;
  const checkBins = (what: string, values: Numbers): void => {
    if (values.length !== binCount) {
      throw new DataError(`${what}: ${values.length} bins, but the templates have ${binCount}.`);
    }
    for (let bin = 0; bin < binCount; bin++) {
      if (!(values[bin]! >= 0 && values[bin]! < Number.POSITIVE_INFINITY)) {
        throw new DataError(
          `${what}: bin ${bin} holds ${values[bin]}; an expected number of events must not be negative. Merge bins until the weights sum to a positive number.`,
        );
      }
    }
  };
  for (const { process, sums } of templates) checkBins(`template of "${process}"`, sums);
  if (signal.length === 0) throw new ConfigurationError("signal: name the processes that are signal.");
  for (const name of signal) {
    if (!processes.includes(name)) throw unknownName("signal: process", name, processes);
  }
  if (luminosity !== undefined && !(luminosity > 0 && luminosity < 1)) {
    throw new ConfigurationError(
      `luminosity: the relative uncertainty is ${luminosity}; it must be in (0, 1).`,
    );
  }
  const names = new Set<string>(["lumi", model.parameterOfInterest ?? "mu"]);
  for (const { name } of [...normalisations, ...shapes]) {
    if (names.has(name)) throw new ConfigurationError(`uncertainty "${name}": this name is there twice.`);
    names.add(name);
  }
  for (const { name, low, high, processes: named = [] } of normalisations) {
    for (const process of named) {
      if (!processes.includes(process))
        throw unknownName(`uncertainty "${name}": process`, process, processes);
    }
    if (!(low > 0 && high > 0 && low < Number.POSITIVE_INFINITY && high < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(
        `uncertainty "${name}": the factors are ${low} and ${high}; both must be positive.`,
      );
    }
  }
  for (const { name, up, down = {} } of shapes) {
    for (const [process, varied] of [...Object.entries(up), ...Object.entries(down)]) {
      if (!processes.includes(process))
        throw unknownName(`uncertainty "${name}": process`, process, processes);
      checkBins(`uncertainty "${name}" of "${process}"`, varied);
    }
  }
  if (observed) checkBins("data", observed);
}
