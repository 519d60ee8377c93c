import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { mutualInformation, rocAuc } from "../metrics/index.ts";
import { ModelBuilder, type OptimiserSpec } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { type Callback, isResumable, type TrainingView } from "./callback.ts";
import { earlyStoppingCallback } from "./early-stopping.ts";
import { type PivotTrainingOptions, pivotTrainingCallback } from "./pivot-training.ts";
import type { FoldArrays, TrainingFolds } from "./programs.ts";
import { trainMember } from "./train-member.ts";

/**
 * Signal peaks in a "mass" z, background is flat in it (a normal distribution); input a tells signal from background
 * whatever the mass is, input b is the mass with noise.
 */
function massFolds(
  sizes: readonly number[],
  { weighted = false } = {},
): TrainingFolds & { mass(fold: number): Float32Array } {
  const folds = sizes.map((eventCount, index) => {
    const stream = new Stream(5, "mass", index);
    const targets = Float32Array.from({ length: eventCount }, (_, i) => i % 2);
    const mass = targets.map((target) => (target === 1 ? 1 + 0.4 * stream.normal() : stream.normal()));
    const inputs = new Float32Array(eventCount * 2);
    for (let i = 0; i < eventCount; i++) {
      inputs[2 * i] = stream.normal() + 1.2 * targets[i]!;
      inputs[2 * i + 1] = mass[i]! + 0.3 * stream.normal();
    }
    const weights = weighted ? Float32Array.from(targets, (target) => (target === 1 ? 0.5 : 4)) : undefined;
    const fold: FoldArrays = { eventCount, featureCount: 2, inputs, targetCount: 1, targets, weights };
    return { fold, mass: mass.map((value) => 125 + 10 * value) };
  });
  return {
    foldCount: sizes.length,
    foldSizes: sizes,
    getFold: (index) => folds[index]!.fold,
    getTrainingFold: (index) => folds[index]!.fold,
    getColumn: (name, index) =>
      name === "mass" ? folds[index]!.mass : new Float32Array(sizes[index]!).fill(1),
    mass: (index) => folds[index]!.mass,
  };
}

const folds = massFolds([2048, 2048, 2048, 2048]);
const settings = { member: 0, seed: 4, epochs: 12, batchSize: 64 };

function builderOf(optimiser: Partial<OptimiserSpec> = {}): ModelBuilder {
  return new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 2, width: 16 }),
    optimiser: { name: "adam", learningRate: 2e-3, ...optimiser } as OptimiserSpec,
  });
}

async function train(callbacks: Callback[], given = folds, overrides: object = {}) {
  const builder = builderOf();
  const trained = await trainMember(given, builder, callbacks, { ...settings, ...overrides });
  const evaluation = await builder.compileEvaluation();
  const { inputs, eventCount, targets } = given.getFold(0);
  const predictions = await evaluation.predict(trained.parameters, trained.buffers, inputs, eventCount);
  await evaluation.release();
  const background = (values: Float32Array) => values.filter((_, i) => targets[i] === 0);
  return {
    ...trained,
    auc: rocAuc(predictions, targets),
    dependence: mutualInformation(background(predictions), background(given.mass(0))),
  };
}

const pivot = (options: Partial<PivotTrainingOptions> = {}): Callback =>
  pivotTrainingCallback({ nuisances: ["mass"], coefficient: 5, class: 0, ...options });

