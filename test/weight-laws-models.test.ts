/**
 * What event weights mean, as laws: for every tree model and importance that `lumin-hep/trees` exports, and everything in
 * `lumin-hep/features`. An export that is neither in the table nor excused with a reason fails.
 */
import { describe, expect, test } from "vitest";
import { Stream } from "../src/array/index.ts";
import * as features from "../src/features/index.ts";
import { rocAuc } from "../src/metrics/index.ts";
import * as trees from "../src/trees/index.ts";

/** Weighted events; three features of few values, so that every value has a bin of its own. */
interface Events {
  readonly columns: readonly Float64Array[];
  readonly targets: Float64Array;
  readonly weights: Float64Array | undefined;
}

/** The law, or why it does not hold. */
type Law = true | `because ${string}`;

/** A result of weighted events and its laws. */
interface Weighted {
  /** `unit`: what all weights were multiplied by, for options that are sums of weights. */
  readonly of: (events: Events, unit: number) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Weight 2 is the event twice. */
  readonly twice: Law;
  /** Weight 0 is no event. */
  readonly zero: Law;
  /** An event of weight −w cancels one of weight w. */
  readonly cancels: Law;
}

const names = ["a", "b", "c"];
const bootstrap = { replicaCount: 2, seed: 1 };
const draws = "because events are drawn, dealt or shuffled by their number";
const drawn = { twice: draws, zero: draws, cancels: draws } as const;
const all = { twice: true, zero: true, cancels: true } as const;

const forest = (kind: "random" | "extra", task: trees.TreeTask) => (events: Events, unit: number) =>
  trees
    .trainForest(events, { task, kind, trees: 6, bootstrap: false, minLeafWeight: 2 * unit, maxFeatures: 2 })
    .model.predict(probes);
const boosting = (task: trees.TreeTask) => (events: Events, unit: number) =>
  trees
    .trainBoosting(events, { task, rounds: 5, minChildWeight: unit, lambda: unit, gamma: 0.1 * unit })
    .model.predict(probes);
/** A tree model that sees no weights. */
const fixed = trees.trainBoosting(sample(200, 77), { task: "binary", rounds: 4 }).model;
const predictor: features.FeaturePredictor = {
  featureCount: 3,
  outputCount: 1,
  predict: async (inputs) => fixed.predict(trees.columnsOfMatrix(inputs, 3)),
};
const sets = (events: Events): features.SelectionEvents =>
  features.splitFeatureEvents("binary", { names, ...events }, 0.4, new Stream(1, "split"));
const small = { trees: 5, minLeafEvents: 3, maxFeatures: { part: 0.7 } } as const;
const probes = sample(60, 5).columns;

