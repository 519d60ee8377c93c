/** The evaluation of a binary classifier as one plain object: every number with its bootstrap uncertainty. */
import { type BootstrapOptions, bootstrapDeviations, type Numbers } from "../array/index.ts";
import { checkAmsOptions } from "./ams.ts";
import { amsOfCuts, amsOverFractions, bestCut } from "./ams-scan.ts";
import { errorOfBins, filledBins } from "./calibration.ts";
import { combineClassMeans, eventLogLosses } from "./classification.ts";
import { type CumulativeYields, cumulativeYields, requirePositiveTotals } from "./cumulative-yields.ts";
import { type CutRule, checkCutRule, cutIndex, meanOfBest } from "./cut.ts";
import { areaUnderRoc } from "./roc.ts";
import { type ScoredEvents, scoredEvents } from "./scored-events.ts";
import { checkedWeights, meanOf, weightsOfReplica } from "./weighted-events.ts";
import { type ClassTotals, type CutYields, checkTotals, renormalise, yieldsAtCut } from "./yields.ts";

/** How to evaluate. */
export interface BinaryClassificationOptions extends BootstrapOptions {
  /** Scales the weights of each class to these sums for AMS and yields; also in every bootstrap replica. */
  readonly totals?: ClassTotals;
  /** The values of b_reg that are reported. Default 10 and 0. */
  readonly regularisations?: readonly number[];
  /** Relative uncertainty of the background in all AMS. Default 0. */
  readonly backgroundUncertainty?: number;
  /** A cut that was chosen on other events; without it the cut is chosen here, by `cutRule`. */
  readonly cut?: number;
  /** LUMIN's rule; candidates are ranked by the AMS with the first of `regularisations`. */
  readonly cutRule?: CutRule;
  /** Cuts that keep such fractions of all events enter `amsOverFractions`. Default 0.12 to 0.18. */
  readonly fractions?: { readonly from: number; readonly to: number };
}

/** A number that JSON can hold; null where it is undefined. */
export interface ReportedMeasurement {
  readonly value: number | null;
  /** One standard deviation over the bootstrap replicas. */
  readonly uncertainty: number | null;
}

/** The significance for one b_reg. */
export interface ReportedSignificance {
  readonly regularisation: number;
  /** The maximum over all cuts; biased upwards, as the maximum of fluctuations is. */
  readonly amsMaximum: ReportedMeasurement;
  /** The cut of that maximum. */
  readonly amsMaximumCut: ReportedMeasurement;
  /** At `cut`, which stays the same in all replicas. */
  readonly amsAtCut: ReportedMeasurement;
  /** Mean over the cuts that keep `fractions` of the events. */
  readonly amsOverFractions: ReportedMeasurement;
}

/** The evaluation; survives `JSON.parse(JSON.stringify(…))` unchanged. */
export interface BinaryClassificationMetrics {
  /** Numbers of events with a weight. */
  readonly eventCount: number;
  readonly signalCount: number;
  readonly backgroundCount: number;
  readonly auc: ReportedMeasurement;
  readonly aucUnweighted: ReportedMeasurement;
  /** Mean −ln p with the weights given; null when predictions are not all probabilities. */
  readonly logLoss: ReportedMeasurement;
  /** The same with both classes of the same total weight: comparable with a loss of class-balanced training. */
  readonly logLossBalanced: ReportedMeasurement;
  /** Fraction on the right side of 0.5, both classes of the same total weight. */
  readonly accuracyBalanced: ReportedMeasurement;
  /** Mean (p − y)² with the weights given; null when predictions are not all probabilities. */
  readonly brier: ReportedMeasurement;
  /** `calibrationError` in ten bins; null when predictions are not all probabilities. */
  readonly calibrationError: ReportedMeasurement;
  /** The cut on the prediction; its uncertainty (null for a given cut) is that of the choice. */
  readonly cut: ReportedMeasurement & {
    /**
     * "given": by the options; "best": mean prediction of the best candidates; "maximum": no event reached
     * `minimumPrediction`, so the cut of the highest AMS among all was taken.
     */
    readonly rule: "given" | "best" | "maximum";
  };
  readonly significance: readonly ReportedSignificance[];
  readonly fractions: { readonly from: number; readonly to: number };
  readonly backgroundUncertainty: number;
  readonly totals: ClassTotals | null;
  /** Sums of (scaled) weights with √Σw², and numbers of events. */
  readonly yields: CutYields;
  readonly bootstrap: { readonly replicaCount: number; readonly seed: number };
}

