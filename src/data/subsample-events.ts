/** A smaller sample of the same events. */
import { type Numbers, Stream } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";

/** Which events are drawn. */
export interface SubsampleOptions {
  /** Number of events wanted. */
  readonly count: number;
  /** Draw with replacement. Default false. */
  readonly replace?: boolean;
  /** What each event belongs to: every stratum gives its share of the events, and keeps its sum of weights. Default: one stratum. */
  readonly strata?: Numbers;
  /** Event weights; they are scaled in each stratum. Default: all 1. */
  readonly weights?: Numbers | undefined;
  readonly seed?: number;
}

/** Drawn events. */
export interface Subsample {
  /** Numbers of the events, rising; with replacement some are there several times. */
  readonly events: Int32Array;
  /** Weights of the drawn events, scaled so that those of each stratum sum to what all its events sum to. */
  readonly weights: Float64Array;
}

/**
 * Draws events at random, from each stratum its share (largest remainders first, at least one event of each), and scales
 * their weights so that every stratum keeps its sum: yields and significances stay those of the whole sample. Events of
 * weight 0 are not drawn.
 *
 * @throws {DataError} for lengths that differ, or where the drawn weights of a stratum do not sum to a number of the sign
 * of its sum (negative weights: draw more events); {ConfigurationError} for a count that cannot be drawn.
 * @example
 * subsampleEvents(4, { count: 2, strata: [0, 0, 1, 1], weights: [1, 1, 3, 3] }).weights // Float64Array [2, 6]
 */
export function subsampleEvents(
  eventCount: number,
  { count, replace = false, strata, weights, seed = 0 }: SubsampleOptions,
): Subsample {
  for (const [what, values] of [
    ["strata", strata],
    ["weights", weights],
  ] as const) {
    if (values && values.length !== eventCount) {
      throw new DataError(`subsampleEvents: ${eventCount} events, but ${values.length} ${what}.`);
    }
  }
  const groups = new Map<number, number[]>();
  let usable = 0;
  for (let event = 0; event < eventCount; event++) {
    if (weights?.[event] === 0) continue;
    usable++;
    const stratum = strata ? strata[event]! : 0;
    const group = groups.get(stratum);
    if (group) group.push(event);
    else groups.set(stratum, [event]);
  }
  if (!(Number.isInteger(count) && count >= groups.size && count >= 1 && (replace || count <= usable))) {
    throw new ConfigurationError(
      `subsampleEvents: count is ${count}; it must be a whole number from ${Math.max(1, groups.size)} to ${usable}, the number of ${strata ? "strata" : "events"} and of events with a weight.`,
    );
  }
  const keys = [...groups.keys()].sort((a, b) => a - b);
  const shares = sharesOf(
    keys.map((key) => groups.get(key)!.length),
    count,
  );
  const drawn: { readonly event: number; readonly weight: number }[] = [];
  for (const [place, key] of keys.entries()) {
    const group = groups.get(key)!;
    const stream = new Stream(seed, "subsample", place);
    const events = replace
      ? Array.from({ length: shares[place]! }, () => group[stream.integer(group.length)]!)
      : Array.from(stream.permutation(group.length).slice(0, shares[place]!), (i) => group[i]!);
    const weightOf = (event: number): number => (weights ? weights[event]! : 1);
    const total = group.reduce((sum, event) => sum + weightOf(event), 0);
    const found = events.reduce((sum, event) => sum + weightOf(event), 0);
    const factor = total / found;
    if (!(factor > 0 && Number.isFinite(factor))) {
      throw new DataError(
        `subsampleEvents: the weights of stratum ${key} sum to ${total}, those of its ${events.length} drawn events to ${found}. Draw more events.`,
      );
    }
    for (const event of events) drawn.push({ event, weight: factor * weightOf(event) });
  }
  drawn.sort((a, b) => a.event - b.event);
  return {
    events: Int32Array.from(drawn, ({ event }) => event),
    weights: Float64Array.from(drawn, ({ weight }) => weight),
  };
}

/** Whole shares of `count` in proportion to the sizes, at least 1 each; largest remainders first. */
function sharesOf(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (count * size) / total);
  const shares = exact.map((share) => Math.max(1, Math.floor(share)));
  let left = count - shares.reduce((sum, share) => sum + share, 0);
  const order = [...sizes.keys()].sort((a, b) => exact[b]! - shares[b]! - (exact[a]! - shares[a]!) || a - b);
  for (let k = 0; left > 0; k = (k + 1) % order.length, left--) shares[order[k]!]! += 1;
  // Strata too small for their share took events of the others, which give back from the largest on.
  for (; left < 0; left++) shares[shares.indexOf(Math.max(...shares))]! -= 1;
  return shares;
}
