/** The loss of a member's validation fold with any weights. */
import type { EvaluationProgram, ModelWeights } from "../model/index.ts";
import type { ValidationPredictions } from "./callback.ts";
import type { FoldArrays } from "./programs.ts";
import type { Turns } from "./turns.ts";

/** Events in one call of the evaluation: large enough to be fast, small enough to stay in the caches. */
const evaluationRows = 4096;

/** The validation fold with the program that evaluates it. */
export class Validation {
  readonly #program: EvaluationProgram;
  readonly #events: FoldArrays;
  readonly #weights: Float32Array;
  readonly #turns: Turns;

  constructor(program: EvaluationProgram, events: FoldArrays, weights: Float32Array, turns: Turns) {
    this.#program = program;
    this.#events = events;
    this.#weights = weights;
    this.#turns = turns;
  }

  /** Weighted mean loss of the fold. */
  async lossOf({ parameters, buffers }: ModelWeights): Promise<number> {
    const { inputs, targets, featureCount, targetCount, eventCount } = this.#events;
    let sum = 0;
    for (let start = 0; start < eventCount; start += evaluationRows) {
      const end = Math.min(start + evaluationRows, eventCount);
      const loss = await this.#program.loss(
        parameters,
        buffers,
        inputs.subarray(start * featureCount, end * featureCount),
        targets.subarray(start * targetCount, end * targetCount),
        this.#weights.subarray(start, end),
        end - start,
      );
      sum += loss * (end - start);
      if (this.#turns.isDue()) await this.#turns.give();
    }
    return sum / eventCount;
  }

  /** What the network makes of the fold. */
  async predictionsOf({ parameters, buffers }: ModelWeights): Promise<ValidationPredictions> {
    const { inputs, featureCount, eventCount } = this.#events;
    let predictions = new Float32Array(0);
    for (let start = 0; start < eventCount; start += evaluationRows) {
      const end = Math.min(start + evaluationRows, eventCount);
      const table = inputs.subarray(start * featureCount, end * featureCount);
      const part = await this.#program.predict(parameters, buffers, table, end - start);
      const outputCount = part.length / (end - start);
      if (start === 0) predictions = new Float32Array(eventCount * outputCount);
      predictions.set(part, start * outputCount);
      if (this.#turns.isDue()) await this.#turns.give();
    }
    const outputCount = predictions.length / eventCount;
    return { predictions, outputCount, events: this.#events, weights: this.#weights };
  }
}
