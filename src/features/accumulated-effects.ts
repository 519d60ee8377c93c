/** Accumulated local effects: what a feature does to the prediction, among events that can exist. */
import { type BootstrapOptions, bootstrapDeviations, weightedQuantiles } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { type DependenceEvents, featureColumn } from "./dependence-events.ts";
import { checkEvents, checkOutput, type FeaturePredictor } from "./predictor.ts";

/** What is asked for. */
export interface EffectOptions {
  /** Intervals along a continuous feature, with about the same weight in each. Default 20, of two features 12. */
  readonly intervalCount?: number;
  /** Edges of the intervals instead, in physical units. */
  readonly edges?: readonly number[];
  /** Which output of the model, from 0. Default 0. */
  readonly output?: number;
  /** Replicas of the events for the uncertainties, and their seed. Default 100 and 0. */
  readonly bootstrap?: BootstrapOptions;
}

/** The effect of a feature along its values. */
export interface AccumulatedEffects {
  readonly feature: string;
  /** Edges of the intervals in physical units if the scaler is known; codes of a categorical feature. */
  readonly values: Float64Array;
  /** Effect on the prediction at each value; the weighted mean over the events is 0. */
  readonly effect: Float64Array;
  /** Standard deviation over bootstrap replicas of the events. */
  readonly uncertainty: Float64Array;
  /** Events of each interval, not weighted. */
  readonly counts: Int32Array;
}

/** What two features do together beyond what each does alone. */
export interface JointEffects {
  readonly features: readonly [string, string];
  /** Edges of the first feature. */
  readonly x: Float64Array;
  /** Edges of the second feature. */
  readonly y: Float64Array;
  /** Effect at each pair of edges, [y, x] row by row, less the effects of each alone; the weighted mean is 0. */
  readonly effect: Float64Array;
  /** Standard deviation over bootstrap replicas of the events. */
  readonly uncertainty: Float64Array;
  /** Events of each cell, [y intervals, x intervals]. */
  readonly counts: Int32Array;
}

/**
 * Accumulated local effects of one feature (Apley and Zhu, J. R. Statist. Soc. B 82, 1059, 2020; arXiv 1612.08468): in
 * each interval the weighted mean of f(upper edge) − f(lower edge) over the events in it, all other features as
 * they are, summed up from the lowest edge. Unlike partial dependence it never asks for events that correlations forbid.
 *
 * Edges are quantiles of the events by |weight|, from 1 % to 99 %; what lies outside belongs to the outermost intervals:
 * few events there would be asked about values far from their own. A categorical feature is taken in the order of its codes, each step by
 * the events at both of its ends. Missing values count as the 0 that the model sees. Intervals whose weights do not
 * sum to a positive number are joined to the next.
 *
 * @throws UnknownNameError for an unknown feature; ShapeError for events that the model cannot take; DataError for
 * weights that do not sum to a positive number, or a feature with one value; ConfigurationError for options out of range.
 * @example
 * const events = { ...folds.getFold(0), features: folds.features, scaler: folds.scaler };
 * const { values, effect, uncertainty } = await accumulatedEffects(ensemble, events, "DER_mass_MMC");
 */
export async function accumulatedEffects(
  model: FeaturePredictor,
  events: DependenceEvents,
  feature: string,
  options: EffectOptions = {},
): Promise<AccumulatedEffects> {
  const where = "accumulatedEffects";
  const { output = 0, bootstrap } = options;
  const eventCount = checkEvents(where, model, events);
  checkOutput(where, output, model.outputCount);
  const weights = weightsOf(where, events, eventCount);
  const axis = axisOf(where, events, weights, feature, options, 20);
  const steps = axis.stored.length - 1;
  // A category's events stand at an edge: they tell of the steps at both of its sides.
  const first = axis.isCode ? axis.places.map((place) => Math.max(place - 1, 0)) : axis.places;
  const last = axis.isCode ? axis.places.map((place) => Math.min(place, steps - 1)) : axis.places;
  const differences: Float64Array[] = [];
  for (const places of axis.isCode ? [first, last] : [first]) {
    const [low, high] = [0, 1].map((side) => [...places].map((place) => axis.stored[place + side]!));
    const [below, above] = [
      await predictWith(model, events, output, [[axis.column, low!]]),
      await predictWith(model, events, output, [[axis.column, high!]]),
    ];
    differences.push(above.map((value, i) => value - below[i]!));
  }
  const effectOf = (weightOf: (event: number) => number): number[] => {
    const [sums, totals, standing] = [0, 1, 2].map(() => new Float64Array(steps + 1)) as Float64Array[];
    for (let event = 0; event < eventCount; event++) {
      const w = weightOf(event);
      standing![axis.places[event]!]! += w;
      for (const [k, difference] of differences.entries()) {
        const place = (k === 0 ? first : last)[event]!;
        if (k === 1 && place === first[event]!) continue;
        sums![place]! += w * difference[event]!;
        totals![place]! += w;
      }
    }
    const effect = accumulate(sums!, totals!, steps);
    const total = standing!.reduce((all, w) => all + w, 0);
    const mean = effect.reduce((sum, value, k) => {
      const atCode = standing![k]! * value;
      const between = k < steps ? (standing![k]! * (value + effect[k + 1]!)) / 2 : 0;
      return sum + (axis.isCode ? atCode : between);
    }, 0);
    return effect.map((value) => value - mean / total);
  };
  const counts = new Int32Array(axis.isCode ? steps + 1 : steps);
  for (const place of axis.places) counts[place]!++;
  return {
    feature,
    values: axis.values,
    effect: Float64Array.from(effectOf((event) => weights[event]!)),
    uncertainty: Float64Array.from(
      bootstrapDeviations(
        eventCount,
        (drawn) => effectOf((event) => drawn[event]! * weights[event]!),
        bootstrap,
      ),
    ),
    counts,
  };
}

