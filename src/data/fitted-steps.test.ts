/** Fitted steps: what they do, laws of the weights, back again, and their sentences for bad input. */
import { describe, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import {
  applyPipeline,
  fitPipeline,
  invertPipeline,
  numbersOf,
  type PipelineSpec,
  type Table,
  type TransformStep,
  tableOf,
} from "./index.ts";

const count = 400;
const stream = new Stream(11, "fitted steps");
const draw = (make: () => number): Float64Array => Float64Array.from({ length: count }, make);
const x = draw(() => stream.normal());
const events: Table = tableOf({
  pt: draw(() => 20 + Math.exp(4 * stream.uniform())),
  x,
  y: x.map((value) => 3 * value + 0.5 * stream.normal() + 7),
  z: draw(() => stream.normal() * 1000),
  mass: draw(() => (stream.uniform() < 0.3 ? Number.NaN : 90 + 10 * stream.normal())),
  jets: Int32Array.from({ length: count }, () => stream.integer(3)),
});
const weights = Float64Array.from({ length: count }, () => stream.integer(4));
const signedWeights = Float64Array.from({ length: count }, () => (stream.uniform() < 0.1 ? -1 : 1));

const pca = (more: object = {}): TransformStep => ({ kind: "pca", columns: ["x", "y", "z"], ...more });
const specs: Readonly<Record<string, PipelineSpec>> = {
  standard: { continuous: ["pt", "mass"] },
  robust: { continuous: ["pt", "mass"], scaling: "robust" },
  log: { continuous: ["pt"], transforms: [{ kind: "log", columns: ["pt"], shift: -19 }] },
  mean: { continuous: ["mass"], transforms: [{ kind: "fill", columns: ["mass"], with: "mean" }] },
  median: { continuous: ["mass"], transforms: [{ kind: "fill", columns: ["mass"], with: "median" }] },
  indicator: { continuous: ["mass", "mass_missing"], transforms: [{ kind: "indicator", columns: ["mass"] }] },
  quantile: { continuous: ["pt", "mass"], transforms: [{ kind: "quantile", columns: ["pt", "mass"] }] },
  uniform: {
    continuous: ["pt"],
    transforms: [{ kind: "quantile", columns: ["pt"], output: "uniform", knots: 20 }],
  },
  pca: { continuous: ["pc_*"], transforms: [pca()] },
  whitening: { continuous: ["white_*"], transforms: [pca({ whiten: true, prefix: "white", components: 2 })] },
};
const needsPositiveWeights = ["robust", "median", "quantile", "uniform"];

async function features(
  spec: PipelineSpec,
  fit: { readonly rows?: ArrayLike<number>; readonly weights?: Float64Array },
): Promise<number[]> {
  const pipeline = JSON.parse(JSON.stringify(await fitPipeline(events, spec, fit)));
  return [...(await applyPipeline(pipeline, events)).features];
}

function expectClose(found: readonly number[], expected: readonly number[], tolerance = 2e-6): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(found[i]).toBeNaN();
    else expect(Math.abs(found[i]! - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
  }
}

describe.each(Object.entries(specs))("weights in the fit of %s", (name, spec) => {
  test("weight 2 is the event twice, and weight 0 no event", async () => {
    const repeated = [...weights.entries()].flatMap(([row, weight]) => Array<number>(weight).fill(row));
    const found = await features(spec, { weights });
    expectClose(found, await features(spec, { rows: repeated }));
    const unweighted = await features(spec, {});
    expect(found.some((value, i) => Math.abs(value - unweighted[i]!) > 1e-3)).toBe(true);
  });

  test("only the ratios of weights count", async () => {
    expectClose(
      await features(spec, { weights: weights.map((w) => 5 * w) }),
      await features(spec, { weights }),
    );
  });

  test(
    needsPositiveWeights.includes(name) ? "negative weights are refused" : "negative weights are legal",
    async () => {
      const fitted = features(spec, { weights: signedWeights });
      if (needsPositiveWeights.includes(name)) {
        await expect(fitted).rejects.toThrow(
          /^feature "\w+": the weight of row \d+ is -1, but quantiles need weights that are not negative\. Fit them without weights\.$/,
        );
      } else expect((await fitted).some(Number.isFinite)).toBe(true);
    },
  );
});

describe("fitted steps", () => {
  test("whitened components have mean 0, variance 1 and no correlation, in the weighted sample", async () => {
    const spec: PipelineSpec = { continuous: ["pc_*"], transforms: [pca({ whiten: true })], scaling: "none" };
    const { table } = await applyPipeline(await fitPipeline(events, spec, { weights }), events);
    const columns = ["pc_0", "pc_1", "pc_2"].map((name) => numbersOf(table, name));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const moment = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      weights.reduce((sum, weight, i) => sum + weight * a[i]! * b[i]!, 0) / total;
    const ones = new Float64Array(count).fill(1);
    for (const [a, first] of columns.entries()) {
      expect(moment(first, ones)).toBeCloseTo(0, 10);
      for (const [b, second] of columns.entries())
        expect(moment(first, second)).toBeCloseTo(a === b ? 1 : 0, 10);
    }
    expect(Object.keys(table.columns)).toEqual(["pt", "pc_0", "pc_1", "pc_2", "mass", "jets"]);
  });

  test("pca finds the direction of two columns of which one is twice the other", async () => {
    const line = tableOf({ a: Float64Array.of(1, 2, 3, 4), b: Float64Array.of(2, 4, 6, 8) });
    const transforms: TransformStep[] = [{ kind: "pca", columns: ["a", "b"], standardise: false }];
    const { steps } = await fitPipeline(line, { continuous: ["pc_0"], transforms });
    const step = steps[1]!;
    if (step.kind !== "pca" || !("names" in step)) throw new Error("expected the fitted step");
    expect(step.components[0]![0]).toBeCloseTo(1 / Math.sqrt(5), 12);
    expect(step.components[0]![1]).toBeCloseTo(2 / Math.sqrt(5), 12);
    await expect(
      fitPipeline(line, {
        continuous: ["pc_0"],
        transforms: [{ ...transforms[0]!, whiten: true } as TransformStep],
      }),
    ).rejects.toThrow(
      "principal components of a, b: component 1 has no variance, for the columns depend on each other; keep at most 1 (components: 1).",
    );
  });

  test("quantiles make any distribution Gaussian or uniform, and keep the order", async () => {
    const quantile = async (output: "normal" | "uniform"): Promise<Float64Array> => {
      const transforms: TransformStep[] = [{ kind: "quantile", columns: ["pt"], output }];
      const { table } = await applyPipeline(
        await fitPipeline(events, { continuous: ["pt"], transforms }),
        events,
      );
      return Float64Array.from(numbersOf(table, "pt"));
    };
    const within = (values: Float64Array, low: number, high: number): number =>
      values.filter((value) => value > low && value < high).length / count;
    // 68.3 %, 95.4 % of a Gaussian within one and two deviations.
    const normal = await quantile("normal");
    expect(within(normal, -1, 1)).toBeCloseTo(0.6827, 1.9);
    expect(within(normal, -2, 2)).toBeCloseTo(0.9545, 1.9);
    expect(Math.max(...normal)).toBeCloseTo(2.8070337683, 8); // Φ⁻¹(0.9975), of scipy.stats.norm.ppf
    expect(within(await quantile("uniform"), 0.25, 0.5)).toBeCloseTo(0.25, 1.9);
    const order = [...normal.keys()].sort(
      (a, b) => numbersOf(events, "pt")[a]! - numbersOf(events, "pt")[b]!,
    );
    for (let i = 1; i < count; i++) expect(normal[order[i]!]!).toBeGreaterThanOrEqual(normal[order[i - 1]!]!);
  });

  test("robust scaling: median 0, quartiles those of a Gaussian; one scaling for each feature", async () => {
    const table = tableOf({
      a: Float64Array.of(1, 2, 3, 4, 1e6),
      b: Float64Array.of(1, 2, 3, 4, 5),
      c: Float64Array.of(1, 1, 1, 1, 5),
    });
    const scaling = { "*": "robust", b: "none" } as const;
    const { scaler } = await fitPipeline(table, { continuous: ["a", "b", "c"], scaling });
    expect(scaler!.means).toEqual([3, 0, 1]);
    expect(scaler!.standardDeviations[0]).toBeCloseTo(2 / 1.3489795, 6);
    expect(scaler!.standardDeviations[1]).toBe(1);
    expect(scaler!.standardDeviations[2]).toBeCloseTo(1.6, 12);
    await expect(fitPipeline(table, { continuous: ["a"], scaling: { d: "none" } })).rejects.toThrow(
      'scaling: continuous feature "d" is not known.',
    );
  });

  test("a log of what is not positive, and an indicator, tell what is missing", async () => {
    const table = tableOf({ a: Float64Array.of(-1, 0, 1, Math.E) });
    const transforms: TransformStep[] = [
      { kind: "log", columns: ["a"] },
      { kind: "indicator", columns: ["a"] },
    ];
    const pipeline = await fitPipeline(table, {
      continuous: ["a", "a_missing"],
      transforms,
      scaling: "none",
    });
    expect([...(await applyPipeline(pipeline, table)).inputs]).toEqual([0, 1, 0, 1, 0, 0, 1, 0]);
  });

  test("a category of later files that training did not have is an error, or none of the known ones", async () => {
    const spec: PipelineSpec = { continuous: ["x"], categorical: ["jets"] };
    const later = tableOf({ x: Float64Array.of(0, 0), jets: Int32Array.of(1, 9) });
    await expect(applyPipeline(await fitPipeline(events, spec), later)).rejects.toThrow(
      'column "jets": row 2 has the value "9", which the training events did not have. Known: 0, 1, 2.',
    );
    const lenient = JSON.parse(JSON.stringify(await fitPipeline(events, { ...spec, unseen: "other" })));
    const { features: found } = await applyPipeline(lenient, later);
    expect([found[1], found[3]]).toEqual([1, -1]);
  });

  test("a missing category of the training events is none of them where unseen ones are", async () => {
    const training = tableOf({ jets: Float64Array.of(2, Number.NaN, 0), kind: ["b", "", "a"] });
    const pipeline = await fitPipeline(training, {
      continuous: [],
      categorical: ["jets", "kind"],
      unseen: "other",
    });
    expect(pipeline.categorical).toEqual([
      { name: "jets", values: [0, 2], unseen: "other" },
      { name: "kind", values: ["a", "b"], unseen: "other" },
    ]);
    expect([...(await applyPipeline(pipeline, training)).features]).toEqual([1, 1, -1, -1, 0, 0]);
    expect([...numbersOf(invertPipeline(pipeline, Float32Array.of(-1, -1)), "jets")]).toEqual([Number.NaN]);
    const empty = tableOf({ jets: Float64Array.of(Number.NaN) });
    await expect(
      fitPipeline(empty, { continuous: [], categorical: ["jets"], unseen: "other" }),
    ).rejects.toThrow('column "jets": no training event has a value, so there are no categories.');
  });

  test("invertPipeline gives the raw columns back, missing values too", async () => {
    const pipeline = await fitPipeline(events, {
      transforms: [
        { kind: "rename", columns: { z: "height" } },
        { kind: "log", columns: ["pt"] },
        { kind: "indicator", columns: ["mass"] },
        { kind: "fill", columns: ["mass"], with: "mean" },
        { kind: "quantile", columns: ["mass"], knots: 300 },
        { kind: "pca", columns: ["x", "y", "height"], whiten: true },
      ],
      continuous: ["pt", "mass", "mass_missing", "pc_*"],
      categorical: ["jets"],
      scaling: { pt: "robust" },
    });
    const back = invertPipeline(pipeline, (await applyPipeline(pipeline, events)).features);
    expect(Object.keys(back.columns).sort()).toEqual(Object.keys(events.columns).sort());
    for (const name of ["pt", "x", "y", "z", "jets"]) {
      expectClose([...numbersOf(back, name)], [...numbersOf(events, name)], 1e-5);
    }
    const known = [...numbersOf(events, "mass")].sort((a, b) => a - b);
    const [low, high] = [known[5]!, known[known.filter(Number.isFinite).length - 6]!];
    for (const [i, mass] of numbersOf(events, "mass").entries()) {
      if (Number.isNaN(mass)) expect(numbersOf(back, "mass")[i]).toBeNaN();
      else if (mass > low && mass < high) expect(numbersOf(back, "mass")[i]).toBeCloseTo(mass, 3);
    }
  });

  test("say what is wrong", async () => {
    const fitted = (step: TransformStep) => fitPipeline(events, { continuous: ["x"], transforms: [step] });
    await expect(fitted({ kind: "log", columns: ["ptt"] })).rejects.toThrow(
      'transform log: column "ptt" is not known. Did you mean "pt"?',
    );
    await expect(fitted({ kind: "pca", columns: ["x", "y"], components: 3 })).rejects.toThrow(
      "principal components: 3 were asked for, but 2 columns have 1 to 2.",
    );
    const taken: Table = tableOf({ ...events.columns, pc_1: events.columns.x! });
    await expect(fitPipeline(taken, { continuous: ["pt"], transforms: [pca()] })).rejects.toThrow(
      'transform pca: there is a column "pc_1" already; choose another prefix.',
    );
    const pipeline = await fitPipeline(events, specs.pca!);
    await expect(
      applyPipeline(pipeline, tableOf({ x: events.columns.x!, y: events.columns.y! })),
    ).rejects.toThrow('transform pca: column "z" is not known.');
  });
});
