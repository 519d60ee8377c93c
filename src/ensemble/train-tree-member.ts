/** Training the trees of one member: on all folds but one. */
import type { FoldYielderSpec } from "../data/fold-yielder.ts";
import { openFoldYielder } from "../data/hep-aug-fold-yielder.ts";
import { ConfigurationError } from "../errors/index.ts";
import {
  foldsOfMember,
  type HistoryRow,
  type JobFunction,
  type MemberResult,
  type TrainingFolds,
} from "../train/index.ts";
import {
  type BoostingOptions,
  columnsOfMatrix,
  type ForestOptions,
  type TreeData,
  type TreeEnsemble,
  type TreeTrainingOptions,
  trainBoosting,
  trainForest,
  treesToJson,
} from "../trees/index.ts";

/** Which trees: plain data. */
export type TreesSpec =
  | ({ readonly type: "boosting" } & Omit<
      BoostingOptions,
      keyof TreeTrainingOptions | "validation" | "onRound"
    >)
  | ({ readonly type: "forest" } & Omit<ForestOptions, keyof TreeTrainingOptions | "outOfBag">);

/** What decides on a member. */
export interface TreeMemberSettings {
  readonly spec: TreesSpec;
  readonly task: TreeTrainingOptions["task"];
  readonly features: readonly string[];
  /** Numbers of the features whose values are category codes. */
  readonly categorical: readonly number[];
  readonly seed: number;
  readonly member: number;
}

/** A trained member as data that can be sent. */
export interface TreeMember {
  readonly result: MemberResult;
  readonly history: readonly HistoryRow[];
  /** The trees as JSON text. */
  readonly trees: string;
  readonly seconds: number;
}

/** A round, for who waits. */
export interface TreeProgress {
  readonly round: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
}

/** What a worker process needs. */
export interface TreeMemberPayload {
  readonly folds: FoldYielderSpec;
  readonly settings: TreeMemberSettings;
}

/** The job's function. */
export const trainTreeMemberTask: JobFunction<TreeMemberPayload, TreeProgress, TreeMember> = async (
  { folds: spec, settings },
  emit,
) => {
  const folds = await openFoldYielder(spec);
  try {
    return trainTreeMember(folds, settings, emit);
  } finally {
    folds.close();
  }
};

/** Trains on all folds but the member's own, which chooses the number of rounds and gives the validation loss. */
export function trainTreeMember(
  folds: TrainingFolds,
  settings: TreeMemberSettings,
  emit: (progress: TreeProgress) => void = () => undefined,
): TreeMember {
  const started = performance.now();
  const { spec, task, features, categorical, member } = settings;
  const { validationFold, trainingFolds } = foldsOfMember(member, folds.foldCount);
  const data = eventsOf(folds, trainingFolds, features.length);
  const validation = eventsOf(folds, [validationFold], features.length);
  const shared = { task, categorical, featureNames: features, seed: settings.seed * 1009 + member };
  const history: HistoryRow[] = [];
  let model: TreeEnsemble;
  let bestEpoch = 1;
  let stopReason: string | null = null;
  if (spec.type === "boosting") {
    const { type: _, ...options } = spec;
    const trained = trainBoosting(data, { ...options, ...shared, validation, onRound: emit });
    const learningRate = options.learningRate ?? 0.1;
    for (const { round, trainingLoss, validationLoss } of trained.history) {
      history.push({ epoch: round, step: round, trainingLoss, validationLoss, learningRate, momentum: 0 });
    }
    model = trained.model;
    bestEpoch = trained.bestRound;
    if (history.length < (options.rounds ?? 100)) {
      stopReason = `no lower validation loss in ${options.patience} rounds`;
    }
  } else {
    const { type: _, ...options } = spec;
    model = trainForest(data, { ...options, ...shared }).model;
    const losses = [data, validation].map((events) => forestLoss(model, events));
    const [trainingLoss = Number.NaN, validationLoss = Number.NaN] = losses;
    history.push({ epoch: 1, step: 1, trainingLoss, validationLoss, learningRate: 0, momentum: 0 });
    emit({ round: 1, trainingLoss, validationLoss });
  }
  const { validationLoss } = history[bestEpoch - 1]!;
  if (!Number.isFinite(validationLoss)) {
    throw new ConfigurationError(
      `training.members: the validation loss of member ${member} is ${validationLoss}; its fold has no positive sum of weights. Use fewer folds.`,
    );
  }
  return {
    result: {
      member,
      validationFold,
      validationLoss,
      bestEpoch,
      epochCount: history.length,
      stepCount: history.length,
      stopReason,
    },
    history,
    trees: treesToJson(model),
    seconds: (performance.now() - started) / 1000,
  };
}

function eventsOf(folds: TrainingFolds, which: readonly number[], featureCount: number): TreeData {
  const parts = which.map((fold) => folds.getFold(fold));
  const inputs = joined(parts.map((part) => part.inputs));
  const hasWeights = parts.every((part) => part.weights !== undefined);
  return {
    columns: columnsOfMatrix(inputs, featureCount),
    targets: joined(parts.map((part) => part.targets)),
    weights: hasWeights ? joined(parts.map((part) => part.weights!)) : undefined,
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** Log loss with shares kept off 0 and 1 by 0.001, or mean squared error; with weights. */
function forestLoss(model: TreeEnsemble, { columns, targets, weights }: TreeData): number {
  const predictions = model.predict(columns);
  const { outputs, task } = model;
  let top = 0;
  let bottom = 0;
  for (let i = 0; i < targets.length; i++) {
    const w = weights ? weights[i]! : 1;
    const y = targets[i]!;
    const p = predictions[outputs === 1 ? i : i * outputs + y]!;
    const share = outputs === 1 && y < 0.5 ? 1 - p : p;
    top += w * (task === "regression" ? (p - y) ** 2 : -Math.log(Math.min(0.999, Math.max(0.001, share))));
    bottom += w;
  }
  return bottom > 0 ? top / bottom : Number.NaN;
}
