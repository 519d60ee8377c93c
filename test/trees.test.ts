/** Trees against scikit-learn and XGBoost on the Higgs events, and XGBoost's own model files. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Stream } from "../src/array/index.ts";
import { rocCurve } from "../src/metrics/index.ts";
import * as trees from "../src/trees/index.ts";
import {
  importLightgbm,
  importXgboost,
  shapValues,
  type TreeData,
  trainBoosting,
  trainForest,
} from "../src/trees/index.ts";

const golden = (name: string): string =>
  readFileSync(new URL(`golden/trees/${name}`, import.meta.url), "utf8");
const json = <T>(name: string): T => JSON.parse(golden(name)) as T;

interface Higgs {
  readonly features: readonly string[];
  readonly randomForest: { readonly auc: number };
  readonly extraTrees: { readonly auc: number };
  readonly boosting: { readonly auc: number };
}

/** Events 0–11,999 and 12,000–17,999 of the example, weights of mean 1 in each class. */
function higgsEvents(missing: number): { readonly training: TreeData; readonly test: Required<TreeData> } {
  const file = new URL(
    "../examples/higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz",
    import.meta.url,
  );
  const [header, ...rows] = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  const names = header!.split(",");
  const table = rows.map((row) => row.split(","));
  const { features } = json<Higgs>("higgs.json");
  const columns = features.map((name) => {
    const place = names.indexOf(name);
    return Float32Array.from(table, (row) => (row[place] === "-999.0" ? missing : Number(row[place])));
  });
  const targets = Float64Array.from(table, (row) => Number(row[names.indexOf("Label")] === "s"));
  const raw = Float64Array.from(table, (row) => Number(row[names.indexOf("Weight")]));
  const means = [0, 1].map((label) => {
    const own = raw.filter((_, i) => targets[i] === label);
    return own.reduce((sum, w) => sum + w, 0) / own.length;
  });
  const weights = raw.map((w, i) => w / means[targets[i]!]!);
  const part = (from: number, to: number) => ({
    columns: columns.map((column) => column.slice(from, to)),
    targets: targets.slice(from, to),
    weights: weights.slice(from, to),
  });
  return { training: part(0, 12000), test: part(12000, 18000) };
}

describe("trees on 18,000 Higgs events", () => {
  const numbers = json<Higgs>("higgs.json");

  it.each([
    ["random", numbers.randomForest.auc],
    ["extra", numbers.extraTrees.auc],
  ] as const)(
    "%s forest: the weighted AUC is within 0.003 of scikit-learn's",
    (kind, auc) => {
      const { training, test } = higgsEvents(-999);
      const { model } = trainForest(training, { task: "binary", trees: 100, kind });
      const own = rocCurve(model.predict(test.columns), test.targets, test.weights!).auc;
      expect(Math.abs(own - auc)).toBeLessThan(0.003);
    },
    60_000,
  );

  it("boosting: the weighted AUC is within 0.003 of XGBoost's", () => {
    const { training, test } = higgsEvents(Number.NaN);
    const { model } = trainBoosting(training, {
      task: "binary",
      rounds: 100,
      maxDepth: 4,
      learningRate: 0.1,
    });
    const own = rocCurve(model.predict(test.columns), test.targets, test.weights!).auc;
    expect(Math.abs(own - numbers.boosting.auc)).toBeLessThan(0.003);
  });
});

interface Predicted {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly predictions: readonly (number | readonly number[])[];
  readonly contributions?: readonly (readonly number[])[];
}

const columnsOf = (rows: Predicted["rows"]): Float64Array[] =>
  rows[0]!.map((_, f) => Float64Array.from(rows, (row) => row[f] ?? Number.NaN));

