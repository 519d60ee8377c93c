/** What graph hooks bring into a step besides the network: columns of the events, carried vectors, numbers of a step. */
import type { SessionValue } from "../engine/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type InputTensor, input, less, type Tensor, where } from "../tensor/index.ts";
import type { CarryContext, GraphHooks } from "./graph-hooks.ts";
import type { FoldCall } from "./training-program.ts";

/** The hooks of one step, and the graph's inputs that they need. */
export class HookInputs {
  readonly #hooks: readonly GraphHooks[];
  readonly #starts: Readonly<Record<string, Float32Array>>;
  readonly #scalarNames: readonly string[];
  readonly #networkSteps: ((step: number) => number) | undefined;
  /** [rows] each, by name. */
  readonly columns: Readonly<Record<string, InputTensor>>;
  readonly carried: Readonly<Record<string, InputTensor>>;
  readonly scalars: Readonly<Record<string, InputTensor>>;
  /** 1 where the step changes the network, else 0; undefined when all do. */
  readonly #learns: InputTensor | undefined;

  /** @throws ConfigurationError when two hooks use one name, or both say when the network rests. */
  constructor(hooks: readonly GraphHooks[], columns: readonly string[], slots: readonly string[]) {
    this.#hooks = hooks;
    const carried = hooks.flatMap((hook) => Object.entries(hook.carried ?? {}));
    this.#scalarNames = hooks.flatMap((hook) => hook.scalars ?? []);
    requireDistinct([...slots, ...carried.map(([name]) => name)], "carried vector");
    requireDistinct(this.#scalarNames, "number of a step");
    this.#starts = Object.fromEntries(carried);
    const resting = hooks.filter((hook) => hook.networkSteps !== undefined);
    if (resting.length > 1) {
      throw new ConfigurationError(
        `training: ${resting.length} callbacks say in which steps the network rests; only one can.`,
      );
    }
    this.#networkSteps = resting[0]?.networkSteps?.bind(resting[0]);
    this.columns = inputs(columns, "column", () => ["rows"]);
    this.carried = inputs(Object.keys(this.#starts), "carried", (name) => [this.#starts[name]!.length]);
    this.scalars = inputs(this.#scalarNames, "hook", () => []);
    this.#learns = this.#networkSteps && input("learns", []);
  }

  /** Inputs of the graph that have a value a step. */
  get scanned(): InputTensor[] {
    return [...Object.values(this.scalars), ...(this.#learns ? [this.#learns] : [])];
  }

  /** The number of a step as the optimiser counts: only steps that change the network, from 1. */
  optimiserStep(step: number): number {
    return (this.#networkSteps?.(step - 1) ?? step - 1) + 1;
  }

  /** What the network has after a step: what it had before, where the network rests. */
  unlessResting(after: Tensor, before: Tensor): Tensor {
    return this.#learns ? where(less(0.5, this.#learns), after, before) : after;
  }

  /** The carried vectors before and after a step. */
  carriedOn(context: CarryContext): { readonly before: InputTensor; readonly after: Tensor }[] {
    const next: Record<string, Tensor> = {};
    for (const hooks of this.#hooks) Object.assign(next, hooks.carry?.(context));
    const strange = Object.keys(next).find((name) => !Object.hasOwn(this.carried, name));
    if (strange !== undefined) {
      throw new ConfigurationError(
        `training: a callback carries "${strange}" on, but did not give what it begins with in \`carried\`.`,
      );
    }
    return Object.entries(this.carried).map(([name, before]) => ({ before, after: next[name] ?? before }));
  }

  /** Values for the steps from `done` + 1 on. */
  feeds(
    { slots, step: done }: { readonly slots: Readonly<Record<string, Float32Array>>; readonly step: number },
    call: Pick<FoldCall, "columns" | "rows" | "neverRests">,
    steps: number,
  ): Record<string, SessionValue> {
    const feeds: Record<string, SessionValue> = {};
    for (const [name, tensor] of Object.entries(this.columns)) {
      const data = call.columns?.[name];
      if (!data) throw new Error(`internal: column "${name}" is missing from the events of a fold.`);
      feeds[tensor.attributes.name] = { data, shape: [call.rows] };
    }
    for (const [name, tensor] of Object.entries(this.carried)) {
      const data = slots[name] ?? this.#starts[name]!;
      feeds[tensor.attributes.name] = { data, shape: [data.length] };
    }
    const rows = this.scanned.map(() => new Float32Array(steps));
    for (let i = 0; i < steps; i++) {
      const step = done + i + 1;
      const now = this.#hooks.flatMap((hooks) => hooks.scalarsAt?.(step) ?? []);
      if (this.#networkSteps)
        now.push(call.neverRests ? 1 : this.#networkSteps(step) - this.#networkSteps(step - 1));
      for (const [s, row] of rows.entries()) row[i] = now[s]!;
    }
    this.scanned.forEach((tensor, s) => {
      feeds[tensor.attributes.name] = { data: rows[s]!, shape: [steps] };
    });
    return feeds;
  }
}

function inputs(
  names: readonly string[],
  kind: string,
  shapeOf: (name: string) => readonly (number | string)[],
): Record<string, InputTensor> {
  return Object.fromEntries(names.map((name) => [name, input(`${kind}:${name}`, shapeOf(name))]));
}

function requireDistinct(names: readonly string[], what: string): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new ConfigurationError(
    `training: two callbacks use the name "${twice}" for a ${what}. Is a callback in the list twice?`,
  );
}
