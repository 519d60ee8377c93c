/** Weights that no training left behind, such as averages: running statistics that fit, and a validation loss. */
import type { ModelBuilder, ModelWeights } from "../model/index.ts";
import type { Callback } from "./callback.ts";
import { MemberEvents, meanWeight } from "./member-events.ts";
import { foldsOfMember, type MemberFolds } from "./member-folds.ts";
import { MemberProgress } from "./member-progress.ts";
import { NetworkState } from "./network-state.ts";
import { PieceLength } from "./piece-length.ts";
import type { TrainingFolds } from "./programs.ts";
import { refreshStatistics } from "./refresh-statistics.ts";
import { RunSchedule } from "./run-schedule.ts";
import { Turns } from "./turns.ts";
import { Validation } from "./validation.ts";

/** Of whose training the weights are. */
export interface RefreshSettings {
  readonly member: number;
  /** Absent: those of member `member` where nothing else is chosen. */
  readonly memberFolds?: MemberFolds;
  readonly batchSize: number;
  readonly seed: number;
  /** Those of the training: they may change events. */
  readonly callbacks?: readonly Callback[];
  readonly signal?: AbortSignal | undefined;
}

/** Weights with what belongs to them. */
export interface RefreshedNetwork {
  readonly weights: ModelWeights;
  /** Loss of the member's validation fold. */
  readonly validationLoss: number;
}

/**
 * Passes the member's training folds through the network once, in training with the learning rate 0, where it has
 * running statistics (batch normalisation); then validates it as its training was.
 */
export async function refreshNetwork(
  builder: ModelBuilder,
  given: ModelWeights,
  folds: TrainingFolds,
  { member, memberFolds, batchSize, seed, callbacks = [], signal }: RefreshSettings,
): Promise<RefreshedNetwork> {
  const { validationFold, trainingFolds } = memberFolds ?? foldsOfMember(member, folds.foldCount);
  const events = new MemberEvents(folds, callbacks, { seed, member });
  const { learningRate, momentum } = builder;
  const progress = new MemberProgress({ member, epochCount: 1, stepCount: 1 });
  const schedule = new RunSchedule([], { epochCount: 1, stepsPerEpoch: 1, learningRate, momentum });
  const turns = new Turns(progress, schedule, { signal });
  let weights = given;
  if (given.buffers.length > 0) {
    const program = await builder.compileTraining({
      batchSize,
      meanWeight: events.meanWeight(trainingFolds),
    });
    try {
      weights = await refreshStatistics(given, {
        program,
        network: new NetworkState(builder, builder.initialState(seed, member)),
        events,
        pieces: new PieceLength(),
        turns,
        folds: trainingFolds,
        epoch: 0,
        batchSize,
        momentum,
      });
    } finally {
      await program.release();
    }
  }
  const validationEvents = events.stored(validationFold, "validation");
  const validationWeights = events.weightsOf(validationEvents);
  const evaluation = await builder.compileEvaluation({
    meanWeight: meanWeight(validationWeights, `validation fold ${validationFold}`),
  });
  try {
    const validation = new Validation(evaluation, validationEvents, validationWeights, turns);
    return { weights, validationLoss: await validation.lossOf(weights) };
  } finally {
    await evaluation.release();
  }
}
