import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import { Stream } from "../array/index.ts";
import type { EventsContext } from "./callback.ts";
import { makeCallbacks, sendableCallbacks, weightFunction } from "./callback-specs.ts";
import { bootstrapCallback, targetReplacementCallback } from "./event-callbacks.ts";
import { parametrised, parametrisedFolds, parametrisedTrainingCallback } from "./parametrised.ts";
import type { FoldArrays, TrainingFolds } from "./programs.ts";
import { trainMember } from "./train-member.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-weights-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const settings = { member: 0, seed: 7, epochs: 2, batchSize: 16 };
const folds = cloudFolds([96, 96, 96], { weighted: true });

function contextOf(overrides: Partial<EventsContext> = {}): EventsContext {
  const stream = (...key: readonly (string | number)[]) => new Stream(1, ...key);
  return { purpose: "training", member: 0, epoch: 1, fold: 0, folds, stream, ...overrides };
}

function classSums({ targets, weights }: FoldArrays): number[] {
  const sums = [0, 0];
  for (const [i, target] of targets.entries()) sums[target]! += weights![i]!;
  return sums;
}

describe("bootstrap", () => {
  const given = folds.getFold(0);
  const { events } = bootstrapCallback();

  test("draws rows with replacement, each whole, and leaves the given arrays alone", () => {
    const before = given.inputs.slice();
    const drawn = events!(given, contextOf());
    const rowsOf = (fold: FoldArrays) =>
      Array.from(
        { length: fold.eventCount },
        (_, i) => `${fold.targets[i]} ${fold.inputs.slice(3 * i, 3 * i + 3)}`,
      );
    const known = new Set(rowsOf(given));
    expect(rowsOf(drawn).every((row) => known.has(row))).toBe(true);
    const distinct = new Set(rowsOf(drawn)).size / drawn.eventCount;
    expect(distinct).toBeGreaterThan(0.5);
    expect(distinct).toBeLessThan(0.76);
    expect(given.inputs).toEqual(before);
  });

  test("restores the sum of weights of each class, with and without weights, unless told otherwise", () => {
    for (const [i, sum] of classSums(events!(given, contextOf())).entries())
      expect(sum / classSums(given)[i]!).toBeCloseTo(1, 5);
    const unweighted = events!({ ...given, weights: undefined }, contextOf());
    for (const sum of classSums(unweighted)) expect(sum).toBeCloseTo(48, 3);
    const plain = bootstrapCallback({ restoreSums: false }).events!(given, contextOf());
    expect(classSums(plain)[0]! / classSums(given)[0]!).not.toBeCloseTo(1, 4);
  });

  test("draws once a fold, or in every epoch; validation and normalisation keep their events", () => {
    expect(events!(given, contextOf({ epoch: 2 }))).toEqual(events!(given, contextOf()));
    const fresh = bootstrapCallback({ everyEpoch: true }).events!;
    expect(fresh(given, contextOf({ epoch: 2 }))).not.toEqual(fresh(given, contextOf()));
    expect(events!(given, contextOf({ purpose: "validation" }))).toBe(given);
    expect(events!(given, contextOf({ purpose: "normalisation" }))).toBe(given);
  });

  test("members see different data, and the same seed the same", async () => {
    const run = (member: number) =>
      trainMember(folds, logisticRegression({ featureCount: 3 }), [bootstrapCallback()], {
        ...settings,
        member,
      });
    expect(await run(0)).toEqual(await run(0));
    expect((await run(3)).parameters).not.toEqual((await run(0)).parameters);
  });
});

describe("target replacement", () => {
  const flipped: TrainingFolds = {
    ...folds,
    getColumn: (name, fold) => {
      const { targets } = folds.getFold(fold);
      return name === "flipped" ? targets.map((target) => 1 - target) : targets.map(() => Number.NaN);
    },
  };

  test("trains and validates on columns of the fold file", async () => {
    const train = (columns: string[]) =>
      trainMember(
        flipped,
        logisticRegression({ featureCount: 3 }),
        columns.length > 0 ? [targetReplacementCallback({ columns })] : [],
        settings,
      );
    const [plain, replaced] = [await train([]), await train(["flipped"])];
    expect(replaced.validationLoss).toBeLessThan(0.4);
    expect(replaced.parameters[0]! * plain.parameters[0]!).toBeLessThan(0);
    await expect(train(["missing"])).rejects.toThrow(
      /^TargetReplacement: column "missing" of fold \d has NaN in row 0; a number is needed\.$/,
    );
  });

  test("refuses folds without columns, and a name that is no list", async () => {
    const callbacks = [targetReplacementCallback({ columns: ["mass"] })];
    const without = trainMember(folds, logisticRegression({ featureCount: 3 }), callbacks, settings);
    await expect(without).rejects.toThrow(
      "TargetReplacement: the folds have no further columns; use those of a fold file.",
    );
    // A string would otherwise be taken apart into letters.
    expect(() => targetReplacementCallback({ columns: "mass" as unknown as string[] })).toThrow(
      'TargetReplacement: give the columns as a list, such as columns: ["mass"].',
    );
  });
});

