/** The weights that an epoch leaves to choose from: the network's and the callbacks' own. */
import { ConfigurationError } from "../errors/index.ts";
import type { ModelWeights } from "../model/index.ts";
import type { Callback, Candidate, TrainingView } from "./callback.ts";

/** Compares the network with the callbacks' alternatives, once an epoch. */
export class Candidates {
  #lowest: Candidate | undefined;
  #alternatives: Record<string, number> = {};

  /** The one with the lowest value; undefined in an epoch that does not count. */
  get lowest(): Candidate | undefined {
    return this.#lowest;
  }

  /** Forgets the last epoch. */
  clear(): void {
    this.#lowest = undefined;
    this.#alternatives = {};
  }

  /** Validation losses of the alternatives, by callback; undefined where there are none. */
  get alternatives(): Readonly<Record<string, number>> | undefined {
    return Object.keys(this.#alternatives).length > 0 ? this.#alternatives : undefined;
  }

  /** The network and the callbacks' own weights side by side; of equal values the network's win. */
  async compare(
    network: { readonly loss: number; weights(): ModelWeights },
    callbacks: readonly Callback[],
    view: TrainingView,
  ): Promise<Candidate | undefined> {
    const judge = onlyJudge(callbacks);
    this.#lowest = undefined;
    this.#alternatives = {};
    await this.#consider({ ...network, source: undefined }, judge, view);
    for (const callback of callbacks) {
      const other = await callback.alternative?.(view);
      if (!other) continue;
      this.#alternatives[callback.name] = other.loss;
      const { loss, weights } = other;
      await this.#consider({ loss, weights: () => weights, source: callback.name }, judge, view);
    }
    return this.#lowest;
  }

  async #consider(
    candidate: Omit<Candidate, "value">,
    judge: Callback["judge"],
    view: TrainingView,
  ): Promise<void> {
    const value = judge ? await judge(candidate, view) : candidate.loss;
    if (value === undefined) return;
    if (this.#lowest === undefined || value < this.#lowest.value) this.#lowest = { ...candidate, value };
  }
}

function onlyJudge(callbacks: readonly Callback[]): Callback["judge"] {
  const judges = callbacks.filter((callback) => callback.judge !== undefined);
  if (judges.length <= 1) return judges[0]?.judge;
  throw new ConfigurationError(
    `fit: the callbacks ${judges.map(({ name }) => `"${name}"`).join(" and ")} both decide what is best; leave that to one of them.`,
  );
}