const table: readonly (readonly [name: string, weighted: Weighted])[] = [
  ["trees.trainForest", { of: forest("random", "binary"), ...all }],
  ["trees.trainForest", { of: forest("random", "multiclass"), ...all }],
  ["trees.trainForest", { of: forest("random", "regression"), ...all }],
  ["trees.trainForest", { of: forest("extra", "binary"), ...all }],
  [
    "trees.trainForest",
    {
      of: (events) => {
        const options = { task: "binary", trees: 6, outOfBag: true } as const;
        const { model, outOfBag } = trees.trainForest(events, options);
        const score = rocAuc(
          outOfBag!.map((p) => (Number.isNaN(p) ? 0.5 : p)),
          events.targets,
          events.weights,
        );
        return [...model.predict(probes), score];
      },
      twice: "because a bootstrap draws events, not weights",
      zero: true,
      cancels: "because a bootstrap draws the two events of a pair by themselves",
    },
  ],
  ["trees.trainBoosting", { of: boosting("binary"), ...all }],
  ["trees.trainBoosting", { of: boosting("multiclass"), ...all }],
  ["trees.trainBoosting", { of: boosting("regression"), ...all }],
  [
    "trees.trainBoosting",
    {
      of: (events, unit) => {
        const options = { task: "binary", minChildWeight: unit, lambda: unit } as const;
        const validation = events;
        const found = trees.trainBoosting(sample(100, 9, unit), {
          ...options,
          rounds: 40,
          patience: 3,
          validation,
        });
        return [found.bestRound, ...found.history.map(({ validationLoss }) => validationLoss)];
      },
      ...all,
    },
  ],
  [
    "trees.gainImportance",
    {
      of: (events, unit) =>
        trees.gainImportance(
          trees.trainBoosting(events, { task: "binary", rounds: 3, minChildWeight: unit, lambda: unit })
            .model,
        ).gain,
      ...all,
    },
  ],
  [
    "trees.permutationImportance",
    {
      of: ({ columns, targets, weights }) =>
        trees.permutationImportance(fixed, columns, (p) => rocAuc(p, targets, weights), { repeats: 2 })
          .importance,
      ...drawn,
    },
  ],
  [
    "trees.shapValues",
    {
      of: (events, unit) => {
        const { model } = trees.trainBoosting(events, {
          task: "binary",
          rounds: 3,
          minChildWeight: unit,
          lambda: unit,
        });
        const { values, expected } = trees.shapValues(model, probes);
        return [...values, ...expected];
      },
      ...all,
    },
  ],
  [
    "features.featureImportance",
    {
      of: async ({ columns, targets, weights }) => {
        const data = {
          ...{ features: names, inputs: matrixOf(columns), targets: Float32Array.from(targets) },
          ...(weights ? { weights: Float32Array.from(weights) } : {}),
        };
        const found = await features.featureImportance(predictor, data, { metric: "rocAuc", foldCount: 3 });
        return [found.nominal.value, ...found.importances.map(({ value }) => value)];
      },
      ...drawn,
    },
  ],
  [
    "features.partialDependence",
    {
      of: async (events) =>
        (await features.partialDependence(predictor, dependenceEvents(events), "a", { values: [0, 2, 5] }))
          .mean,
      ...all,
    },
  ],
  [
    "features.jointDependence",
    {
      of: async (events) =>
        (await features.jointDependence(predictor, dependenceEvents(events), ["a", "b"], { pointCount: 3 }))
          .mean,
      twice: true,
      zero: true,
      cancels: "because the grid is one of quantiles, which negative weights do not have",
    },
  ],
  [
    "features.accumulatedEffects",
    {
      of: async (events) => {
        const options = { intervalCount: 4, bootstrap };
        return (await features.accumulatedEffects(predictor, dependenceEvents(events), "a", options)).effect;
      },
      twice: true,
      zero: true,
      cancels: "because edges are quantiles of |weight|",
    },
  ],
  [
    "features.jointEffects",
    {
      of: async (events) => {
        const options = { intervalCount: 3, bootstrap };
        return (await features.jointEffects(predictor, dependenceEvents(events), ["a", "b"], options)).effect;
      },
      twice: true,
      zero: true,
      cancels: "because edges are quantiles of |weight|",
    },
  ],
  [
    "features.attributionSizes",
    {
      of: ({ columns, weights }) => {
        const values = Float64Array.from(matrixOf(columns));
        const [base, prediction] = [new Float64Array(0), new Float64Array(0)];
        return features
          .attributionSizes({ features: names, values, base, prediction }, weights)
          .map(({ value }) => value);
      },
      ...all,
    },
  ],
  ["features.rankCorrelation", { of: (e) => features.rankCorrelation(e.columns, e.weights), ...all }],
  [
    "features.compareSets",
    {
      of: (events) => {
        const other = sample(120, 8, 1);
        const found = features.compareSets(events, other, { names, forest: small, permutations: 20 });
        return [
          found.auc,
          found.standardError,
          found.pValue,
          ...found.features.map(({ distance }) => distance),
        ];
      },
      ...drawn,
    },
  ],
  [
    "features.mutualDependence",
    {
      of: (events) =>
        features.mutualDependence({ names, ...events }, { forest: { ...small, minLeafEvents: 1 } })
          .dependence,
      ...drawn,
    },
  ],
  [
    "features.rankFeatures",
    {
      of: (events) =>
        features
          .rankFeatures(sets(events), { forest: small, forestCount: 2 })
          .features.map(({ importance }) => importance),
      ...drawn,
    },
  ],
  [
    "features.rankOnBootstraps",
    {
      of: (events) =>
        features
          .rankOnBootstraps(sets(events), { forest: small, repetitions: 2 })
          .map(({ keptFraction }) => keptFraction),
      ...drawn,
    },
  ],
  [
    "features.checkRemoval",
    {
      of: (events) => {
        const found = features.checkRemoval(sets(events), ["a", "c"], { forest: small, forestCount: 1 });
        return [found.score.mean, ...found.trials.map(({ score }) => score.mean)];
      },
      ...drawn,
    },
  ],
  [
    "features.scanForest",
    {
      of: (events) =>
        features
          .scanForest(sets(events), { trees: 4, minLeafEvents: [1, 5], maxFeatures: [0.5] })
          .tried.map(({ score }) => score),
      ...drawn,
    },
  ],
  [
    "features.scoreFeatures",
    { of: (events) => [features.scoreFeatures(sets(events), ["a", "b"], small, 1, 3).mean], ...drawn },
  ],
  [
    "features.compareFeatures",
    {
      of: (events) => {
        const options = { forest: small, forestCount: 1, replicaCount: 5 };
        const { cost, uncertainty } = features.compareFeatures(sets(events), ["a", "b"], options);
        return [cost, uncertainty];
      },
      ...drawn,
    },
  ],
  [
    "features.growSelectionForest",
    {
      of: (events) => features.growSelectionForest({ names, ...events }, "binary", small, 4).predict(probes),
      twice: "because a bootstrap draws events, not weights",
      zero: true,
      cancels: "because a bootstrap draws the two events of a pair by themselves",
    },
  ],
  [
    "features.explainedShare",
    {
      of: ({ columns, targets, weights }) => [features.explainedShare(columns[0]!, targets, weights)],
      ...all,
    },
  ],
  [
    "features.selectionScore",
    {
      of: ({ columns, targets, weights }) => [
        features.selectionScore("binary", columns[0]!, targets, weights),
      ],
      ...all,
    },
  ],
];

