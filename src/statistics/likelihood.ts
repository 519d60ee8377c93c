/** The likelihood of a HistFactory workspace: expected events as a function of the parameters, and constraints. */
import { ConfigurationError, DataError, unknownName } from "../errors/index.ts";
import { multiplied, shifted, type TemplateInterpolation } from "./interpolation.ts";
import type { Modifier, Workspace } from "./workspace.ts";

/** A parameter of the fit. */
export interface FitParameter {
  readonly name: string;
  readonly initial: number;
  readonly bounds: readonly [number, number];
  readonly fixed: boolean;
  /** Gaussian: an auxiliary measurement with this deviation. Poisson: counts with mean scale × parameter. */
  readonly constraint?:
    | { readonly kind: "gauss"; readonly sigma: number }
    | { readonly kind: "poisson"; readonly scale: number };
  /** What the auxiliary measurement gave; NaN without a constraint. */
  readonly auxiliary: number;
}

/** Events found in all bins, and auxiliary measurements in the order of the parameters. */
export interface FitData {
  readonly bins: Float64Array;
  readonly auxiliary: Float64Array;
}

/** A factor or a shift of one bin by one parameter. */
type Term =
  | { readonly kind: "free"; readonly parameter: number }
  | { readonly kind: "norm"; readonly parameter: number; readonly low: number; readonly high: number }
  | { readonly kind: "shape"; readonly parameter: number; readonly low: number; readonly high: number };

/** A sample's part of one bin. */
interface Part {
  readonly bin: number;
  readonly nominal: number;
  readonly terms: readonly Term[];
}

/**
 * The model of a workspace: each sample's bin is (nominal + Σ shifts) · Π factors, and a bin the sum of its samples.
 *
 * Cranmer, Lewis, Moneta, Shibata, Verkerke, CERN-OPEN-2012-016.
 */
export class HistFactoryModel {
  readonly parameters: readonly FitParameter[];
  /** Place of the parameter of interest. */
  readonly interest: number;
  readonly binCount: number;
  /** What was observed. */
  readonly data: FitData;
  readonly #parts: readonly Part[];
  readonly #interpolation: TemplateInterpolation;

  /**
   * @param interpolation between the variations: `smooth` (default; pyhf's codes 4 and 4p, polynomials within ±1) or
   * `kinked` (codes 1 and 0, exponential and linear).
   * @throws {ConfigurationError} for a workspace without the measurement or with a luminosity of no uncertainty.
   */
  constructor(
    workspace: Workspace,
    {
      interpolation = "smooth",
      measurement = 0,
    }: { interpolation?: TemplateInterpolation; measurement?: number } = {},
  ) {
    const config = workspace.measurements[measurement]?.config;
    if (!config) throw new ConfigurationError(`workspace: there is no measurement ${measurement}.`);
    const settings = new Map(config.parameters.map((parameter) => [parameter.name, parameter]));
    const parameters: FitParameter[] = [];
    const places = new Map<string, number>();
    const parameter = (name: string, of: () => Omit<FitParameter, "name">, place?: number): number => {
      const key = place === undefined ? name : `${name}[${place}]`;
      let at = places.get(key);
      if (at === undefined) {
        at = parameters.length;
        places.set(key, at);
        const own = settings.get(name);
        const [low, high] = own?.bounds?.[place ?? 0] ?? [];
        const made = of();
        parameters.push({
          name: key,
          ...made,
          initial: own?.inits?.[place ?? 0] ?? made.initial,
          bounds: low !== undefined && high !== undefined ? [low, high] : made.bounds,
          fixed: own?.fixed ?? made.fixed,
          auxiliary: own?.auxdata?.[place ?? 0] ?? made.auxiliary,
        });
      }
      return at;
    };
    const parts: Part[] = [];
    const bins: number[] = [];
    for (const { name: channelName, samples } of workspace.channels) {
      const observation = workspace.observations.find(({ name }) => name === channelName);
      if (!observation)
        throw new DataError(`workspace: there are no observations of channel "${channelName}".`);
      const first = bins.length;
      bins.push(...observation.data);
      const deviation = (name: string, bin: number): number => relativeStatistics(samples, name, bin);
      for (const { data, modifiers } of samples) {
        for (let bin = 0; bin < data.length; bin++) {
          const termOf = (modifier: Modifier): Term => {
            const { name } = modifier;
            switch (modifier.type) {
              case "normfactor":
                return { kind: "free", parameter: parameter(name, () => free) };
              case "shapefactor":
                return { kind: "free", parameter: parameter(name, () => free, bin) };
              case "lumi": {
                const sigma = settings.get(name)?.sigmas?.[0];
                if (sigma === undefined) {
                  throw new ConfigurationError(`workspace: the measurement has no "sigmas" for "${name}".`);
                }
                return { kind: "free", parameter: parameter(name, () => gauss(sigma)) };
              }
              case "staterror":
                return { kind: "free", parameter: parameter(name, () => gauss(deviation(name, bin)), bin) };
              case "shapesys":
                return {
                  kind: "free",
                  parameter: parameter(name, () => poisson(data[bin]!, modifier.data[bin]!), bin),
                };
              case "normsys": {
                const { lo: low, hi: high } = modifier.data;
                return { kind: "norm", parameter: parameter(name, () => standard), low, high };
              }
              case "histosys": {
                const low = modifier.data.lo_data[bin]! - data[bin]!;
                const high = modifier.data.hi_data[bin]! - data[bin]!;
                return { kind: "shape", parameter: parameter(name, () => standard), low, high };
              }
            }
          };
          const terms = modifiers.map(termOf);
          parts.push({ bin: first + bin, nominal: data[bin]!, terms });
        }
      }
    }
    const names = parameters.map(({ name }) => name);
    this.interest = names.indexOf(config.poi);
    if (this.interest < 0) throw unknownName("workspace: parameter of interest", config.poi, names);
    this.parameters = parameters;
    this.binCount = bins.length;
    this.data = {
      bins: Float64Array.from(bins),
      auxiliary: Float64Array.from(parameters, ({ auxiliary }) => auxiliary),
    };
    this.#parts = parts;
    this.#interpolation = interpolation;
  }

