/** Event weights as trainings take them: scaled as `weights.normalise` says. */
import { WeightScale } from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import type { LabelledEvents } from "./labelled-events.ts";

/** Event weights as trainings take them: scaled as `weights.normalise` says; undefined where all are alike. */
export function weightsForTraining(analysis: Analysis, events: LabelledEvents): Float64Array | undefined {
  const scale = new TrainingWeightScale(analysis);
  scale.add(events);
  return scale.scaled(events);
}

/** The scaling of an analysis's weights, of events that come in pieces: add all, then scale each. */
export class TrainingWeightScale {
  readonly #analysis: Analysis;
  readonly #scale: WeightScale;
  readonly #isNeeded: boolean;

  constructor(analysis: Analysis) {
    const { target, weights } = analysis;
    let { normalise } = weights;
    if (target.task === "regression") {
      if (normalise === "sumOnePerClass") {
        throw new ConfigurationError(
          "weights.normalise: sumOnePerClass needs classes, which a regression does not have.",
        );
      }
      if (normalise === "meanOnePerClass") normalise = "meanOne";
    }
    this.#analysis = analysis;
    this.#scale = new WeightScale(normalise, classNames(target));
    this.#isNeeded = weights.column !== undefined || normalise === "sumOnePerClass";
  }

  add(events: LabelledEvents): void {
    if (this.#isNeeded) this.#scale.add(this.#classes(events), weightsOf(events));
  }

  scaled(events: LabelledEvents): Float64Array | undefined {
    return this.#isNeeded ? this.#scale.scaled(this.#classes(events), weightsOf(events)) : undefined;
  }

  /** A regression's values are no classes: all events are one. */
  #classes({ table, targets }: LabelledEvents): ArrayLike<number> {
    return this.#analysis.target.task === "regression" ? new Uint8Array(table.rowCount) : targets;
  }
}

function weightsOf({ table, weights }: LabelledEvents): Float64Array {
  return weights ?? new Float64Array(table.rowCount).fill(1);
}
