/** Bootstrap intervals cover the truth in 68 % of toys, for weighted events, some of them negative. */
import { expect, test } from "vitest";
import { poissonCounts, Stream, weightedQuantiles } from "../../src/array/index.ts";
import { ams, meanOf, measure, rocAuc, rocAucWithUncertainty } from "../../src/metrics/index.ts";
import { kernelDensity, normalTail, pairedDifference } from "../../src/statistics/index.ts";

const toyCount = 500;
const bootstrap = { replicaCount: 100, seed: 11 };

interface Toy {
  /** Normal, mean 0; of signal mean 1. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly weights: Float64Array;
  /** Another score of the same events: x and as much noise again. */
  readonly blurred: Float64Array;
}

/** A Poisson number of events around 400, half of them signal; of the weights a share is negative. */
function toyOf(number: number, negativeShare: number): Toy {
  const stream = new Stream(number, "toy");
  const count = poissonCounts(400, stream).reduce((sum, drawn) => sum + drawn, 0);
  const y = Float64Array.from({ length: count }, () => (stream.uniform() < 0.5 ? 1 : 0));
  const x = y.map((target) => stream.normal() + target);
  const weights = y.map(() => (0.5 + stream.uniform()) * (stream.uniform() < negativeShare ? -0.6 : 1));
  return { x, y, weights, blurred: x.map((value) => value + stream.normal()) };
}

/** Share of toys whose interval value ± uncertainty holds the truth. */
function coverage(
  truth: number,
  negativeShare: number,
  of: (toy: Toy) => { readonly value: number; readonly uncertainty: number },
): number {
  let covered = 0;
  for (let number = 0; number < toyCount; number++) {
    const { value, uncertainty } = of(toyOf(number, negativeShare));
    if (Math.abs(value - truth) <= uncertainty) covered++;
  }
  return covered / toyCount;
}

const phi = (z: number): number => 1 - normalTail(z);
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
/** Where both classes together have a distribution function of ¾. */
const upperQuartile = (() => {
  let [low, high] = [0, 3];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if ((phi(middle) + phi(middle - 1)) / 2 < 0.75) low = middle;
    else high = middle;
  }
  return low;
})();
/** Mean weight for a share of negative ones. */
const meanWeight = (negativeShare: number): number => 1 - 1.6 * negativeShare;
/** AMS of x ≥ 1 with b_reg 10. */
const amsAbove = (negativeShare: number): number => {
  const [s, b] = [0.5, normalTail(1)].map((share) => 200 * share * meanWeight(negativeShare)) as [
    number,
    number,
  ];
  const B = b + 10;
  return Math.sqrt(2 * ((s + B) * Math.log(1 + s / B) - s));
};

/** Of both classes, convolved with the kernel: mean 0 and 1, variance 1.09. */
const smoothedDensity = (() => {
  const width = Math.sqrt(1.09);
  return (density(0.5 / width) / width + density(-0.5 / width) / width) / 2;
})();

test.each([
  ["positive", 0],
  ["some negative", 0.15],
])(
  "of mean, AUC, its difference, AMS and density, weights %s",
  (_, share) => {
    const found = {
      mean: coverage(0.5, share, ({ x, weights }) =>
        measure(x.length, (w) => meanOf(x, w), weights, bootstrap),
      ),
      auc: coverage(phi(Math.SQRT1_2), share, ({ x, y, weights }) =>
        rocAucWithUncertainty(x, y, weights, bootstrap),
      ),
      difference: coverage(phi(Math.SQRT1_2) - phi(0.5), share, ({ x, blurred, y, weights }) =>
        pairedDifference(x, blurred, (p, w) => rocAuc(p, y, w), weights, bootstrap),
      ),
      ams: coverage(amsAbove(share), share, ({ x, y, weights }) =>
        measure(x.length, (w) => amsAtOne(x, y, w), weights, bootstrap),
      ),
      density: coverage(smoothedDensity, share, ({ x, weights }) => {
        const at = kernelDensity(x, [0.5], weights, { ...bootstrap, bandwidth: 0.3 });
        return { value: at.density[0]!, uncertainty: at.uncertainty[0]! };
      }),
    };
    for (const [name, covered] of Object.entries(found)) {
      expect(Math.abs(covered - 0.683), `${name}: ${covered}`).toBeLessThan(0.04);
    }
  },
  120_000,
);

test("of the upper quartile, weights positive", () => {
  const covered = coverage(upperQuartile, 0, ({ x, weights }) =>
    measure(x.length, (w) => weightedQuantiles(x, [0.75], w)[0]!, weights, bootstrap),
  );
  expect(Math.abs(covered - 0.683)).toBeLessThan(0.04);
}, 120_000);

/** AMS of the cut x ≥ 1. */
function amsAtOne(x: Float64Array, y: Float64Array, w: Float64Array): number {
  let [signal, background] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    if (x[i]! < 1) continue;
    if (y[i] === 1) signal += w[i]!;
    else background += w[i]!;
  }
  return ams({ s: signal, b: background, regularisation: 10 });
}