/** Exports that need no law, and why. */
const excused: Readonly<Record<string, string>> = {
  "trees.TreeEnsemble": "predicts event by event",
  "trees.categoriesOf": "reads a tree",
  "trees.columnsOfMatrix": "turns a matrix",
  "trees.importLightgbm": "reads a file",
  "trees.importXgboost": "reads a file",
  "trees.parseTrees": "reads a file",
  "trees.treesToJson": "writes a file",
  "features.blockContributions": "event by event; its means by meanOf, its quantiles by weightedQuantiles",
  "features.bottleneckContributions": "as blockContributions",
  "features.integratedGradients": "event by event",
  "features.expectedGradients": "event by event, over a background that is drawn by its weights",
  "features.treeAttributions": "event by event",
  "features.correlationClusters": "of correlations",
  "features.repeatedScore": "of scores",
  "features.splitFeatureEvents": "deals events",
  "features.withEvents": "picks events",
  "features.withFeatures": "picks columns",
  "features.filterByCorrelation": "of rankCorrelation and scoreFeatures",
  "features.filterByDependence": "of mutualDependence and scoreFeatures",
  "features.removeGuarded": "of checkRemoval",
  "features.selectFeatures": "of all the above",
};

test("every export of trees and features has laws or a reason", () => {
  const exported = Object.entries({ trees, features }).flatMap(([folder, module]) =>
    Object.entries(module)
      .filter(([, value]) => typeof value === "function")
      .map(([name]) => `${folder}.${name}`),
  );
  const listed = [...new Set([...table.map(([name]) => name), ...Object.keys(excused)])];
  expect(listed.sort()).toEqual(exported.sort());
});