  /** Expected events of each bin, and their derivatives `[bins, parameters]`. */
  expected(values: Float64Array): { readonly bins: Float64Array; readonly slopes: Float64Array } {
    const width = this.parameters.length;
    const bins = new Float64Array(this.binCount);
    const slopes = new Float64Array(this.binCount * width);
    for (const { bin, nominal, terms } of this.#parts) {
      let base = nominal;
      const found = terms.map((term) => {
        const x = values[term.parameter]!;
        if (term.kind === "free") return { value: x, slope: 1 };
        const { low, high } = term;
        if (term.kind === "norm") return multiplied(x, low, high, this.#interpolation);
        const shift = shifted(x, low, high, this.#interpolation);
        base += shift.value;
        return shift;
      });
      const productWithout = (skipped: number): number =>
        found.reduce(
          (product, { value }, i) =>
            i === skipped || terms[i]!.kind === "shape" ? product : product * value,
          1,
        );
      const all = productWithout(-1);
      bins[bin]! += base * all;
      for (const [i, term] of terms.entries()) {
        const outer = term.kind === "shape" ? all : base * productWithout(i);
        slopes[bin * width + term.parameter]! += outer * found[i]!.slope;
      }
    }
    return { bins, slopes };
  }

  /**
   * −ln L without constants of the data, its gradient, and the expected second derivatives `[parameters, parameters]`
   * (Fisher information, which is never negative). Infinite where a bin with events expects none.
   */
  negativeLogLikelihood(
    values: Float64Array,
    data: FitData,
  ): { readonly value: number; readonly gradient: Float64Array; readonly information: Float64Array } {
    const width = this.parameters.length;
    const { bins, slopes } = this.expected(values);
    let value = 0;
    const gradient = new Float64Array(width);
    const information = new Float64Array(width * width);
    for (let bin = 0; bin < bins.length; bin++) {
      const mean = bins[bin]!;
      const count = data.bins[bin]!;
      if (mean < 0 || (mean === 0 && count > 0))
        return { value: Number.POSITIVE_INFINITY, gradient, information };
      // Against count itself as mean, so that differences of likelihoods keep their digits.
      value += mean - count - (count > 0 ? count * Math.log(mean / count) : 0);
      const outer = 1 - (count > 0 ? count / mean : 0);
      for (let i = 0; i < width; i++) {
        const slope = slopes[bin * width + i]!;
        if (slope === 0) continue;
        gradient[i]! += outer * slope;
        if (mean === 0) continue;
        for (let j = 0; j < width; j++) {
          information[i * width + j]! += (slope * slopes[bin * width + j]!) / mean;
        }
      }
    }
    for (const [i, { constraint }] of this.parameters.entries()) {
      if (!constraint) continue;
      const [x, found] = [values[i]!, data.auxiliary[i]!];
      if (constraint.kind === "gauss") {
        const distance = (x - found) / constraint.sigma;
        value += distance ** 2 / 2;
        gradient[i]! += distance / constraint.sigma;
        information[i * width + i]! += 1 / constraint.sigma ** 2;
      } else {
        // The auxiliary measurement is kept in units of the parameter: counts / scale.
        const { scale } = constraint;
        value += scale * (x - found - (found > 0 ? found * Math.log(x / found) : 0));
        gradient[i]! += scale * (1 - found / x);
        information[i * width + i]! += scale / x;
      }
    }
    return { value, gradient, information };
  }
}

const free = { initial: 1, bounds: [0, 10], fixed: false, auxiliary: Number.NaN } as const;
const standard = {
  initial: 0,
  bounds: [-5, 5],
  fixed: false,
  constraint: { kind: "gauss", sigma: 1 },
  auxiliary: 0,
} as const;
const around = { initial: 1, bounds: [1e-10, 10], auxiliary: 1 } as const;

function gauss(sigma: number): Omit<FitParameter, "name"> {
  return sigma > 0
    ? { ...around, fixed: false, constraint: { kind: "gauss", sigma } }
    : { ...around, fixed: true };
}

/** A bin without events or without uncertainty has nothing to fit. */
function poisson(nominal: number, uncertainty: number): Omit<FitParameter, "name"> {
  return nominal > 0 && uncertainty > 0
    ? { ...around, fixed: false, constraint: { kind: "poisson", scale: (nominal / uncertainty) ** 2 } }
    : { ...around, fixed: true };
}

/** √Σ δ² / Σ nominal over the samples of the channel that share the parameter. */
function relativeStatistics(
  samples: Workspace["channels"][number]["samples"],
  name: string,
  bin: number,
): number {
  let squares = 0;
  let nominal = 0;
  for (const { data, modifiers } of samples) {
    const own = modifiers.find((modifier) => modifier.type === "staterror" && modifier.name === name);
    if (own?.type !== "staterror") continue;
    squares += own.data[bin]! ** 2;
    nominal += data[bin]!;
  }
  return nominal > 0 ? Math.sqrt(squares) / nominal : 0;
}
