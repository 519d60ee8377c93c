/** Recurrent cells and sequences, unrolled: every step is in the graph, so gradients of any order work. */
import { ShapeError } from "../errors/index.ts";
import { add, concat, matmul, mul, reshape, sigmoid, slice, sub, tanh, transpose } from "./operations.ts";
import { split } from "./selection.ts";
import { knownSize, shapeText, type Tensor } from "./tensor.ts";

/** Weights of one direction, gates stacked along the first axis as in torch: [gates·hidden, …]. */
export interface RecurrentWeights {
  /** [gates·hidden, features]. */
  readonly input: Tensor;
  /** [gates·hidden, hidden]. */
  readonly hidden: Tensor;
  /** [gates·hidden] each. */
  readonly inputBias: Tensor;
  readonly hiddenBias: Tensor;
}

/** Kinds of recurrent network; gates in torch's order: GRU reset, update, new; LSTM input, forget, cell, output. */
export type RecurrentKind = "rnn" | "gru" | "lstm";

/** Number of gates of each kind: how many matrices are stacked in its weights. */
export const gateCounts: Readonly<Record<RecurrentKind, number>> = { rnn: 1, gru: 3, lstm: 4 };

type Step = (
  fromInput: Tensor,
  state: readonly Tensor[] | undefined,
  weights: RecurrentWeights,
  hidden: number,
) => readonly Tensor[];

/** h·Uᵀ + c, or the bias alone at the first step, where the state is zero. */
function fromState(state: Tensor | undefined, { hidden, hiddenBias }: RecurrentWeights): Tensor {
  return state === undefined ? hiddenBias : add(matmul(state, transpose(hidden)), hiddenBias);
}

const lastAxisParts = (x: Tensor, count: number, size: number): Tensor[] =>
  split(x, Array(count).fill(size), x.rank - 1);

const steps: Readonly<Record<RecurrentKind, Step>> = {
  rnn: (fromInput, state, weights) => [tanh(add(fromInput, fromState(state?.[0], weights)))],
  gru: (fromInput, state, weights, size) => {
    const [xr, xz, xn] = lastAxisParts(fromInput, 3, size) as [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = lastAxisParts(fromState(state?.[0], weights), 3, size) as [Tensor, Tensor, Tensor];
    const reset = sigmoid(add(xr, hr));
    const update = sigmoid(add(xz, hz));
    const candidate = tanh(add(xn, mul(reset, hn)));
    const before = state?.[0];
    const kept = before === undefined ? candidate : add(candidate, mul(update, sub(before, candidate)));
    return [before === undefined ? mul(sub(1, update), candidate) : kept];
  },
  lstm: (fromInput, state, weights, size) => {
    const gates = add(fromInput, fromState(state?.[0], weights));
    const [i, f, g, o] = lastAxisParts(gates, 4, size) as [Tensor, Tensor, Tensor, Tensor];
    const written = mul(sigmoid(i), tanh(g));
    const before = state?.[1];
    const cell = before === undefined ? written : add(mul(sigmoid(f), before), written);
    return [mul(sigmoid(o), tanh(cell)), cell];
  },
};

/**
 * A sequence x [batch, length, features] through one direction, from a zero state: the hidden states
 * [batch, length, hidden], in the order of the sequence also when run `backwards`.
 */
export function recurrent(
  kind: RecurrentKind,
  x: Tensor,
  weights: RecurrentWeights,
  options: { readonly backwards?: boolean } = {},
): { readonly sequence: Tensor; readonly last: Tensor } {
  if (x.rank !== 3 || x.shape[2] !== weights.input.shape[1]) {
    throw new ShapeError(
      `${kind}: needs [batch, length, ${weights.input.shape[1]}], but got ${shapeText(x.shape)}.`,
    );
  }
  const [batch, , features] = x.shape as [number | string, number, number];
  const length = knownSize(kind, x.shape, 1);
  if (length === 0) throw new ShapeError(`${kind}: the sequences ${shapeText(x.shape)} have no steps.`);
  const size = knownSize(kind, weights.hidden.shape, 1);
  const order = [...Array(length).keys()];
  if (options.backwards) order.reverse();
  const outputs: Tensor[] = [];
  let state: readonly Tensor[] | undefined;
  for (const t of order) {
    const now = reshape(slice(x, 1, t, t + 1), [batch, features]);
    const fromInput = add(matmul(now, transpose(weights.input)), weights.inputBias);
    state = steps[kind](fromInput, state, weights, size);
    outputs[t] = reshape(state[0]!, [batch, 1, size]);
  }
  return { sequence: concat(outputs, 1), last: state![0]! };
}

/** Both directions side by side: [batch, length, 2·hidden]. */
export function bidirectional(
  kind: RecurrentKind,
  x: Tensor,
  forward: RecurrentWeights,
  backward: RecurrentWeights,
): { readonly sequence: Tensor; readonly last: Tensor } {
  const there = recurrent(kind, x, forward);
  const back = recurrent(kind, x, backward, { backwards: true });
  return {
    sequence: concat([there.sequence, back.sequence], 2),
    last: concat([there.last, back.last], 1),
  };
}
