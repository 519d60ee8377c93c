/** A network of ours in training, to be timed: on random events, for a whole fold in one call or step by step. */
import { Stream } from "../src/array/index.ts";
import type { EngineOptions } from "../src/engine/index.ts";
import { compileTraining, type TrainingProgram, type TrainingState } from "../src/model/index.ts";
import { binaryCrossEntropy, describeNetwork, draw } from "../src/nn/index.ts";
import { initialSlots, makeOptimiser } from "../src/optim/index.ts";
import type { TimedNetwork } from "./networks.ts";
import { processorTime } from "./processor-time.ts";

export const ROWS = 20_000;
export const BATCH = 256;
/** Steps of a fold. */
export const STEPS: number = Math.floor(ROWS / BATCH);
/** Steps of a round where each has a call of its own. */
const SINGLE_STEPS = 20;

/** One network of ours in training: its program and its state, which goes from call to call. */
export class TrainedNetwork {
  readonly #program: TrainingProgram;
  #state: TrainingState;
  readonly #stream: Stream = new Stream(1, "bench");
  readonly #fold: ReturnType<typeof drawEvents>;

  private constructor(program: TrainingProgram, state: TrainingState, columns: number) {
    this.#program = program;
    this.#state = state;
    this.#fold = drawEvents(columns);
  }

  static async create(
    { network, columns }: TimedNetwork,
    engine: EngineOptions = {},
  ): Promise<TrainedNetwork> {
    const layout = describeNetwork(network, columns);
    const optimiser = makeOptimiser({ name: "adam" }, layout);
    const recipe = {
      task: { kind: "binary" },
      featureCount: columns,
      layout,
      frozen: new Set<string>(),
      network,
      makeOptimiser: () => optimiser,
    } as const;
    const program = await compileTraining(recipe, {
      batchSize: BATCH,
      meanWeight: 1,
      loss: binaryCrossEntropy,
      ...engine,
    });
    const parameters = new Float32Array(layout.parameterCount);
    for (const { name, shape, offset, initialiser } of layout.parameters) {
      parameters.set(draw(initialiser, shape, new Stream(1, name)), offset);
    }
    const slots = initialSlots(optimiser, parameters);
    const state = { parameters, buffers: new Float32Array(layout.bufferCount), slots, step: 0 };
    return new TrainedNetwork(program, state, columns);
  }

  /** One step on the first events. */
  async firstStep(): Promise<void> {
    await this.#run(
      Int32Array.from({ length: BATCH }, (_, i) => i),
      1,
    );
  }

  /** Milliseconds of processor time a step, of many in one call: shuffled, gathered, trained. */
  async foldTime(steps: number): Promise<number> {
    const start = processorTime();
    const order = this.#stream.permutation(ROWS).subarray(0, steps * BATCH);
    await this.#run(order, steps);
    return (processorTime() - start) / steps;
  }

  /** Milliseconds of processor time a step, with a call for each: what a callback with a batch hook costs. */
  async singleTime(): Promise<number> {
    const start = processorTime();
    const order = this.#stream.permutation(ROWS);
    for (let i = 0; i < SINGLE_STEPS; i++) await this.#run(order.subarray(i * BATCH, (i + 1) * BATCH), 1);
    return (processorTime() - start) / SINGLE_STEPS;
  }

  async #run(order: Int32Array, steps: number): Promise<void> {
    const { state, losses } = await this.#program.run(this.#state, {
      ...this.#fold,
      rows: ROWS,
      order,
      learningRates: new Float32Array(steps).fill(1e-3),
      momenta: new Float32Array(steps).fill(0.9),
      random: this.#stream,
    });
    if (!losses.every(Number.isFinite)) throw new Error("internal: the loss is not finite");
    this.#state = state;
  }
}

/** Random events, targets and weights; the last column holds a category. */
function drawEvents(columns: number) {
  const random = new Stream(2, "events");
  return {
    table: Float32Array.from({ length: ROWS * columns }, (_, i) =>
      i % columns === columns - 1 ? random.integer(4) : random.normal(),
    ),
    targets: Float32Array.from({ length: ROWS }, () => (random.uniform() < 0.34 ? 1 : 0)),
    weights: Float32Array.from({ length: ROWS }, () => 0.5 + random.uniform()),
  };
}
