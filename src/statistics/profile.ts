/** Fits of a workspace, and the significance and exclusion that follow from the profile likelihood. */
import { DataError } from "../errors/index.ts";
import type { FitData, HistFactoryModel } from "./likelihood.ts";
import { normalTail } from "./normal.ts";

/** The best values of the parameters. */
export interface FitResult {
  readonly values: Float64Array;
  /** −ln L there, without constants of the data. */
  readonly minimum: number;
}

/**
 * The maximum of the likelihood, within the bounds of the parameters.
 *
 * Levenberg–Marquardt steps with the Fisher information from the initial values, to about 1e-11; parameters at a bound
 * that push outwards rest. Where the likelihood has several maxima it is the one that is reached from there.
 *
 * @param interest holds the parameter of interest at this value; free where it is left out.
 * @throws {DataError} when a bin with events expects none at the start, or no maximum is found.
 */
export function fitWorkspace(
  model: HistFactoryModel,
  data: FitData = model.data,
  { interest }: { readonly interest?: number } = {},
): FitResult {
  const { parameters } = model;
  let values = Float64Array.from(parameters, ({ initial }) => initial);
  const isFixed = parameters.map(({ fixed }, i) => fixed || (interest !== undefined && i === model.interest));
  if (interest !== undefined) values[model.interest] = interest;
  let here = model.negativeLogLikelihood(values, data);
  if (!Number.isFinite(here.value)) {
    throw new DataError("fit: a bin with events expects none; merge it with one that has background.");
  }
  let damping = 1e-3;
  // Gradient times the last step.
  let previous = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 1000; step++) {
    const moving = [...parameters.keys()].filter((i) => {
      const { bounds } = parameters[i]!;
      const outwards =
        (values[i]! <= bounds[0] && here.gradient[i]! > 0) ||
        (values[i]! >= bounds[1] && here.gradient[i]! < 0);
      return !isFixed[i] && !outwards;
    });
    const move = solveDamped(here, moving, parameters.length, damping);
    const next = values.slice();
    let promised = 0;
    for (const [k, i] of moving.entries()) {
      const { bounds } = parameters[i]!;
      next[i] = Math.min(bounds[1], Math.max(bounds[0], values[i]! - move[k]!));
      promised += Math.abs(here.gradient[i]! * (values[i]! - next[i]!));
    }
    // The likelihood's rounding hides such a fall: steps are judged by how fast they shrink.
    const isFine = promised < 1e-10;
    if (promised < 1e-24 || (isFine && promised > previous / 2)) return { values, minimum: here.value };
    const there = model.negativeLogLikelihood(next, data);
    if (isFine || there.value <= here.value) {
      values = next;
      here = there;
      previous = promised;
      damping = Math.max(damping / 10, 1e-12);
    } else {
      damping *= 10;
      // No smaller step helps: a kink of the interpolation.
      if (damping > 1e12) return { values, minimum: here.value };
    }
  }
  throw new DataError("fit: no maximum of the likelihood was found in 1000 steps.");
}

/** Solves (I + damping · diag I) move = gradient for the moving parameters, by Cholesky's decomposition. */
function solveDamped(
  { gradient, information }: { readonly gradient: Float64Array; readonly information: Float64Array },
  moving: readonly number[],
  width: number,
  damping: number,
): Float64Array {
  const size = moving.length;
  const lower = new Float64Array(size * size);
  const result = new Float64Array(size);
  for (let r = 0; r < size; r++) {
    for (let c = 0; c <= r; c++) {
      let entry = information[moving[r]! * width + moving[c]!]!;
      if (r === c) entry += damping * entry + 1e-12;
      for (let k = 0; k < c; k++) entry -= lower[r * size + k]! * lower[c * size + k]!;
      lower[r * size + c] = r === c ? Math.sqrt(Math.max(entry, 1e-300)) : entry / lower[c * size + c]!;
    }
    let part = gradient[moving[r]!]!;
    for (let k = 0; k < r; k++) part -= lower[r * size + k]! * result[k]!;
    result[r] = part / lower[r * size + r]!;
  }
  for (let r = size - 1; r >= 0; r--) {
    let part = result[r]!;
    for (let k = r + 1; k < size; k++) part -= lower[k * size + r]! * result[k]!;
    result[r] = part / lower[r * size + r]!;
  }
  return result;
}

