import { describe, expect, it } from "vitest";
import { Stream } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { subsampleEvents } from "./subsample-events.ts";

const stream = new Stream(1, "sub");
const strata = Float64Array.from({ length: 1000 }, () => (stream.uniform() < 0.3 ? 1 : 0));
const weights = strata.map(
  (y) => (y === 1 ? 0.01 : 3) * (stream.uniform() + 0.5) * (stream.uniform() < 0.1 ? -1 : 1),
);
const sumOf = (values: ArrayLike<number>, of: (i: number) => boolean): number =>
  Array.from(values).reduce((sum, w, i) => sum + (of(i) ? w : 0), 0);

describe("subsampleEvents", () => {
  it.each([false, true])(
    "keeps the shares of the strata and their sums of weights, replace %s",
    (replace) => {
      const found = subsampleEvents(1000, { count: 200, strata, weights, replace, seed: 4 });
      expect(found.events.length).toBe(200);
      if (!replace) expect(new Set(found.events).size).toBe(200);
      for (const y of [0, 1]) {
        const own = found.events.filter((event) => strata[event] === y).length;
        const share =
          (200 *
            sumOf(
              strata.map(() => 1),
              (i) => strata[i] === y,
            )) /
          1000;
        expect(Math.abs(own - share)).toBeLessThanOrEqual(1);
        const all = sumOf(weights, (i) => strata[i] === y);
        expect(sumOf(found.weights, (i) => strata[found.events[i]!] === y) / all).toBeCloseTo(1, 12);
      }
      expect(subsampleEvents(1000, { count: 200, strata, weights, replace, seed: 4 })).toEqual(found);
      expect(subsampleEvents(1000, { count: 200, strata, weights, replace, seed: 5 })).not.toEqual(found);
    },
  );

  it("draws every event alike, none of weight 0, and of the smallest stratum one", () => {
    const counts = new Float64Array(20);
    for (let seed = 0; seed < 2000; seed++) {
      const { events } = subsampleEvents(20, {
        ...{ count: 5, seed, strata: counts.map((_, i) => (i === 19 ? 1 : 0)) },
        weights: counts.map((_, i) => (i === 3 ? 0 : 1)),
      });
      expect(events.includes(19)).toBe(true);
      for (const event of events) counts[event]! += 1;
    }
    expect(counts[3]).toBe(0);
    for (const [event, count] of counts.entries()) {
      if (event !== 3 && event !== 19) expect(Math.abs(count / 2000 - 4 / 18)).toBeLessThan(0.04);
    }
  });

  it("refuses what cannot be drawn", () => {
    expect(() => subsampleEvents(3, { count: 4 })).toThrow(ConfigurationError);
    expect(() => subsampleEvents(3, { count: 2, strata: [0, 1] })).toThrow(
      "subsampleEvents: 3 events, but 2 strata.",
    );
    expect(() => subsampleEvents(2, { count: 2, weights: [1, -1] })).toThrow(DataError);
  });
});
