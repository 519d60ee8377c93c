/** Set discrimination: can a forest tell two sets of events apart? */
import { argsort, type Numbers, Stream, weightedMoments } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";
import { rocAuc } from "../metrics/index.ts";
import { type Columns, permutationImportance } from "../trees/index.ts";
import {
  defaultSelectionForest,
  growSelectionForest,
  type SelectionForest,
  splitFeatureEvents,
} from "./selection-forest.ts";

/** A set of events. */
export interface ComparedSet {
  /** One array a feature, in the order of `names`; NaN: missing. */
  readonly columns: Columns;
  /** Event weights of any sign; only their ratios count. Default: all alike. */
  readonly weights?: Numbers | undefined;
}

/** How sets are compared. */
export interface DiscriminationOptions {
  readonly names: readonly string[];
  /** Features whose values are categories: whole numbers from 0. */
  readonly categorical?: readonly string[];
  /** Default: 40 trees, 25 events a leaf, √ of the features tried a split. */
  readonly forest?: SelectionForest;
  /** Permutations of the labels, for the p-value. Default 1000. */
  readonly permutations?: number;
  readonly seed?: number;
}

/** How much a feature differs between the sets. */
export interface FeatureDifference {
  readonly name: string;
  /** What the AUC loses when the feature is shuffled, with its standard error: of five shuffles, and of the scored events. */
  readonly importance: number;
  readonly standardError: number;
  /** Largest distance of the two weighted cumulative distributions (Kolmogorov's) of values that are not missing. */
  readonly distance: number;
}

/** What came of a comparison. */
export interface Discrimination {
  /** Of the forest on the half of the events that it has not seen: 0.5 if it cannot tell the sets apart. */
  readonly auc: number;
  /** Of the AUC, with weights (DeLong). */
  readonly standardError: number;
  /** Part of the permutations whose AUC is as far above 0.5, in standard errors: uniform in (0, 1] for equal sets. */
  readonly pValue: number;
  /** The most different first: by importance, then by distance. */
  readonly features: readonly FeatureDifference[];
  readonly eventCounts: readonly [number, number];
}

/**
 * Trains a forest to tell two sets of events apart on one half of both, and lets it score the other half.
 *
 * Each set is scaled to mean weight 1 and both count alike in the training. The p-value is that of a permutation test on fixed scores:
 * the labels of the scored events are permuted (an event keeps its weight), and (AUC − ½)/σ is compared, with σ of each
 * permutation (studentised: Chung and Romano, Ann. Stat. 41, 484, 2013), so that sets with unlike weights may be compared.
 * The scored half took no part in the training; with out-of-bag scores every event would also teach how its neighbours
 * are scored, the labels would not be exchangeable, and small p-values come too often. LUMIN gives the area of hard labels only.
 *
 * @throws {DataError} for fewer than 20 events in a set, columns that do not fit, weights that sum to zero or less.
 */
export function compareSets(
  first: ComparedSet,
  second: ComparedSet,
  {
    names,
    categorical = [],
    forest = { ...defaultSelectionForest, minLeafEvents: 25, maxFeatures: "sqrt" },
    permutations = 1000,
    seed = 1337,
  }: DiscriminationOptions,
): Discrimination {
  const sets = [first, second] as const;
  const counts = sets.map((set, k) => checkSet(set, k, names)) as [number, number];
  const scaled = sets.map(({ weights }, k) => meanOne(weights, counts[k]!, k));
  const events = {
    names,
    categorical,
    columns: names.map((_, f) => Float64Array.from([...first.columns[f]!, ...second.columns[f]!])),
    targets: Float64Array.from({ length: counts[0] + counts[1] }, (_, i) => Number(i >= counts[0])),
    weights: Float64Array.from([...scaled[0]!, ...scaled[1]!]),
  };
  const stream = new Stream(seed, "set discrimination");
  const { training, held } = splitFeatureEvents("binary", events, 0.5, stream);
  // A set of few events must not lose against one of many.
  const larger = Math.max(counts[0], counts[1]);
  const balanced = Float64Array.from(
    training.weights!,
    (w, i) => (w * larger) / counts[training.targets[i] === 0 ? 0 : 1]!,
  );
  const model = growSelectionForest({ ...training, weights: balanced }, "binary", forest, seed);
  const scores = model.predict(held.columns);
  const scored = new ScoredLabels(scores, held.targets, held.weights!);
  const observed = scored.area(scored.labels);
  let above = 0;
  const shuffling = new Stream(seed, "label permutations");
  const shuffled = scored.labels.slice();
  for (let k = 0; k < permutations; k++) {
    const { auc, standardError } = scored.area(shuffling.shuffle(shuffled));
    if ((auc - 0.5) / standardError >= (observed.auc - 0.5) / observed.standardError) above++;
  }
  const score = (predictions: Float64Array, counts?: Uint8Array): number =>
    rocAuc(predictions, held.targets, timesDrawn(held.weights, counts));
  const found = permutationImportance(model, held.columns, score, {
    seed,
    bootstrap: { replicaCount: 10, seed },
  });
  const features = names.map((name, f) => ({
    name,
    importance: found.importance[f]!,
    standardError: Math.hypot(found.standardError[f]!, spread(found.replicas[f]!)),
    distance: kolmogorovDistance(events.columns[f]!, events.targets, events.weights),
  }));
  return {
    ...observed,
    pValue: (above + 1) / (permutations + 1),
    features: features.sort((a, b) => b.importance - a.importance || b.distance - a.distance),
    eventCounts: counts,
  };
}