/**
 * Accumulated local effects of the second order (ibid., eq. 13–16): how the effect of one feature changes along another.
 * 0 everywhere if the prediction is a sum of functions of either. Cells without events take the difference of the
 * nearest cell that has some. Categorical features are not taken.
 */
export async function jointEffects(
  model: FeaturePredictor,
  events: DependenceEvents,
  features: readonly [string, string],
  options: Omit<EffectOptions, "edges"> = {},
): Promise<JointEffects> {
  const where = "jointEffects";
  const { output = 0, bootstrap } = options;
  const eventCount = checkEvents(where, model, events);
  checkOutput(where, output, model.outputCount);
  const weights = weightsOf(where, events, eventCount);
  const [x, y] = features.map((feature) => axisOf(where, events, weights, feature, options, 12)) as [
    Axis,
    Axis,
  ];
  for (const [i, axis] of [x, y].entries()) {
    if (axis.isCode) {
      throw new ConfigurationError(
        `${where}: "${features[i]}" is categorical; effects of the second order are of continuous features.`,
      );
    }
  }
  const corner = (axis: Axis, side: number): number[] =>
    [...axis.places].map((place) => axis.stored[place + side]!);
  const difference = new Float64Array(eventCount);
  for (const [sideX, sideY, sign] of [
    [1, 1, 1],
    [0, 1, -1],
    [1, 0, -1],
    [0, 0, 1],
  ] as const) {
    const predictions = await predictWith(model, events, output, [
      [x.column, corner(x, sideX)],
      [y.column, corner(y, sideY)],
    ]);
    for (let event = 0; event < eventCount; event++) difference[event]! += sign * predictions[event]!;
  }
  const [columns, rows] = [x.stored.length - 1, y.stored.length - 1];
  const cellOf = x.places.map((place, event) => y.places[event]! * columns + place);
  const effectOf = (weightOf: (event: number) => number): number[] => {
    const [sums, totals] = [new Float64Array(rows * columns), new Float64Array(rows * columns)];
    for (let event = 0; event < eventCount; event++) {
      sums[cellOf[event]!]! += weightOf(event) * difference[event]!;
      totals[cellOf[event]!]! += weightOf(event);
    }
    return secondOrder(sums, totals, columns, rows, x, y);
  };
  const counts = new Int32Array(rows * columns);
  for (const cell of cellOf) counts[cell]!++;
  return {
    features,
    x: x.values,
    y: y.values,
    effect: Float64Array.from(effectOf((event) => weights[event]!)),
    uncertainty: Float64Array.from(
      bootstrapDeviations(
        eventCount,
        (drawn) => effectOf((event) => drawn[event]! * weights[event]!),
        bootstrap,
      ),
    ),
    counts,
  };
}

/** The intervals along a feature, and where each event stands. */
interface Axis {
  readonly column: number;
  readonly isCode: boolean;
  /** Edges, physical and as the model takes them. */
  readonly values: Float64Array;
  readonly stored: Float64Array;
  /** Interval of each event; the code's place for a categorical feature. */
  readonly places: Int32Array;
}

function axisOf(
  where: string,
  events: DependenceEvents,
  weights: Float64Array,
  feature: string,
  { intervalCount, edges }: EffectOptions,
  usual: number,
): Axis {
  const { column, isCode, own, toPhysical, toStored } = featureColumn(events, feature);
  const wanted = intervalCount ?? usual;
  if (!(Number.isInteger(wanted) && wanted >= 1)) {
    throw new ConfigurationError(`${where}: intervalCount is ${wanted}; give a whole number, at least 1.`);
  }
  const fractions = Array.from({ length: wanted + 1 }, (_, k) => 0.01 + (0.98 * k) / wanted);
  const candidates = isCode
    ? own
    : edges !== undefined
      ? Float64Array.from(edges, toStored)
      : weightedQuantiles(own, fractions, weights.map(Math.abs));
  const stored = Float64Array.from(new Set(candidates)).sort();
  if (stored.length < 2) {
    throw new DataError(`${where}: "${feature}" has a single value; there is nothing that changes.`);
  }
  const last = stored.length - (isCode ? 1 : 2);
  const places = Int32Array.from(own, (value) => {
    let [low, high] = [0, last];
    // The last interval that begins below the value: edges belong to the interval below them.
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (isCode ? stored[middle]! <= value : stored[middle]! < value) low = middle;
      else high = middle - 1;
    }
    return low;
  });
  return { column, isCode, stored, places, values: stored.map(toPhysical) };
}

