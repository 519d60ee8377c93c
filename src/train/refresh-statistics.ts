/** Running statistics for weights that were not trained with them, such as averages. */
import type { ModelWeights, TrainingProgram } from "../model/index.ts";
import type { MemberEvents } from "./member-events.ts";
import type { NetworkState } from "./network-state.ts";
import type { PieceLength } from "./piece-length.ts";
import type { Turns } from "./turns.ts";

/**
 * The weights with running statistics that belong to their parameters: the folds pass through the network
 * once more, in training with the learning rate 0, from the statistics given.
 */
export async function refreshStatistics(
  { parameters, buffers }: ModelWeights,
  {
    program,
    network,
    events,
    pieces,
    turns,
    folds,
    epoch,
    batchSize,
    momentum,
  }: {
    readonly program: TrainingProgram;
    readonly network: NetworkState;
    readonly events: MemberEvents;
    readonly pieces: PieceLength;
    readonly turns: Turns;
    readonly folds: readonly number[];
    readonly epoch: number;
    readonly batchSize: number;
    readonly momentum: number;
  },
): Promise<ModelWeights> {
  if (buffers.length === 0) return { parameters, buffers };
  const fresh = network.withParameters(parameters);
  let statistics = buffers;
  // Counted on, so that it does not matter how the steps are cut into calls.
  let { step } = fresh;
  for (const fold of folds) {
    const stream = (purpose: string) => events.stream(purpose, "statistics", epoch, fold);
    const data = events.forTraining(fold, epoch, stream("augment"));
    const order = stream("shuffle").permutation(data.eventCount);
    const random = stream("dropout");
    const steps = Math.floor(data.eventCount / batchSize);
    for (let done = 0; done < steps; ) {
      const count = pieces.next(steps - done);
      const { state } = await program.run(
        { ...fresh, buffers: statistics, step },
        {
          table: data.inputs,
          rows: data.eventCount,
          targets: data.targets,
          weights: events.weightsOf(data),
          ...(data.columns ? { columns: data.columns } : {}),
          random,
          neverRests: true,
          order: order.subarray(done * batchSize, (done + count) * batchSize),
          learningRates: new Float32Array(count),
          momenta: new Float32Array(count).fill(momentum),
        },
      );
      statistics = state.buffers;
      step = state.step;
      done += count;
      if (turns.isDue()) await turns.give();
    }
  }
  return { parameters, buffers: statistics };
}
