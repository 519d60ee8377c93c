/** A training that is interrupted after any fold and goes on from its checkpoint ends with the same bytes. */
import { describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import type { Callback } from "./callback.ts";
import { type BuiltInCallbackSpec, makeCallbacks } from "./callback-specs.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { CheckpointStore, TrainedMember } from "./member-settings.ts";
import { trainMember } from "./train-member.ts";

const folds = cloudFolds([100, 107, 96, 111], { noise: 0.1, weighted: true });

/** Keeps every checkpoint as bytes. */
class Memory implements CheckpointStore {
  readonly isDue = true;
  readonly all: Uint8Array[] = [];
  readonly from: Uint8Array | undefined;

  constructor(from?: Uint8Array) {
    this.from = from;
  }

  async write(checkpoint: Checkpoint): Promise<void> {
    this.all.push(encodeCheckpoint(checkpoint, "a training"));
  }

  async read(): Promise<Checkpoint | undefined> {
    return this.from && decodeCheckpoint(this.from, "memory").checkpoint;
  }
}

function train(callbacks: readonly Callback[], checkpoints?: CheckpointStore, calls?: number[], epochs = 6) {
  return trainMember(
    folds,
    logisticRegression({ featureCount: 3, dropout: 0.2, ...(calls ? { calls } : {}) }),
    callbacks,
    { member: 1, seed: 7, epochs, batchSize: 16 },
    { checkpoints },
  );
}

const cases: readonly {
  readonly name: string;
  readonly specs: readonly BuiltInCallbackSpec[];
  readonly epochs?: number;
}[] = [
  { name: "no callback", specs: [] },
  { name: "a one-cycle", specs: [{ callback: "OneCycle", options: { learningRates: [0.01, 0.3, 0.001] } }] },
  {
    name: "cycles, averages and snapshots",
    specs: [
      { callback: "Cyclic", options: { learningRates: [0.01, 0.3], length: 2 } },
      { callback: "SWA", options: { start: 1, renewalPeriod: 1 } },
      { callback: "Snapshots" },
    ],
    epochs: 12,
  },
  {
    name: "averages at every epoch",
    specs: [{ callback: "SWA", options: { start: 2, renewalPeriod: 1, lockToCycles: false } }],
  },
  {
    name: "early stopping that stops",
    specs: [
      { callback: "OneCycle", options: { learningRates: [3, 3, 3], endsTraining: false, lengths: [0, 0.1] } },
      { callback: "EarlyStopping", options: { patience: 2 } },
    ],
    epochs: 20,
  },
  {
    name: "a step of the rate after a cycle",
    specs: [
      {
        callback: "CycleStep",
        options: { learningRates: [0.1, 3, 0.5], lengths: [1, 2], unit: "epochs", patience: 1 },
      },
    ],
    epochs: 9,
  },
  { name: "a sweep of the rate", specs: [{ callback: "LRFinder", options: { rates: [0.001, 30] } }] },
  {
    name: "other events in every epoch",
    specs: [{ callback: "Bootstrap", options: { everyEpoch: true } }, { callback: "EpochSaver" }],
  },
];

describe("a training goes on from the checkpoint after any fold and ends with the same bytes, with", () => {
  test.each(cases)("$name", async ({ specs, epochs }) => {
    const memory = new Memory();
    const whole = await train(await makeCallbacks(specs), memory, [], epochs);
    expect(memory.all.length).toBeGreaterThan(2);
    for (const [i, bytes] of memory.all.entries()) {
      const calls: number[] = [];
      const later = new Memory(bytes);
      const again: TrainedMember = await train(await makeCallbacks(specs), later, calls, epochs);
      expect(again, `after fold ${i}`).toEqual(whole);
      // The same checkpoints as without the interruption.
      expect(later.all.length).toBe(memory.all.length - i - 1);
      expect(later.all.every((written, j) => Buffer.from(written).equals(memory.all[i + 1 + j]!))).toBe(true);
      if (i === memory.all.length - 1 && !specs.some(({ callback }) => callback === "SWA"))
        expect(calls).toEqual([]);
    }
  });

  test("a user's callback that gives its state", async () => {
    const make = (): Callback => {
      let sums: Float64Array = new Float64Array(2);
      let [lowest, note] = [Number.NaN, "none" as string | undefined];
      return {
        name: "mine",
        state: () => ({ sums, lowest, note }),
        restore: (state: { sums: typeof sums; lowest: number; note?: string }) => {
          ({ sums, lowest } = state);
          note = state.note;
        },
        // What is seen of the fold before must be there again.
        onFoldBegin: (view) => {
          sums[1]! += view.losses.reduce((sum, loss) => sum + loss, 0) * view.step;
          if (view.epoch > 1) sums[1]! += view.validationLoss! + view.history.length;
        },
        onBatchEnd: (view) => {
          sums[0]! += view.losses[0]!;
          note = undefined;
        },
        onEpochEnd: (view) => {
          sums[1]! += view.trainingLoss;
          lowest = Math.min(Number.isNaN(lowest) ? Infinity : lowest, view.validationLoss!);
          return { scaleLearningRate: 0.9 };
        },
        report: () => ({ sums: [...sums], lowest, note }),
      };
    };
    const memory = new Memory();
    const whole = await train([make()], memory);
    expect(memory.all).toHaveLength(18);
    for (const bytes of memory.all) expect(await train([make()], new Memory(bytes))).toEqual(whole);
  });
});

test("a callback with hooks and without a state has no checkpoints: the member begins again from its start", async () => {
  const counting = (): Callback => {
    let epochs = 0;
    return { name: "counting", onEpochEnd: () => void epochs++, report: () => epochs };
  };
  const memory = new Memory();
  const whole = await train([counting()], memory);
  expect(memory.all).toEqual([]);
  expect(whole.reports.counting).toBe(6);
});

test("a callback without loop hooks needs no state", async () => {
  const memory = new Memory();
  await train([{ name: "pure", events: (events) => events }], memory);
  expect(memory.all).toHaveLength(18);
});

test("a state that is no plain data is refused with its place", async () => {
  const callback: Callback = { name: "mine", state: () => ({ best: { map: new Map() } }) };
  await expect(train([callback], new Memory())).rejects.toThrow(
    'callback "mine": its state.best.map is a Map; a state is made of numbers, texts, booleans, null, typed arrays (of 32 and 64 bit, and bytes), lists and plain objects.',
  );
});

test("a checkpoint is one small file: parameters, slots, the best weights and little else", async () => {
  const memory = new Memory();
  await train([], memory);
  expect(memory.all.at(-1)!.length).toBeLessThan(4000);
});
