/** What an optimiser is: a pure function from parameters, gradient and its own state to the next ones. */
import { ConfigurationError } from "../errors/index.ts";
import { sub, type Tensor } from "../tensor/index.ts";

/**
 * What an optimiser carries from step to step: a vector as long as the parameters that starts at zero
 * ("zeros") or as their copy ("copy"), or one number that starts at zero ("number").
 */
export interface Slot {
  readonly name: string;
  readonly kind: "zeros" | "copy" | "number";
}

/** What comes to a link of a chain. All vectors are as long as the parameters, which lie in one flat vector. */
export interface UpdateInputs {
  /** The parameters at which the gradient was taken. */
  readonly before: Tensor;
  /** The next parameters are `from − change`. In the first link: the parameters and the gradient. */
  readonly from: Tensor;
  readonly change: Tensor;
  /** The link's own state. */
  readonly slots: Readonly<Record<string, Tensor>>;
  /** The values of `scalarsAt`, by name, as scalars of the graph. */
  readonly scalars: Readonly<Record<string, Tensor>>;
}

/** What leaves a link; what is left out stays as it came. */
export interface UpdateOutputs {
  readonly from?: Tensor;
  readonly change?: Tensor;
  readonly slots?: Readonly<Record<string, Tensor>>;
}

/**
 * An optimiser, or a link of one. Its state begins as `initialSlots` says, and `update` carries it on.
 * A link takes the `change` (clipping, Adam, decay) or settles the next parameters (Lookahead): then they
 * are its `from`, and nothing is left to subtract.
 */
export interface Optimiser {
  readonly name: string;
  readonly slots: readonly Slot[];
  /** Names of the numbers that change from step to step. They are inputs of the graph: no recompiling. */
  readonly scalars: readonly string[];
  /** These numbers for a step (counted from 1), worked out in float64 outside the graph. */
  scalarsAt(step: number, learningRate: number, momentum: number): readonly number[];
  /** One update as a graph: from parameters, gradient, state and rates to new parameters and state. */
  update(inputs: UpdateInputs): UpdateOutputs;
  /** The slot with the weights to evaluate with; without one they are the parameters themselves. */
  readonly evaluationSlot?: string;
}

/** A link without state. */
export function link(name: string, update: (inputs: UpdateInputs) => UpdateOutputs): Optimiser {
  return { name, slots: [], scalars: [], scalarsAt: () => [], update };
}

/**
 * Links one after the other, as one optimiser. Names of slots and scalars get the link's name in front,
 * and the last link that has weights to evaluate with decides.
 *
 * @throws ConfigurationError if two links with state have one name.
 */
export function chain(...links: readonly Optimiser[]): Optimiser {
  const own = (part: Optimiser, name: string) => `${part.name}.${name}`;
  const slots = links.flatMap((part) =>
    part.slots.map((slot): Slot => ({ ...slot, name: own(part, slot.name) })),
  );
  const scalars = links.flatMap((part) => part.scalars.map((name) => own(part, name)));
  const names = [...slots.map((slot) => slot.name), ...scalars];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ConfigurationError(
      `chain: two links have "${twice}". Give one of the links another name: { ...link, name: "second" }.`,
    );
  }
  const evaluated = links.findLast((part) => part.evaluationSlot !== undefined);
  return {
    name: links.map((part) => part.name).join(", "),
    slots,
    scalars,
    scalarsAt: (step, learningRate, momentum) =>
      links.flatMap((part) => part.scalarsAt(step, learningRate, momentum)),
    update: (inputs) => {
      let { from, change } = inputs;
      const next: Record<string, Tensor> = {};
      for (const part of links) {
        const pick = (all: Readonly<Record<string, Tensor>>, wanted: readonly string[]) =>
          Object.fromEntries(wanted.map((name) => [name, all[own(part, name)]!]));
        const result = part.update({
          before: inputs.before,
          from,
          change,
          slots: pick(
            inputs.slots,
            part.slots.map((slot) => slot.name),
          ),
          scalars: pick(inputs.scalars, part.scalars),
        });
        from = result.from ?? from;
        change = result.change ?? change;
        for (const [name, value] of Object.entries(result.slots ?? {})) next[own(part, name)] = value;
      }
      return { from, change, slots: next };
    },
    ...(evaluated === undefined ? {} : { evaluationSlot: own(evaluated, evaluated.evaluationSlot!) }),
  };
}

/** Parameters and state after a step, as tensors of a graph. */
export function takeStep(
  optimiser: Optimiser,
  step: Omit<UpdateInputs, "before" | "from" | "change"> & {
    readonly parameters: Tensor;
    readonly gradient: Tensor;
  },
): { readonly parameters: Tensor; readonly slots: Readonly<Record<string, Tensor>> } {
  const { parameters, gradient, slots, scalars } = step;
  const { from, change, ...next } = optimiser.update({
    before: parameters,
    from: parameters,
    change: gradient,
    slots,
    scalars,
  });
  return { parameters: sub(from ?? parameters, change ?? gradient), slots: next.slots ?? {} };
}

/** The shape of a slot for that many parameters. */
export function slotShape(slot: Slot, parameterCount: number): readonly number[] {
  return slot.kind === "number" ? [] : [parameterCount];
}

/** The state that an optimiser starts with. */
export function initialSlots(optimiser: Optimiser, parameters: Float32Array): Record<string, Float32Array> {
  return Object.fromEntries(
    optimiser.slots.map(({ name, kind }): [string, Float32Array] => [
      name,
      kind === "copy" ? parameters.slice() : new Float32Array(kind === "number" ? 1 : parameters.length),
    ]),
  );
}

/** Parameters with the optimiser's state. */
export interface ParametersAndSlots {
  readonly parameters: Float32Array;
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** The weights to evaluate with: averages where the optimiser makes them, else the parameters. */
export function evaluationParameters(optimiser: Optimiser, state: ParametersAndSlots): Float32Array {
  return optimiser.evaluationSlot === undefined ? state.parameters : state.slots[optimiser.evaluationSlot]!;
}

/** The state with other parameters: averages start again from them, means of gradients stay. */
export function replaceParameters<State extends ParametersAndSlots>(
  optimiser: Optimiser,
  state: State,
  parameters: Float32Array,
): State {
  const copies = optimiser.slots.filter(({ kind }) => kind === "copy");
  const slots = Object.fromEntries(copies.map(({ name }) => [name, parameters.slice()]));
  return { ...state, parameters: parameters.slice(), slots: { ...state.slots, ...slots } };
}
