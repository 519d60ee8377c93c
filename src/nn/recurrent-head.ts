/** Recurrent heads: the objects of an event read one after the other. */
import { type RecurrentKind, reshape, type Tensor } from "../tensor/index.ts";
import { dropout } from "./layers.ts";
import type { EventObjects, ObjectColumns } from "./objects.ts";
import type { Scope } from "./scope.ts";
import { onRows, recurrentLayer } from "./sequence-layers.ts";

/** Options of `recurrentHead`. */
export interface RecurrentHeadOptions extends ObjectColumns {
  /** Default lstm. */
  readonly cell?: RecurrentKind;
  /** Recurrent layers on top of each other. Default 1. */
  readonly depth?: number;
  /** Hidden values of a layer. */
  readonly width: number;
  /** Read from the end too. Default false. */
  readonly bidirectional?: boolean;
  /** Between layers. Default 0. */
  readonly dropout?: number;
  /** All hidden states of the last layer leave the head, not only the last one. Default false. */
  readonly wholeSequence?: boolean;
}

/** A recurrent head's description. */
export interface RecurrentHeadSpec extends Required<RecurrentHeadOptions> {
  readonly kind: "recurrent";
}

/** RNN, GRU or LSTM over the objects in their order; the last hidden state leaves the head. */
export function recurrentHead(options: RecurrentHeadOptions): RecurrentHeadSpec {
  const defaults = {
    cell: "lstm",
    depth: 1,
    bidirectional: false,
    dropout: 0,
    wholeSequence: false,
  } as const;
  return { ...defaults, ...options, kind: "recurrent" };
}

/** [events, values] from objects. */
export function applyRecurrentHead(scope: Scope, { values }: EventObjects, head: RecurrentHeadSpec): Tensor {
  const { cell, depth, width, bidirectional } = head;
  let x = values;
  for (let d = 0; d < depth; d++) {
    const wholeSequence = head.wholeSequence || d < depth - 1;
    const layer = scope.child(`layer${d}`);
    x = recurrentLayer(layer, cell, x, { hidden: width, bidirectional, wholeSequence });
    if (d < depth - 1 && head.dropout > 0 && scope.training) {
      x = onRows(x, (rows) => dropout(layer, rows, head.dropout));
    }
  }
  if (!head.wholeSequence) return x;
  return reshape(x, [x.shape[0]!, (x.shape[1] as number) * (x.shape[2] as number)]);
}