/** Events whose target goes with the first feature; weights are sums of powers of two, times `unit`. */
function sample(count: number, seed: number, unit = 1): Events & { readonly weights: Float64Array } {
  const stream = new Stream(seed, "laws");
  const columns = names.map(() => Float64Array.from({ length: count }, () => stream.integer(12)));
  const targets = columns[0]!.map((x) => (x + 4 * stream.normal() > 6 ? 1 : 0));
  const weights = targets.map(() => unit * 2 ** (stream.integer(3) - 1));
  return { columns, targets, weights };
}

function matrixOf(columns: readonly Float64Array[]): Float32Array {
  const eventCount = columns[0]!.length;
  return Float32Array.from({ length: 3 * eventCount }, (_, i) => columns[i % 3]![Math.floor(i / 3)]!);
}

function dependenceEvents({ columns, weights }: Events) {
  return {
    ...{ features: names, continuousFeatures: names, categoricalFeatures: [], inputs: matrixOf(columns) },
    ...(weights ? { weights: Float32Array.from(weights) } : {}),
  };
}

/** Some events, by number, with other weights. */
function pick({ columns, targets }: Events, rows: readonly number[], weights?: readonly number[]): Events {
  const of = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row]!);
  return {
    columns: columns.map(of),
    targets: of(targets),
    weights: weights && Float64Array.from(weights),
  };
}

describe.each(table.map(([name, weighted], line) => ({ name, line, weighted })))(
  "$name (line $line)",
  ({ weighted: { of, twice, zero, cancels } }) => {
    const events = sample(160, 21);
    const rows = Array.from(events.targets.keys());
    const weights = Array.from(events.weights);
    const same = async (a: Events, b: Events, unitA = 1): Promise<void> => {
      const [left, right] = [Array.from(await of(a, unitA)), Array.from(await of(b, 1))];
      expect(left.length).toBe(right.length);
      left.forEach((x, i) => {
        if (!Number.isFinite(right[i]!)) expect(x).toBe(right[i]);
        else expect(Math.abs(x - right[i]!)).toBeLessThan(1e-9 * Math.max(1, Math.abs(right[i]!)));
      });
    };

    test("no weights are ones", async () => {
      await same(
        pick(events, rows),
        pick(
          events,
          rows,
          rows.map(() => 1),
        ),
      );
    });

    test("a factor on all weights changes nothing", async () => {
      await same({ ...events, weights: events.weights.map((w) => 1024 * w) }, events, 1024);
    });

    if (twice === true) {
      test("weight 2 is the event twice", async () => {
        const some = rows.filter((row) => row % 4 === 1);
        const doubled = weights.map((w, row) => (row % 4 === 1 ? 2 * w : w));
        const repeated = [...weights, ...some.map((row) => weights[row]!)];
        await same(pick(events, rows, doubled), pick(events, [...rows, ...some], repeated));
      });
    }

    if (zero === true) {
      test("weight 0 is no event", async () => {
        const kept = rows.filter((row) => row % 5 !== 2);
        const zeroed = weights.map((w, row) => (row % 5 === 2 ? 0 : w));
        await same(
          pick(events, rows, zeroed),
          pick(
            events,
            kept,
            kept.map((row) => weights[row]!),
          ),
        );
      });
    }

    test("a negative weight cancels its double, or a reason says why not", async () => {
      const pairs = rows.filter((row) => row % 7 === 3);
      const withPairs = pick(
        events,
        [...rows, ...pairs, ...pairs],
        [...weights, ...pairs.map(() => 1), ...pairs.map(() => -1)],
      );
      if (cancels === true) await same(withPairs, events);
      else for (const value of Array.from(await of(withPairs, 1))) expect(value).toBeTypeOf("number");
    });
  },
);