describe("importXgboost", () => {
  const predicted =
    json<Readonly<Record<"binary" | "multiclass" | "categorical", Predicted>>>("xgboost-predictions.json");

  it.each(["binary", "multiclass", "categorical"] as const)("%s: predicts what XGBoost predicts", (name) => {
    const model = importXgboost(golden(`xgboost-${name}.json`));
    const own = model.predict(columnsOf(predicted[name].rows));
    const wanted = predicted[name].predictions.flat();
    expect(own.length).toBe(wanted.length);
    for (const [i, value] of wanted.entries())
      expect(Math.abs(own[i]! - value)).toBeLessThan(2e-6 * Math.max(1, Math.abs(value)));
  });

  it("gives the SHAP values that XGBoost gives", () => {
    const model = importXgboost(golden("xgboost-binary.json"));
    const wanted = predicted.binary.contributions!;
    const { values, expected } = shapValues(model, columnsOf(predicted.binary.rows.slice(0, wanted.length)));
    for (const [i, row] of wanted.entries()) {
      for (let f = 0; f < 8; f++) expect(Math.abs(values[i * 8 + f]! - row[f]!)).toBeLessThan(2e-5);
      expect(Math.abs(expected[0]! - row[8]!)).toBeLessThan(2e-5);
    }
  });

  it("says what it cannot read", () => {
    expect(() => importXgboost("binf")).toThrow("Save the model as model.json");
    expect(() => importXgboost("{}")).toThrow('there is no "learner"');
    expect(() =>
      importXgboost(golden("xgboost-binary.json").replaceAll("binary:logistic", "rank:ndcg")),
    ).toThrow('the objective is "rank:ndcg"; only binary:logistic');
  });
});

describe("importLightgbm", () => {
  const header =
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=binary sigmoid:1\nfeature_names=mass jets\n";
  const text = `${header}
Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=10 4
threshold=100.5 0
decision_type=10 1
left_child=1 -1
right_child=-2 -3
leaf_value=0.5 -0.25 1.5
leaf_count=10 20 30
internal_value=0 0
internal_count=60 40
cat_boundaries=0 2
cat_threshold=4 2
is_linear=0
shrinkage=1

end of trees
`;

  it("follows thresholds, sets of categories and missing values", () => {
    const model = importLightgbm(text);
    // decision_type 10: NaN is missing, and goes left; words 4, 2: categories 2 and 33.
    const columns = [
      [100.5, 101, Number.NaN, 50, 50],
      [2, 2, 33, 3, Number.NaN],
    ];
    expect(Array.from(model.scores(columns))).toEqual([0.5, -0.25, 0.5, 1.5, 1.5]);
    expect(model.featureNames).toEqual(["mass", "jets"]);
    expect(model.predict(columns)[0]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12);
  });

  it("says what it cannot read", () => {
    expect(() => importLightgbm("{}")).toThrow("it is no text model of LightGBM");
    expect(() => importLightgbm(text.replace("binary sigmoid:1", "poisson"))).toThrow(
      'the objective is "poisson"',
    );
    expect(() => importLightgbm(text.replace("is_linear=0", "is_linear=1"))).toThrow("linear leaves");
    expect(() => importLightgbm(text.replace("leaf_value=0.5 -0.25 1.5", "leaf_value=0.5"))).toThrow(
      "tree 0 is damaged",
    );
  });
});

describe("the guide's chapter on trees", () => {
  it("shows code that does what it says", async () => {
    const guide = readFileSync(new URL("../docs/guide/trees.md", import.meta.url), "utf8");
    const code = /```ts\n([\s\S]*?)```/
      .exec(guide)![1]!
      .replace(/^import (\{[^}]*\}) from "lumin-hep";$/m, "const $1 = lumin;");
    const run = new Function(
      "lumin",
      `${code}\nreturn { data, model, predictions, gain, values, expected, again, forest };`,
    );
    const { data, model, predictions, gain, values, expected, again, forest } = run({
      ...trees,
      Stream,
    }) as Record<string, never> & {
      data: TreeData;
      model: trees.TreeEnsemble;
      predictions: Float64Array;
      gain: Float64Array;
      values: Float64Array;
      expected: Float64Array;
      again: trees.TreeEnsemble;
      forest: trees.ForestResult;
    };
    expect(gain[0]).toBeGreaterThan(5 * gain[1]!);
    expect(expected[0]! + values[0]! + values[1]!).toBeCloseTo(model.scores(data.columns)[0]!, 9);
    expect(again.predict(data.columns)).toEqual(predictions);
    expect(rocCurve(forest.outOfBag!, data.targets, data.weights!).auc).toBeGreaterThan(0.65);
  });
});