describe("weight functions", () => {
  writeFileSync(
    join(folder, "weights.mjs"),
    `export const byTarget = ({ weights, targets }, { signal }) =>
       weights.map((w, i) => w * (targets[i] === 1 ? signal : 1));
     export const short = () => new Float32Array(3);`,
  );
  const spec = (name: string, signal: number) =>
    weightFunction({ function: { module: "./weights.mjs", name, options: { signal } } });

  test("change the weights of training, whose mean is divided out", async () => {
    const train = async (name: string, signal: number) =>
      trainMember(
        folds,
        logisticRegression({ featureCount: 3 }),
        await makeCallbacks([spec(name, signal)], folder),
        settings,
      );
    const plain = await trainMember(folds, logisticRegression({ featureCount: 3 }), [], settings);
    expect((await train("byTarget", 1)).parameters).toEqual(plain.parameters);
    const heavy = await train("byTarget", 20);
    expect(heavy.parameters[3]).toBeGreaterThan(plain.parameters[3]! + 0.3);
    expect(heavy.history[0]!.trainingLoss).toBeLessThan(2);
    await expect(train("short", 1)).rejects.toThrow(
      /^WeightFunction: "short" must return a Float32Array with a weight for each of the 96 events of fold \d\.$/,
    );
  });

  test("travel with an absolute path", () => {
    const [sent] = sendableCallbacks([spec("byTarget", 2)], folder);
    expect(sent).toMatchObject({ options: { function: { module: join(folder, "weights.mjs") } } });
  });
});

test("further columns stay with their events when a fold is drawn anew", () => {
  const given = {
    ...folds.getFold(0),
    columns: { first: folds.getFold(0).inputs.filter((_, i) => i % 3 === 0) },
  };
  const drawn = bootstrapCallback().events!(given, contextOf());
  expect(drawn.columns!.first).toEqual(drawn.inputs.filter((_, i) => i % 3 === 0));
  expect(drawn.columns!.first).not.toEqual(given.columns.first);
});

describe("parametrised training", () => {
  const named = { ...folds, features: ["a", "mass", "b"] };
  const masses = (fold: FoldArrays, target: number) =>
    Array.from(fold.targets.keys())
      .filter((row) => fold.targets[row] === target)
      .map((row) => fold.inputs[3 * row + 1]!);
  const { events } = parametrisedTrainingCallback({ features: ["mass"] });
  const given = folds.getFold(0);

  test("background gets parameters of signal events, signal keeps its own; all other inputs stay", () => {
    const set = events!(given, contextOf({ folds: named }));
    expect(masses(set, 1)).toEqual(masses(given, 1));
    const known = new Set(masses(given, 1));
    expect(masses(set, 0).every((mass) => known.has(mass))).toBe(true);
    expect(new Set(masses(set, 0)).size).toBeGreaterThan(20);
    for (let i = 0; i < given.inputs.length; i++)
      if (i % 3 !== 1) expect(set.inputs[i]).toBe(given.inputs[i]);
  });

  test("training draws anew in every epoch; validation has one draw", () => {
    const at = (epoch: number, purpose: "training" | "validation") =>
      events!(given, contextOf({ folds: named, epoch, purpose })).inputs;
    expect(at(1, "training")).not.toEqual(at(2, "training"));
    expect(at(1, "training")).toEqual(at(1, "training"));
    expect(at(0, "validation")).toEqual(at(0, "validation"));
  });

  test("draws by the weights: events of weight 0 or below give no parameters", () => {
    const weights = given.weights!.map((weight, row) =>
      given.targets[row] === 1 && row > 3 ? -weight : weight,
    );
    const set = events!({ ...given, weights }, contextOf({ folds: named }));
    expect(new Set(masses(set, 0))).toEqual(new Set(masses(given, 1).slice(0, 2)));
    const none = given.weights!.map(() => 0);
    expect(() => events!({ ...given, weights: none }, contextOf({ folds: named }))).toThrow(
      "ParametrisedTraining: fold 0 has no events of positive weight outside class 0 to draw parameters from.",
    );
  });

  test("unknown features are named, and folds must name theirs", () => {
    expect(() => events!(given, contextOf())).toThrow("the folds do not name their features");
    const { events: wrong } = parametrisedTrainingCallback({ features: ["mas"] });
    expect(() => wrong!(given, contextOf({ folds: named }))).toThrow('feature "mas" is not known.');
  });

  test("folds are predicted with chosen parameters", () => {
    const stored = {
      ...named,
      augmentationCount: 2,
      getPredictionFold: (index: number) => folds.getFold(index),
    };
    const set = parametrisedFolds(stored, { mass: 7 });
    expect(
      set
        .getFold(0)
        .inputs.filter((_, i) => i % 3 === 1)
        .every((mass) => mass === 7),
    ).toBe(true);
    expect(set.getPredictionFold(0, 1).inputs).toEqual(set.getFold(0).inputs);
    expect(set.augmentationCount).toBe(2);
  });
});

test("parametrised inputs have the values for all events, in a copy", () => {
  const inputs = Float32Array.of(1, 2, 3, 4, 5, 6);
  const set = parametrised(inputs, ["a", "mass", "b"], { mass: 9 });
  expect(set).toEqual(Float32Array.of(1, 9, 3, 4, 9, 6));
  expect(inputs[1]).toBe(2);
  expect(() => parametrised(inputs, ["a", "mass", "b"], { mas: 9 })).toThrow('feature "mas" is not known.');
});
