/** The order of all hooks of a callback, as the guide shows it, and what a hook costs in calls of the engine. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import { ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import type { Callback, TrainingView } from "./callback.ts";
import { emaCallback } from "./ema.ts";
import { metricLoggerCallback } from "./metric-logger.ts";
import { trainMember } from "./train-member.ts";

/** A callback with every hook there is; each tells its name. */
function watcher(tell: (hook: string) => void): Callback {
  const told = (hook: string) => () => void tell(hook);
  return {
    name: "watch",
    columns: ["id"],
    graph: (context) => {
      tell(`graph${context.epochCount > 0 ? "" : "?"}`);
      return {
        carried: { "watch.count": new Float32Array(1) },
        batch: (batch) => {
          tell("graph.batch");
          return batch;
        },
        loss: (loss) => {
          tell("graph.loss");
          return loss;
        },
        gradient: (gradient) => {
          tell("graph.gradient");
          return gradient;
        },
        update: (next) => {
          tell("graph.update");
          return next;
        },
        carry: () => {
          tell("graph.carry");
          return {};
        },
      };
    },
    schedule: () => {
      tell("schedule");
      return { values: () => ({}) };
    },
    initialWeights: ({ weights }) => {
      tell("initialWeights");
      return weights;
    },
    events: (events, { purpose }) => {
      tell(`events (${purpose})`);
      return events;
    },
    alternative: () => {
      tell("alternative");
      return undefined;
    },
    measure: () => {
      tell("measure");
      return {};
    },
    judge: ({ loss }) => {
      tell("judge");
      return loss;
    },
    report: () => {
      tell("report");
      return undefined;
    },
    state: () => undefined,
    onTrainBegin: told("onTrainBegin"),
    onEpochBegin: told("onEpochBegin"),
    onFoldBegin: told("onFoldBegin"),
    onBatchBegin: told("onBatchBegin"),
    onBatchEnd: told("onBatchEnd"),
    onFoldEnd: told("onFoldEnd"),
    onEpochEnd: told("onEpochEnd"),
    onTrainEnd: told("onTrainEnd"),
  };
}

const builder = new ModelBuilder({
  task: { kind: "binary" },
  features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
  body: fullyConnected({ depth: 1, width: 4 }),
});
const clouds = cloudFolds([32, 32, 40]);
const folds = {
  ...clouds,
  getColumn: (_: string, fold: number) => new Float32Array(clouds.foldSizes[fold]!),
};

describe("the order of the hooks", () => {
  test("is the one that the guide shows", async () => {
    const record: string[] = [];
    await trainMember(folds, builder, [watcher((hook) => record.push(hook))], {
      ...{ member: 0, seed: 1, epochs: 1, batchSize: 16 },
    });
    const guide = readFileSync(new URL("../../docs/guide/callbacks.md", import.meta.url), "utf8");
    const shown = /```order\n([\s\S]*?)```/.exec(guide)![1]!;
    expect(record).toEqual(
      shown
        .split("\n")
        .map((line) => line.split("#")[0]!.trim())
        .filter((line) => line !== ""),
    );
  });

  test("of several callbacks is that of the list, at every hook", async () => {
    const record: string[] = [];
    const both = [watcher((hook) => record.push(`1 ${hook}`)), watcher((hook) => record.push(`2 ${hook}`))];
    const second: Callback = { ...both[1]!, name: "second", columns: [], judge: undefined as never };
    const { judge: _, graph: __, ...loop } = second;
    await trainMember(folds, builder, [both[0]!, loop], {
      ...{ member: 0, seed: 1, epochs: 1, batchSize: 16 },
    });
    const hooks = record.filter((line) => !line.includes("graph") && !line.includes("judge"));
    for (let i = 0; i < hooks.length; i += 2) {
      expect(hooks[i]!.startsWith("1 ")).toBe(true);
      expect(hooks[i + 1]).toBe(hooks[i]!.replace("1 ", "2 "));
    }
  });
});

describe("calls of the engine", () => {
  const count = async (callbacks: readonly Callback[]): Promise<number[]> => {
    const calls: number[] = [];
    const network = logisticRegression({ featureCount: 3, calls });
    const settings = { member: 0, seed: 1, epochs: 3, batchSize: 16 };
    await trainMember(cloudFolds([64, 64, 64]), network, callbacks, settings, { pieceMilliseconds: 1e6 });
    return calls;
  };
  const view = (_: TrainingView) => undefined;

  test("without a batch hook a fold is one call, whatever other hooks there are", async () => {
    const { onBatchBegin: _, onBatchEnd: __, graph: ___, columns: ____, ...others } = watcher(() => {});
    for (const callbacks of [
      [],
      [others],
      [emaCallback(), metricLoggerCallback({ metrics: ["rocAuc"] }), { name: "fold", onFoldEnd: view }],
    ]) {
      // The very first call of a training is one step: then it is known how long a step takes.
      expect(await count(callbacks)).toEqual([1, 3, 4, 4, 4, 4, 4]);
    }
  });

  test("with one, every batch is a call of its own", async () => {
    expect(await count([{ name: "batch", onBatchEnd: view }])).toEqual(new Array(24).fill(1));
    expect(await count([{ name: "batch", onBatchBegin: view }])).toEqual(new Array(24).fill(1));
  });
});
