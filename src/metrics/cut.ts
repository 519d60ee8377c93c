/** The choice of a cut that does not sit on one upward fluctuation: LUMIN's mean of the best candidates, smoothing. */
import { argsort, type BootstrapOptions, bootstrapDeviations, type Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { type AmsScanOptions, checkScanOptions, scanYields } from "./ams-scan.ts";
import { type CumulativeYields, cumulativeYields } from "./cumulative-yields.ts";
import type { Measurement } from "./measurement.ts";
import { type ScoredEvents, scoredEvents } from "./scored-events.ts";

/** Which events are candidates, and how many of the best are averaged. */
export interface CutRule {
  /** The mean is taken over so many per cent of all events (at least one event). Default 5. */
  readonly topPercent?: number;
  /** Only cuts at or above this prediction are candidates. Default 0.9. */
  readonly minimumPrediction?: number;
  /**
   * The AMS of a cut is first averaged over the cuts that keep up to so many per cent of all events more or fewer, so that
   * a plateau beats a peak. Default 0: as it is.
   */
  readonly smoothingPercent?: number | undefined;
}

/** A chosen cut. */
export interface AmsCut {
  /** Events with prediction ≥ cut are kept. */
  readonly cut: number;
  /** The AMS there. */
  readonly amsAtCut: number;
  /** The highest AMS among the candidates, and where: what an optimist would quote. */
  readonly maximumAms: number;
  readonly maximumCut: number;
}

/**
 * Chooses a cut by the rule of LUMIN's `binary_class_cut_by_ams`: every event with prediction ≥
 * `minimumPrediction` (and `minimumBackgroundCount` background events above it) is a candidate with the AMS of the cut at its own prediction; the cut is the mean
 * prediction of the best `topPercent` % of **all** events, ranked by AMS (equal AMS: the higher prediction first).
 *
 * Differences from LUMIN: when there are fewer candidates than `topPercent` asks for, all of them are averaged
 * (LUMIN fills up with events whose AMS is undefined or whose prediction is too low, in arbitrary order).
 *
 * @throws {DataError} when no event is a candidate, and for different lengths, NaN, all weights zero, one class.
 */
export function cutByAms(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  options: AmsScanOptions & CutRule = {},
): AmsCut {
  checkScanOptions("cutByAms", options);
  checkCutRule("cutByAms", options);
  const yields = cumulativeYields(scoredEvents("cutByAms", predictions, targets, weights));
  return chosenCut(yields, options);
}

function chosenCut(yields: CumulativeYields, options: AmsScanOptions & CutRule): AmsCut {
  const { minimumPrediction = 0.9 } = options;
  const scan = scanYields(yields, { ...options, minimumPrediction });
  const cut = meanOfBest(yields, scan.ams, options);
  if (Number.isNaN(cut)) {
    throw new DataError(
      `cutByAms: no event is a candidate: a prediction of at least ${minimumPrediction} and a defined AMS there, with ` +
        `${options.minimumBackgroundCount ?? 1} background events or more; the highest prediction is ${scan.thresholds[0]}. Lower minimumPrediction.`,
    );
  }
  return {
    cut,
    amsAtCut: scan.ams[cutIndex(scan.thresholds, cut)]!,
    maximumAms: scan.maximum.ams,
    maximumCut: scan.maximum.threshold,
  };
}

/** A chosen cut with bootstrap uncertainties. */
export interface AmsCutMeasured {
  /** The cut; the rule is applied to every replica anew. */
  readonly cut: Measurement;
  /** The AMS at this very cut. */
  readonly amsAtCut: Measurement;
  /** The highest AMS of each replica: higher than what a fixed cut reaches, the more so the fewer the events. */
  readonly maximumAms: Measurement;
  readonly maximumCut: Measurement;
}

/**
 * `cutByAms` with the uncertainties of a seeded Poisson bootstrap over the events: how well they determine the cut, and
 * what the AMS there is worth. Replicas without a candidate are left out.
 *
 * @throws {DataError} as `cutByAms`.
 */
export function cutByAmsWithUncertainty(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  { replicaCount = 100, seed = 0, ...options }: AmsScanOptions & CutRule & BootstrapOptions = {},
): AmsCutMeasured {
  const where = "cutByAmsWithUncertainty";
  checkScanOptions(where, options);
  checkCutRule(where, options);
  const events = scoredEvents(where, predictions, targets, weights);
  const found = chosenCut(cumulativeYields(events), options);
  const deviations = bootstrapDeviations(
    events.inputCount,
    (counts) => cutOfReplica(events, counts, found.cut, options),
    { replicaCount, seed },
  );
  const [cut, amsAtCut, maximumAms, maximumCut] = deviations.map(
    (uncertainty, i): Measurement => ({
      value: [found.cut, found.amsAtCut, found.maximumAms, found.maximumCut][i]!,
      uncertainty,
    }),
  );
  return { cut: cut!, amsAtCut: amsAtCut!, maximumAms: maximumAms!, maximumCut: maximumCut! };
}

/** Cut, AMS at the given one, highest AMS and its cut; NaN where undefined. */
function cutOfReplica(
  events: ScoredEvents,
  counts: Uint8Array,
  given: number,
  options: AmsScanOptions & CutRule,
): [number, number, number, number] {
  const { minimumPrediction = 0.9 } = options;
  const yields = cumulativeYields(events, counts);
  const scan = scanYields(yields, { ...options, minimumPrediction });
  const fixed = cutIndex(scan.thresholds, given);
  return [
    meanOfBest(yields, scan.ams, options),
    fixed < 0 ? Number.NaN : scan.ams[fixed]!,
    scan.maximum.ams,
    scan.maximum.threshold,
  ];
}

/** Checks a rule. */
export function checkCutRule(
  where: string,
  { topPercent = 5, minimumPrediction = 0.9, smoothingPercent = 0 }: CutRule,
): void {
  if (!(smoothingPercent >= 0 && smoothingPercent <= 50)) {
    throw new ConfigurationError(`${where}: smoothingPercent is ${smoothingPercent}; it must be in [0, 50].`);
  }
  if (!(topPercent > 0 && topPercent <= 100)) {
    throw new ConfigurationError(`${where}: topPercent is ${topPercent}; it must be in (0, 100].`);
  }
  if (Number.isNaN(minimumPrediction)) {
    throw new ConfigurationError(`${where}: minimumPrediction is NaN; it must be a number.`);
  }
}

/** The cut by the rule, from sums that are there already; NaN without candidates. */
export function meanOfBest(
  yields: CumulativeYields,
  significances: Float64Array,
  {
    topPercent = 5,
    minimumPrediction = 0.9,
    minimumBackgroundCount = 1,
    smoothingPercent = 0,
  }: CutRule & Pick<AmsScanOptions, "minimumBackgroundCount">,
): number {
  const { thresholds, signalCount, backgroundCount } = yields;
  const kept = (i: number): number => (i < 0 ? 0 : signalCount[i]! + backgroundCount[i]!);
  const eventCount = kept(thresholds.length - 1);
  // Thresholds fall and counts rise: the candidates are one range.
  let first = 0;
  while (first < thresholds.length && backgroundCount[first]! < minimumBackgroundCount) first++;
  let end = first;
  while (end < thresholds.length && thresholds[end]! >= minimumPrediction) end++;
  let left = Math.max(1, Math.floor((topPercent / 100) * eventCount + 1e-6));
  let total = 0;
  let taken = 0;
  const ranked =
    smoothingPercent > 0
      ? smoothed(yields, significances, first, (smoothingPercent / 100) * eventCount)
      : significances;
  // NaN sort last.
  for (const rank of argsort(ranked.subarray(first, end), { descending: true })) {
    const group = first + rank;
    if (left === 0 || Number.isNaN(ranked[group]!)) break;
    const events = Math.min(left, kept(group) - kept(group - 1));
    total += events * thresholds[group]!;
    taken += events;
    left -= events;
  }
  return total / taken;
}

/**
 * The AMS averaged over neighbouring cuts from `first` on, those that keep at most `reach` events more or fewer; a cut
 * counts as often as it has events at its edge. At the ends the window is cut on both sides, so that no slope pulls the maximum.
 */
function smoothed(
  { signalCount, backgroundCount }: CumulativeYields,
  significances: Float64Array,
  first: number,
  reach: number,
): Float64Array {
  const result = significances.slice();
  const kept = (i: number): number => (i < 0 ? 0 : signalCount[i]! + backgroundCount[i]!);
  const last = significances.length - 1;
  // Sums of AMS · events up to each cut, without those that are undefined.
  const sums = new Float64Array(last + 2);
  const events = new Float64Array(last + 2);
  for (let i = 0; i <= last; i++) {
    const isDefined = i >= first && !Number.isNaN(significances[i]!);
    const count = isDefined ? kept(i) - kept(i - 1) : 0;
    events[i + 1] = events[i]! + count;
    sums[i + 1] = sums[i]! + (count > 0 ? count * significances[i]! : 0);
  }
  let low = first;
  let high = first;
  for (let i = first; i <= last; i++) {
    const own = Math.min(reach, kept(i) - kept(first), kept(last) - kept(i)) + 1e-6;
    // Both ends of the window move back near the end of the cuts.
    while (low > first && kept(i) - kept(low - 1) <= own) low--;
    while (kept(i) - kept(low) > own) low++;
    if (high < i) high = i;
    while (high < last && kept(high + 1) - kept(i) <= own) high++;
    while (kept(high) - kept(i) > own) high--;
    const count = events[high + 1]! - events[low]!;
    if (count > 0 && !Number.isNaN(significances[i]!)) result[i] = (sums[high + 1]! - sums[low]!) / count;
  }
  return result;
}

/** Index of the loosest threshold that is still at or above the cut; −1 when all are below. */
export function cutIndex(thresholds: Float64Array, cut: number): number {
  let below = -1;
  let above = thresholds.length - 1;
  while (below < above) {
    const middle = (below + above + 1) >> 1;
    if (thresholds[middle]! >= cut) below = middle;
    else above = middle - 1;
  }
  return below;
}