describe("pivot training", () => {
  test("the dependence on the nuisance parameter falls, and the classification stays", async () => {
    const plain = await train([]);
    expect(plain.dependence).toBeGreaterThan(0.5);
    for (const adversarySteps of [0, 1]) {
      const pivoted = await train([pivot({ adversarySteps })]);
      expect(pivoted.dependence).toBeLessThan(0.1 * plain.dependence);
      // Input a alone, which knows nothing of the mass, has Φ(1.2/√2) = 0.80.
      expect(pivoted.auc).toBeGreaterThan(0.8);
      const { metrics, validationLoss } = pivoted.history[pivoted.bestEpoch - 1]!;
      expect(metrics!.dependence).toBeCloseTo(pivoted.dependence, 3);
      expect(pivoted.validationLoss).toBeCloseTo(validationLoss, 6);
    }
  });

  test("so it does with weighted events, and with an adversary of one Gaussian", async () => {
    const weighted = massFolds([2048, 2048, 2048, 2048], { weighted: true });
    const plain = await train([], weighted);
    const pivoted = await train([pivot({ adversary: { components: 1 } })], weighted);
    expect(pivoted.dependence).toBeLessThan(0.2 * plain.dependence);
    expect(pivoted.auc).toBeGreaterThan(0.79);
  });

  test("first the network learns alone, then the adversary, then both; the best epoch is one of the last", async () => {
    const { history, bestEpoch } = await train([
      pivot({ networkEpochs: 2, adversaryEpochs: 2, riseEpochs: 2 }),
    ]);
    const surprises = history.map(({ metrics }) => metrics!.surprise!);
    expect(surprises.slice(0, 2)).toEqual([0, 0]);
    expect(surprises[3]).toBeGreaterThan(0);
    const losses = history.map(({ validationLoss }) => validationLoss);
    expect(losses[2]).toBe(losses[1]);
    expect(losses[3]).toBe(losses[1]);
    expect(losses[4]).not.toBe(losses[1]);
    expect(bestEpoch).toBeGreaterThan(4);
  });

  test("with λ = 0 the network learns as without an adversary", async () => {
    const short = { epochs: 2, keepBest: false };
    const plain = await train([], folds, short);
    const free = await train([pivot({ coefficient: 0, networkEpochs: 0, adversaryEpochs: 0 })], folds, short);
    expect(free.parameters).toEqual(plain.parameters);
  });

  test("the network rests to the bit, its optimiser and statistics too, and does not count those steps", async () => {
    const states: TrainingView["state"][] = [];
    const watch: Callback = { name: "watch", onEpochEnd: ({ state }) => void states.push(state) };
    await train([pivot({ networkEpochs: 1, adversaryEpochs: 1 }), watch], folds, { epochs: 3 });
    const [first, second, third] = states;
    const own = (state: TrainingView["state"]) =>
      Object.entries(state.slots).filter(([name]) => !name.startsWith("PivotTraining."));
    expect(own(second!)).toEqual(own(first!));
    expect(second!.parameters).toEqual(first!.parameters);
    expect(third!.parameters).not.toEqual(second!.parameters);
    const adversary = "PivotTraining.parameters";
    expect(second!.slots[adversary]).not.toEqual(first!.slots[adversary]);
  });

  test("gives the same bytes again, other ones to another member, and needs no checkpoint of its own", async () => {
    const short = { epochs: 3 };
    const callback = pivot();
    const first = await train([callback], folds, short);
    expect((await train([callback], folds, short)).parameters).toEqual(first.parameters);
    expect((await train([pivot()], folds, { ...short, member: 4 })).parameters).not.toEqual(first.parameters);
    expect(isResumable(callback)).toBe(true);
  });

  test("several nuisance parameters, and early stopping by what is compared", async () => {
    const two = massFolds([512, 512, 512]);
    const noise = new Stream(1, "noise");
    const given = {
      ...two,
      getColumn: (name: string, fold: number) =>
        name === "mass" ? two.mass(fold) : two.mass(fold).map(() => noise.normal()),
    };
    const callbacks = [pivot({ nuisances: ["mass", "pile-up"] }), earlyStoppingCallback({ patience: 2 })];
    const { history, stopReason, bestEpoch } = await train(callbacks, given, { epochs: 40 });
    expect(stopReason).toBe("no improvement in 2 epochs");
    expect(history).toHaveLength(bestEpoch + 2);
  });

  test("what cannot be is refused", async () => {
    const message = async (options: Partial<PivotTrainingOptions>, overrides = {}) => {
      try {
        await train([pivot(options)], folds, overrides);
      } catch (error) {
        return (error as Error).message;
      }
      return "nothing was refused";
    };
    expect(await message({ nuisances: [] })).toBe(
      'PivotTraining: give the nuisance parameters as a list of columns, such as nuisances: ["mass"].',
    );
    expect(await message({ networkEpochs: 0.5 })).toBe(
      "PivotTraining: networkEpochs is 0.5; give a whole number of at least 0.",
    );
    expect(await message({ coefficient: -1 })).toBe(
      "PivotTraining: the coefficient is -1; give a number of at least 0.",
    );
    expect(await message({ networkEpochs: 4, adversaryEpochs: 8 })).toBe(
      "PivotTraining: network and adversary learn alone for 4 and 8 epochs, but 12 are trained; leave some for both.",
    );
    expect(await message({ nuisances: ["year"] })).toMatch(
      /^PivotTraining: "year" does not vary among the \d+ events of class 0; nothing can depend on it\.$/,
    );
    expect(await message({ class: 7 })).toMatch(/events of class 7/);
    expect(await message({ adversary: { body: { depth: 1, width: 4, dropout: 0.5 } } })).toBe(
      "PivotTraining: the adversary's body has dropout or batch normalisation; leave them out.",
    );
  });
});
