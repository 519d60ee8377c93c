/** One epoch of training: the folds in a random order, the events of a fold in a random order, in batches. */
import { Stream } from "../array/index.ts";
import type { FoldCall, TrainingProgram } from "../model/index.ts";
import { mapColumns, takeRows } from "./columns.ts";
import type { Hooks } from "./hooks.ts";
import { trainingDiverged } from "./loss-record.ts";
import type { MemberEvents } from "./member-events.ts";
import type { MemberProgress } from "./member-progress.ts";
import type { NetworkState } from "./network-state.ts";
import type { PieceLength } from "./piece-length.ts";
import type { FoldArrays } from "./programs.ts";
import type { RunSchedule } from "./run-schedule.ts";
import type { Turns } from "./turns.ts";

/** What trains, on what, and who is told. */
export interface EpochParts {
  readonly program: TrainingProgram;
  readonly network: NetworkState;
  readonly events: MemberEvents;
  readonly schedule: RunSchedule;
  readonly progress: MemberProgress;
  readonly hooks: Hooks;
  readonly pieces: PieceLength;
  readonly turns: Turns;
  readonly trainingFolds: readonly number[];
  readonly batchSize: number;
  readonly seed: number;
  /** A loss that is not finite ends the training without an error. */
  readonly survivesDivergence: boolean;
  /** Called at the end of every fold, with the number of folds of the epoch that are done. */
  foldEnded(foldsDone: number): Promise<void>;
}

/**
 * Trains until the epoch ends or a callback stops it.
 *
 * @param foldsDone Folds of this epoch that were done before the training was interrupted; absent: it begins.
 */
export async function trainEpoch(parts: EpochParts, foldsDone?: number): Promise<void> {
  const { progress, hooks, schedule } = parts;
  if (foldsDone === undefined) {
    progress.epoch += 1;
    progress.record.beginEpoch();
    await hooks.call("onEpochBegin");
  }
  const order = foldOrder(parts, progress.epoch);
  for (const [i, fold] of order.entries()) {
    if (i < (foldsDone ?? 0)) continue;
    if (progress.isStopped) break;
    progress.fold = fold;
    await hooks.call("onFoldBegin");
    if (!progress.isStopped) await trainFold(fold, parts, order[i + 1] ?? firstOfNext(parts));
    await hooks.call("onFoldEnd");
    await parts.foldEnded(i + 1);
  }
  progress.fold = undefined;
  if (progress.step >= schedule.lastStep && progress.epoch < progress.epochCount) {
    progress.stop("the cycle ended");
  }
}

function foldOrder({ seed, progress, trainingFolds }: EpochParts, epoch: number): readonly number[] {
  return new Stream(seed, "fold order", progress.member, epoch).shuffle([...trainingFolds]);
}

/** The fold that the next epoch begins with, if there is one. */
function firstOfNext(parts: EpochParts): number | undefined {
  const { epoch, epochCount } = parts.progress;
  return epoch < epochCount ? foldOrder(parts, epoch + 1)[0] : undefined;
}

/** @param next the fold that comes after it: read meanwhile, where it is not in memory. */
async function trainFold(fold: number, parts: EpochParts, next: number | undefined): Promise<void> {
  const { program, network, events, progress, hooks, pieces, turns, batchSize, seed } = parts;
  const key = [progress.member, progress.epoch, fold];
  await events.arrived();
  const data = events.forTraining(fold, progress.epoch, new Stream(seed, "augment", ...key));
  events.expect(next);
  const steps = Math.floor(data.eventCount / batchSize);
  const order = new Stream(seed, "shuffle", ...key).permutation(data.eventCount);
  const { learningRates, momenta } = parts.schedule.steps(progress.step, steps);
  const common = {
    table: data.inputs,
    rows: data.eventCount,
    targets: data.targets,
    weights: events.weightsOf(data),
    ...(data.columns ? { columns: data.columns } : {}),
    random: new Stream(seed, "dropout", ...key),
  };
  const foldLosses = new Float32Array(steps);
  let done = 0;
  while (done < steps && !progress.isStopped) {
    if (hooks.seeBatches) {
      await hooks.call("onBatchBegin");
      if (progress.isStopped) break;
    }
    const count = hooks.seeBatches ? 1 : pieces.next(steps - done);
    const started = performance.now();
    const rows = order.subarray(done * batchSize, (done + count) * batchSize);
    const { state, losses } = await program.run(network.state, {
      // A call for one batch gets its events alone: handing over the fold would take longer than the step.
      ...(hooks.seeBatches
        ? { ...common, ...eventsOf(data, common.weights, rows) }
        : { ...common, order: rows }),
      learningRates: learningRates.subarray(done, done + count),
      momenta: momenta.subarray(done, done + count),
    });
    const ended = performance.now();
    pieces.measured(count, ended - started);
    network.advance(state);
    recordLosses(losses, fold, parts);
    foldLosses.set(losses, done);
    progress.step += count;
    done += count;
    progress.losses = losses;
    if (hooks.seeBatches) await hooks.call("onBatchEnd");
    if (turns.isDue(ended)) await turns.give();
  }
  progress.losses = foldLosses.subarray(0, done);
}

/** Some events of a fold, in order. */
function eventsOf(
  data: FoldArrays,
  weights: Float32Array,
  rows: Int32Array,
): Pick<FoldCall, "table" | "rows" | "targets" | "weights" | "columns" | "order"> {
  const { inputs, featureCount, targets, targetCount, columns } = data;
  return {
    table: takeRows(inputs, rows, featureCount),
    rows: rows.length,
    targets: takeRows(targets, rows, targetCount),
    weights: takeRows(weights, rows, 1),
    ...(columns ? { columns: mapColumns(columns, (column) => takeRows(column, rows, 1)) } : {}),
    order: Int32Array.from(rows.keys()),
  };
}

function recordLosses(losses: Float32Array, fold: number, parts: EpochParts): void {
  const { progress, schedule } = parts;
  const diverged = progress.record.add(losses);
  if (diverged === undefined) return;
  if (parts.survivesDivergence) {
    progress.stop("the loss diverged");
    return;
  }
  throw trainingDiverged({
    loss: losses[diverged]!,
    lastFinite: progress.record.lastFinite,
    learningRate: schedule.at(progress.step + diverged).learningRate,
    member: progress.member,
    epoch: progress.epoch,
    fold,
    step: progress.step + diverged + 1,
  });
}