/** Data exactly as expected with this parameter of interest; auxiliary measurements at the best values. */
function asimovData(model: HistFactoryModel, data: FitData, interest: number): FitData {
  const { values } = fitWorkspace(model, data, { interest });
  const auxiliary = Float64Array.from(values, (value, i) =>
    model.parameters[i]!.constraint ? value : Number.NaN,
  );
  return { bins: model.expected(values).bins, auxiliary };
}

/** The test of "no signal". */
export interface Discovery {
  /** 2 ln L(best) / L(no signal), 0 for a deficit. */
  readonly q0: number;
  /** √q0: standard deviations. */
  readonly significance: number;
  readonly pValue: number;
  /** The best parameter of interest. */
  readonly best: number;
}

/**
 * The discovery significance of data by the profile likelihood ratio q0 in its asymptotic form.
 *
 * Cowan, Cranmer, Gross, Vitells, Eur. Phys. J. C 71 (2011) 1554, arXiv 1007.1727.
 *
 * @throws {DataError} as `fitWorkspace`.
 */
export function discoverySignificance(model: HistFactoryModel, data: FitData = model.data): Discovery {
  const best = fitWorkspace(model, data);
  const none = fitWorkspace(model, data, { interest: 0 });
  const found = best.values[model.interest]!;
  const q0 = found > 0 ? Math.max(0, 2 * (none.minimum - best.minimum)) : 0;
  const significance = Math.sqrt(q0);
  return { q0, significance, pValue: normalTail(significance), best: found };
}

/** The significance expected for a signal of this strength: `discoverySignificance` of its Asimov data. */
export function expectedSignificance(model: HistFactoryModel, interest = 1): Discovery {
  const values = Float64Array.from(model.parameters, ({ initial }) => initial);
  values[model.interest] = interest;
  return discoverySignificance(model, { ...model.data, bins: model.expected(values).bins });
}

/** The test of a signal of a given strength. */
export interface Exclusion {
  /** CLs of the data. */
  readonly observed: number;
  /** CLs expected without signal, at −2, −1, 0, 1, 2 standard deviations. */
  readonly expected: readonly [number, number, number, number, number];
}

/**
 * CLs of a signal strength in its asymptotic form; excluded at 95 % where it is below 0.05.
 *
 * Read, J. Phys. G 28 (2002) 2693; Cowan et al., arXiv 1007.1727, sections 2.5 and 3.
 *
 * @param statistic `q̃` (default, written "qtilde"), or "q", whose distributions are simpler and do not know that the
 * strength is bounded; they differ for data below the background (pyhf's `test_stat`).
 * @throws {DataError} as `fitWorkspace`.
 */
export function exclusion(
  model: HistFactoryModel,
  interest = 1,
  { statistic = "qtilde" }: { readonly statistic?: "q" | "qtilde" } = {},
): Exclusion {
  const root = Math.sqrt(upperStatistic(model, model.data, interest));
  const asimov = Math.sqrt(upperStatistic(model, asimovData(model, model.data, 0), interest));
  // Above the Asimov value q̃ is not q any more (equation 65).
  const isPlain = statistic === "q" || root <= asimov || asimov === 0;
  const distance = isPlain ? root : (root ** 2 + asimov ** 2) / (2 * asimov);
  const background = isPlain ? root - asimov : (root ** 2 - asimov ** 2) / (2 * asimov);
  const expected = [2, 1, 0, -1, -2].map((k) => normalTail(asimov + k) / normalTail(k));
  return {
    observed: normalTail(distance) / normalTail(background),
    expected: expected as unknown as Exclusion["expected"],
  };
}

/** 2 ln L(best) / L(interest), 0 where the best strength is above. */
function upperStatistic(model: HistFactoryModel, data: FitData, interest: number): number {
  const best = fitWorkspace(model, data);
  if (best.values[model.interest]! > interest) return 0;
  return Math.max(0, 2 * (fitWorkspace(model, data, { interest }).minimum - best.minimum));
}