/**
 * Evaluates predictions of a binary classifier: AUC, log loss, accuracy, cut, AMS and yields.
 *
 * Events are sorted once; each bootstrap replica (Poisson counts) walks the same order, repeats every
 * statistic, the choice of the cut and the scaling to `totals` included. Same events and seed, same result.
 *
 * @throws {DataError} for different lengths, NaN, all weights zero, one class only, or a class whose weights do
 * not sum to a positive number; ConfigurationError for options out of range.
 * @example
 * const result = binaryClassificationMetrics(predictions, targets, weights, {
 *   totals: { signal: 691.9886, background: 410999.8473 },
 *   cutRule: { topPercent: 10, minimumPrediction: 0.9 },
 * });
 * result.significance[0] // { regularisation: 10, amsMaximum: { value, uncertainty }, … }
 */
export function binaryClassificationMetrics(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  options: BinaryClassificationOptions = {},
): BinaryClassificationMetrics {
  const where = "binaryClassificationMetrics";
  const {
    totals,
    regularisations = [10, 0],
    backgroundUncertainty = 0,
    cutRule = {},
    fractions = { from: 0.12, to: 0.18 },
    replicaCount = 100,
    seed = 0,
  } = options;
  for (const regularisation of regularisations)
    checkAmsOptions(where, { regularisation, backgroundUncertainty });
  checkCutRule(where, cutRule);
  checkTotals(where, totals ?? {});
  const events = scoredEvents(where, predictions, targets, weights);
  const yields = cumulativeYields(events);
  requirePositiveTotals(where, yields);
  const perEvent = eventTerms(events, predictions, targets);
  const scores = probabilityScores(predictions, targets, weights);
  const settings = { totals, regularisations, backgroundUncertainty, cutRule, fractions };

  const { cut, rule } = chosenCut(yields, settings, options.cut);
  const statistics = (walk: CumulativeYields, counts?: Uint8Array): number[] => {
    const chosen = rule === "given" ? Number.NaN : chosenCut(walk, settings, undefined).cut;
    return [
      areaUnderRoc(walk.signal, walk.background),
      areaUnderRoc(walk.signalCount, walk.backgroundCount),
      ...eventMeans(events, perEvent, counts),
      chosen,
      ...regularisations.flatMap((regularisation) => significances(walk, settings, regularisation, cut)),
      ...scores(counts),
    ];
  };
  const values = statistics(yields);
  const deviations = bootstrapDeviations(
    events.inputCount,
    (counts) => statistics(cumulativeYields(events, counts), counts),
    { replicaCount, seed },
  );
  const reported = values.map((value, i) => ({
    value: finiteOrNull(value),
    uncertainty: Number.isFinite(value) ? finiteOrNull(deviations[i]) : null,
  }));
  const scaled = totals ? renormalise(targets, weights, totals) : weights;
  return {
    eventCount: events.eventCount,
    signalCount: yields.signalCount.at(-1)!,
    backgroundCount: yields.backgroundCount.at(-1)!,
    auc: reported[0]!,
    aucUnweighted: reported[1]!,
    logLoss: reported[2]!,
    logLossBalanced: reported[3]!,
    accuracyBalanced: reported[4]!,
    brier: reported.at(-2)!,
    calibrationError: reported.at(-1)!,
    cut: { value: finiteOrNull(cut), uncertainty: reported[5]!.uncertainty, rule },
    significance: regularisations.map((regularisation, i) => ({
      regularisation,
      amsMaximum: reported[6 + 4 * i]!,
      amsMaximumCut: reported[7 + 4 * i]!,
      amsAtCut: reported[8 + 4 * i]!,
      amsOverFractions: reported[9 + 4 * i]!,
    })),
    fractions: { from: fractions.from, to: fractions.to },
    backgroundUncertainty,
    totals: totals ? { ...totals } : null,
    yields: yieldsAtCut(predictions, targets, scaled, cut),
    bootstrap: { replicaCount, seed },
  };
}

interface Settings {
  readonly totals: ClassTotals | undefined;
  readonly regularisations: readonly number[];
  readonly backgroundUncertainty: number;
  readonly cutRule: CutRule;
  readonly fractions: { readonly from: number; readonly to: number };
}