/** Scores sorted once, for areas with many labellings. Labels are those of the sorted events. */
class ScoredLabels {
  readonly labels: Uint8Array;
  readonly #weights: Float64Array;
  /** Where each group of equal scores ends (exclusive). */
  readonly #ends: Int32Array;

  constructor(scores: Float64Array, labels: Numbers, weights: Numbers) {
    const order = argsort(scores);
    this.labels = Uint8Array.from(order, (event) => labels[event]!);
    this.#weights = Float64Array.from(order, (event) => weights[event]!);
    const ends: number[] = [];
    for (let i = 1; i <= order.length; i++) {
      if (i === order.length || scores[order[i]!]! !== scores[order[i - 1]!]!) ends.push(i);
    }
    this.#ends = Int32Array.from(ends);
  }

  /**
   * AUC of label 1 against label 0 and its standard error (DeLong et al., Biometrics 44, 837, 1988, with weights):
   * σ² = Σ over both classes of Σ w² (V − AUC)² / (Σ w)², V the share of the other class that an event is on the right
   * side of.
   */
  area(labels: Uint8Array): { readonly auc: number; readonly standardError: number } {
    const weights = this.#weights;
    let total0 = 0;
    let total1 = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] === 1) total1 += weights[i]!;
      else total0 += weights[i]!;
    }
    let area = 0;
    // Of each class: Σ w², Σ w² V, Σ w² V².
    let [squares0, first0, second0, squares1, first1, second1] = [0, 0, 0, 0, 0, 0];
    let below0 = 0;
    let below1 = 0;
    let start = 0;
    for (const end of this.#ends) {
      let equal0 = 0;
      let equal1 = 0;
      let size0 = 0;
      let size1 = 0;
      for (let i = start; i < end; i++) {
        const w = weights[i]!;
        if (labels[i] === 1) {
          equal1 += w;
          size1 += w * w;
        } else {
          equal0 += w;
          size0 += w * w;
        }
      }
      const share1 = (below0 + equal0 / 2) / total0;
      const share0 = 1 - (below1 + equal1 / 2) / total1;
      area += equal1 * share1;
      squares1 += size1;
      first1 += size1 * share1;
      second1 += size1 * share1 * share1;
      squares0 += size0;
      first0 += size0 * share0;
      second0 += size0 * share0 * share0;
      below0 += equal0;
      below1 += equal1;
      start = end;
    }
    const auc = area / total1;
    const variance =
      (second0 - 2 * auc * first0 + auc * auc * squares0) / (total0 * total0) +
      (second1 - 2 * auc * first1 + auc * auc * squares1) / (total1 * total1);
    return { auc, standardError: Math.sqrt(Math.max(0, variance)) };
  }
}

/** sup |F₁ − F₀| of weighted distributions; NaN where a set has no weight left. */
function kolmogorovDistance(values: Float64Array, labels: Float64Array, weights: Float64Array): number {
  const totals = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]!)) totals[labels[i]!]! += weights[i]!;
  }
  if (!(totals[0]! > 0 && totals[1]! > 0)) return Number.NaN;
  const order = argsort(values);
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < order.length; i++) {
    const event = order[i]!;
    if (Number.isNaN(values[event]!)) break;
    const sign = labels[event] === 1 ? 1 : -1;
    difference += (sign * weights[event]!) / totals[labels[event]!]!;
    const isStep = i + 1 === order.length || values[order[i + 1]!]! !== values[event]!;
    if (isStep) largest = Math.max(largest, Math.abs(difference));
  }
  return largest;
}

/** The weights of events that were drawn so often. */
function timesDrawn(weights: Numbers | undefined, counts: Uint8Array | undefined): Numbers | undefined {
  if (weights === undefined || counts === undefined) return counts ?? weights;
  return Float64Array.from(counts, (count, i) => count * weights[i]!);
}

/** Standard deviation of those that are not NaN. */
function spread(values: Float64Array): number {
  const { variance, weightSum } = weightedMoments(values.filter((value) => !Number.isNaN(value)));
  return Math.sqrt((variance * weightSum) / (weightSum - 1));
}

function checkSet({ columns, weights }: ComparedSet, set: number, names: readonly string[]): number {
  const which = set === 0 ? "first" : "second";
  if (columns.length !== names.length || columns.length === 0) {
    throw new DataError(
      `compareSets: the ${which} set has ${counted(columns.length, "column")} for ${counted(names.length, "name")}.`,
    );
  }
  const count = columns[0]!.length;
  if (count < 20) {
    throw new DataError(
      `compareSets: the ${which} set has ${counted(count, "event")}; at least 20 are needed.`,
    );
  }
  const wrong = columns.findIndex((column) => column.length !== count);
  if (wrong >= 0 || (weights && weights.length !== count)) {
    const [what, length] =
      wrong >= 0 ? [`column "${names[wrong]}"`, columns[wrong]!.length] : ["the weights", weights!.length];
    throw new DataError(
      `compareSets: in the ${which} set ${what} has ${counted(length, "value")} for ${counted(count, "event")}.`,
    );
  }
  return count;
}

function meanOne(weights: Numbers | undefined, count: number, set: number): Float64Array {
  if (weights === undefined) return new Float64Array(count).fill(1);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weights[i]!;
  if (sum > 0 && Number.isFinite(sum)) return Float64Array.from(weights, (w) => (w * count) / sum);
  throw new DataError(
    `compareSets: the weights of the ${set === 0 ? "first" : "second"} set sum to ${sum}; a positive sum is needed.`,
  );
}