function weightsOf(where: string, { weights }: DependenceEvents, eventCount: number): Float64Array {
  const own = weights ? Float64Array.from(weights) : new Float64Array(eventCount).fill(1);
  const total = own.reduce((sum, weight) => sum + weight, 0);
  if (total > 0) return own;
  throw new DataError(
    `${where}: the weights of the ${eventCount} events sum to ${total}; the sum must be positive.`,
  );
}

/** The chosen output of every event with some columns set, event by event. */
async function predictWith(
  model: FeaturePredictor,
  { inputs }: DependenceEvents,
  output: number,
  settings: readonly (readonly [column: number, values: ArrayLike<number>])[],
): Promise<Float64Array> {
  const { featureCount, outputCount } = model;
  const changed = inputs.slice();
  const eventCount = inputs.length / featureCount;
  for (const [column, values] of settings) {
    for (let event = 0; event < eventCount; event++) changed[event * featureCount + column] = values[event]!;
  }
  const predictions = await model.predict(changed, eventCount);
  return Float64Array.from({ length: eventCount }, (_, event) => predictions[event * outputCount + output]!);
}

/** Sums of the means of all steps so far; steps without positive weight are joined to the next that has some. */
function accumulate(sums: Float64Array, totals: Float64Array, steps: number): number[] {
  const effect = [0];
  let [sum, total, joined] = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    sum += sums[step]!;
    total += totals[step]!;
    joined++;
    const isLast = step === steps - 1;
    if (!(total > 0) && !isLast) continue;
    const mean = total > 0 ? sum / total : 0;
    const start = effect.at(-1)!;
    for (let k = 1; k <= joined; k++) effect.push(start + (joined > 1 ? (mean * k) / joined : mean));
    [sum, total, joined] = [0, 0, 0];
  }
  return effect;
}

/** Effects at the corners, [rows + 1, columns + 1], from the cells' sums of weighted differences. */
function secondOrder(
  sums: Float64Array,
  totals: Float64Array,
  columns: number,
  rows: number,
  x: Axis,
  y: Axis,
): number[] {
  const means = filledMeans(sums, totals, columns, x, y);
  const width = columns + 1;
  const effect = new Array<number>(width * (rows + 1)).fill(0);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      sum += means[row * columns + column]!;
      effect[(row + 1) * width + column + 1] = effect[row * width + column + 1]! + sum;
    }
  }
  // The mean over the events of what either feature does alone is taken away.
  const alongX = [0];
  for (let column = 0; column < columns; column++) {
    let [sum, total] = [0, 0];
    for (let row = 0; row < rows; row++) {
      const w = totals[row * columns + column]!;
      const at = (edge: number): number =>
        effect[edge * width + column + 1]! - effect[edge * width + column]!;
      sum += (w * (at(row) + at(row + 1))) / 2;
      total += w;
    }
    alongX.push(alongX.at(-1)! + (total > 0 ? sum / total : 0));
  }
  const alongY = [0];
  for (let row = 0; row < rows; row++) {
    let [sum, total] = [0, 0];
    for (let column = 0; column < columns; column++) {
      const w = totals[row * columns + column]!;
      const at = (edge: number): number => effect[(row + 1) * width + edge]! - effect[row * width + edge]!;
      sum += (w * (at(column) + at(column + 1))) / 2;
      total += w;
    }
    alongY.push(alongY.at(-1)! + (total > 0 ? sum / total : 0));
  }
  const pure = effect.map((value, i) => value - alongX[i % width]! - alongY[Math.floor(i / width)]!);
  let [sum, total] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const w = totals[row * columns + column]!;
      const corner = row * width + column;
      sum +=
        (w * (pure[corner]! + pure[corner + 1]! + pure[corner + width]! + pure[corner + width + 1]!)) / 4;
      total += w;
    }
  }
  return pure.map((value) => value - sum / total);
}

/** Mean difference of each cell; of cells without positive weight that of the nearest cell by rank of the edges. */
function filledMeans(
  sums: Float64Array,
  totals: Float64Array,
  columns: number,
  x: Axis,
  y: Axis,
): Float64Array {
  const filled = Array.from(totals.keys()).filter((cell) => totals[cell]! > 0);
  const [spanX, spanY] = [x.stored.length, y.stored.length];
  return Float64Array.from(totals, (total, cell) => {
    if (total > 0) return sums[cell]! / total;
    const distance = (other: number): number =>
      Math.abs((other % columns) - (cell % columns)) / spanX +
      Math.abs(Math.floor(other / columns) - Math.floor(cell / columns)) / spanY;
    const nearest = filled.reduce(
      (best, other) => (distance(other) < distance(best) ? other : best),
      filled[0]!,
    );
    return sums[nearest]! / totals[nearest]!;
  });
}