/** The AMS of all cuts, with the class sums of this very walk scaled to the totals. */
function amsWithTotals(walk: CumulativeYields, settings: Settings, regularisation: number): Float64Array {
  const factor = (name: "signal" | "background"): number => {
    const total = settings.totals?.[name];
    if (total === undefined) return 1;
    const found = walk[name].at(-1)!;
    return found > 0 ? total / found : Number.NaN;
  };
  const { backgroundUncertainty } = settings;
  return amsOfCuts(
    walk,
    { regularisation, backgroundUncertainty },
    { signal: factor("signal"), background: factor("background") },
  );
}

function chosenCut(
  walk: CumulativeYields,
  settings: Settings,
  given: number | undefined,
): { cut: number; rule: "given" | "best" | "maximum" } {
  if (given !== undefined) return { cut: given, rule: "given" };
  const values = amsWithTotals(walk, settings, settings.regularisations[0] ?? 0);
  const cut = meanOfBest(walk, values, settings.cutRule);
  if (!Number.isNaN(cut)) return { cut, rule: "best" };
  const best = bestCut(walk, values);
  return { cut: best < 0 ? Number.NaN : walk.thresholds[best]!, rule: "maximum" };
}

/** Maximum, its cut, at the fixed cut, over fractions. */
function significances(
  walk: CumulativeYields,
  settings: Settings,
  regularisation: number,
  cut: number,
): [number, number, number, number] {
  const ams = amsWithTotals(walk, settings, regularisation);
  const best = bestCut(walk, ams);
  const fixed = cutIndex(walk.thresholds, cut);
  return [
    best < 0 ? Number.NaN : ams[best]!,
    best < 0 ? Number.NaN : walk.thresholds[best]!,
    // A cut above all predictions keeps nothing: significance 0 if b_reg is there, else undefined.
    fixed < 0 ? (regularisation > 0 && !Number.isNaN(cut) ? 0 : Number.NaN) : ams[fixed]!,
    amsOverFractions(
      { ams, signalCount: walk.signalCount, backgroundCount: walk.backgroundCount },
      settings.fractions,
    ),
  ];
}

/** Brier score and calibration error as functions of a replica; NaN when a prediction is no probability. */
function probabilityScores(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
): (counts?: Uint8Array) => [number, number] {
  const p = Float64Array.from(predictions);
  if (p.some((x) => !(x >= 0 && x <= 1))) return () => [Number.NaN, Number.NaN];
  const given = checkedWeights("binaryClassificationMetrics", p.length, weights);
  const squares = p.map((x, i) => (x - targets[i]!) ** 2);
  return (counts) => {
    const w = counts ? weightsOfReplica(given, counts) : given;
    return [meanOf(squares, w), errorOfBins(filledBins(p, targets, w))];
  };
}

/** Loss and correctness of the sorted events; losses are NaN when a prediction is no probability. */
interface EventTerms {
  readonly losses: Float64Array;
  readonly correct: Uint8Array;
}

function eventTerms(events: ScoredEvents, predictions: Numbers, targets: Numbers): EventTerms {
  const losses = eventLogLosses(predictions, targets);
  const correct = new Uint8Array(events.eventCount);
  const sorted = new Float64Array(events.eventCount);
  events.order.forEach((event, i) => {
    correct[i] = predictions[event]! >= 0.5 === (targets[event] === 1) ? 1 : 0;
    sorted[i] = typeof losses === "number" ? Number.NaN : losses[event]!;
  });
  return { losses: sorted, correct };
}

/** Log loss, balanced log loss and balanced accuracy of a replica. */
function eventMeans(events: ScoredEvents, terms: EventTerms, counts?: Uint8Array): [number, number, number] {
  const { order, weights, isSignal } = events;
  const { losses, correct } = terms;
  const total = [0, 0];
  const loss = [0, 0];
  const right = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const w = (counts ? counts[order[i]!]! : 1) * weights[i]!;
    const target = isSignal[i]!;
    total[target]! += w;
    loss[target]! += w * losses[i]!;
    right[target]! += w * correct[i]!;
  }
  const classes = ([background, signal]: number[]) => ({ signal: signal!, background: background! });
  return [
    combineClassMeans(classes(total), classes(loss), false),
    combineClassMeans(classes(total), classes(loss), true),
    combineClassMeans(classes(total), classes(right), true),
  ];
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
