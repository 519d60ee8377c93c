/** Maps of a classifier's scores to probabilities that hold on other events: temperature and isotonic. */
import { argsort, type Numbers } from "../array/index.ts";
import { DataError } from "../errors/index.ts";

/** A fitted map; plain data. */
export type Calibrator =
  | { readonly kind: "temperature"; readonly temperature: number }
  | { readonly kind: "isotonic"; readonly scores: Float64Array; readonly probabilities: Float64Array };

/**
 * The temperature T for which σ(logit(p) / T) has the least weighted log loss: one number, above 1 for a classifier that
 * is too sure. The order of the events stays. Found by golden section in ln T ∈ [−4, 4].
 *
 * Guo, Pleiss, Sun, Weinberger, ICML 2017.
 *
 * @throws {DataError} for predictions outside [0, 1], targets other than 0 and 1, lengths that differ, one class only,
 * a class whose weights do not sum to a positive number.
 */
export function fitTemperature(predictions: Numbers, targets: Numbers, weights?: Numbers): Calibrator {
  checkScores("fitTemperature", predictions, targets, weights);
  const logits = Float64Array.from(predictions, logitOf);
  const loss = (logTemperature: number): number => {
    const scale = Math.exp(-logTemperature);
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const margin = (targets[i] === 1 ? -1 : 1) * logits[i]! * scale;
      total += (weights ? weights[i]! : 1) * (Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))));
    }
    return total;
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [-4, 4];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [atLeft, atRight] = [loss(left), loss(right)];
  while (high - low > 1e-9) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = loss(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = loss(right);
    }
  }
  return { kind: "temperature", temperature: Math.exp((low + high) / 2) };
}

/**
 * The rising map with the least weighted squared error, by pooling adjacent violators; linear between the scores.
 *
 * Zadrozny, Elkan, KDD 2002. Weight 0 is no event; a negative weight is refused, for the fraction of signal of a
 * pool could leave [0, 1].
 *
 * @throws {DataError} as `fitTemperature`, and for a negative weight.
 */
export function fitIsotonic(predictions: Numbers, targets: Numbers, weights?: Numbers): Calibrator {
  checkScores("fitIsotonic", predictions, targets, weights);
  const pools: { score: number; weight: number; signal: number; from: number }[] = [];
  for (const i of argsort(predictions)) {
    const weight = weights ? weights[i]! : 1;
    if (weight < 0) {
      throw new DataError(
        `fitIsotonic: the weight of event ${i} is ${weight}; none may be negative. Use fitTemperature.`,
      );
    }
    if (weight === 0) continue;
    const score = predictions[i]!;
    const last = pools.at(-1);
    if (last && last.score === score) {
      last.weight += weight;
      last.signal += weight * targets[i]!;
    } else pools.push({ score, weight, signal: weight * targets[i]!, from: score });
    // Tied scores come one after the other, and must be one value before pools are merged.
    if (pools.length > 1 && last === pools.at(-2)) mergeViolators(pools, 1);
  }
  mergeViolators(pools, 0);
  const ends = pools.flatMap(({ from, score, signal, weight }) =>
    (from === score ? [score] : [from, score]).map((x) => [x, signal / weight] as const),
  );
  return {
    kind: "isotonic",
    scores: Float64Array.from(ends, ([score]) => score),
    probabilities: Float64Array.from(ends, ([, probability]) => probability),
  };
}

/** Merges pools whose fractions fall, but for the last `open` ones. */
function mergeViolators(
  pools: { score: number; weight: number; signal: number; from: number }[],
  open: number,
): void {
  const rest = pools.splice(pools.length - open, open);
  while (pools.length > 1) {
    const [before, last] = [pools.at(-2)!, pools.at(-1)!];
    if (before.signal / before.weight < last.signal / last.weight) break;
    pools.splice(pools.length - 2, 2, {
      score: last.score,
      from: before.from,
      weight: before.weight + last.weight,
      signal: before.signal + last.signal,
    });
  }
  pools.push(...rest);
}

/** The probabilities that a calibrator gives for scores; constant outside the scores an isotonic one was fitted on. */
export function calibrated(calibrator: Calibrator, predictions: Numbers): Float64Array {
  if (calibrator.kind === "temperature") {
    return Float64Array.from(predictions, (p) => 1 / (1 + Math.exp(-logitOf(p) / calibrator.temperature)));
  }
  const { scores, probabilities } = calibrator;
  const end = scores.length - 1;
  return Float64Array.from(predictions, (p) => {
    if (p <= scores[0]!) return probabilities[0]!;
    if (p >= scores[end]!) return probabilities[end]!;
    let [low, high] = [0, end];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (scores[middle]! <= p) low = middle;
      else high = middle;
    }
    const part = (p - scores[low]!) / (scores[high]! - scores[low]!);
    return probabilities[low]! * (1 - part) + probabilities[high]! * part;
  });
}

/** ln(p / (1 − p)), finite for 0 and 1: a score in single precision may be either. */
function logitOf(p: number): number {
  const inside = Math.min(1 - 1e-12, Math.max(1e-12, p));
  return Math.log(inside / (1 - inside));
}

function checkScores(
  where: string,
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
): void {
  const count = targets.length;
  if (predictions.length !== count || (weights && weights.length !== count)) {
    throw new DataError(
      `${where}: ${predictions.length} predictions, ${count} targets${weights ? `, ${weights.length} weights` : ""}. Every event needs one of each.`,
    );
  }
  const sums = [0, 0];
  for (let i = 0; i < count; i++) {
    if (!(predictions[i]! >= 0 && predictions[i]! <= 1)) {
      throw new DataError(
        `${where}: the prediction of event ${i} is ${predictions[i]}; it must be in [0, 1].`,
      );
    }
    if (targets[i] !== 0 && targets[i] !== 1) {
      throw new DataError(`${where}: the target of event ${i} is ${targets[i]}; it must be 0 or 1.`);
    }
    sums[targets[i]!]! += weights ? weights[i]! : 1;
  }
  if (!(sums[0]! > 0 && sums[1]! > 0)) {
    throw new DataError(
      `${where}: the weights of background and signal sum to ${sums[0]} and ${sums[1]}; both must be positive.`,
    );
  }
}
