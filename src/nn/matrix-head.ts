/** Heads of events as sets of objects, alone or beside flat features. */

import type { Tensor } from "../tensor/index.ts";
import { applyConv1dHead, type Conv1dHeadSpec } from "./conv1d-head.ts";
import type { HeadOutput } from "./feature-columns.ts";
import { applyGraphHead, type GraphHeadSpec } from "./graph-head.ts";
import {
  applyCatEmbHead,
  type CatEmbHeadSpec,
  catEmbHead,
  maskedInputs,
  type StoredFeatures,
} from "./head.ts";
import { joinFeatures } from "./layers.ts";
import { applyLorentzBoostHead, type LorentzBoostHeadSpec } from "./lorentz-boost-head.ts";
import { eventObjects, type ObjectColumns, placesOf, unscaled } from "./objects.ts";
import { applyRecurrentHead, type RecurrentHeadSpec } from "./recurrent-head.ts";
import type { Scope } from "./scope.ts";

/** Heads that see the objects of an event. */
export type MatrixHeadSpec = RecurrentHeadSpec | Conv1dHeadSpec | GraphHeadSpec | LorentzBoostHeadSpec;

/** A head of objects beside one of flat features. */
export interface MultiHeadSpec {
  readonly kind: "multiHead";
  readonly objects: MatrixHeadSpec;
  readonly flat: CatEmbHeadSpec;
  /** Whether the objects' features are among the flat ones too. */
  readonly repeats: boolean;
}

/** Any head's description: plain data that travels to worker processes. */
export type HeadSpec = CatEmbHeadSpec | MatrixHeadSpec | MultiHeadSpec;

/**
 * A head of objects and, beside it, the flat features that are not the objects' (with `repeats` all of them) and the
 * embeddings. To a body with blocks, all that the head of objects gives is one feature called "objects".
 */
export function multiHead({
  objects,
  flat = catEmbHead(),
  repeats = false,
}: {
  readonly objects: MatrixHeadSpec;
  readonly flat?: CatEmbHeadSpec;
  readonly repeats?: boolean;
}): MultiHeadSpec {
  return { kind: "multiHead", objects, flat, repeats };
}

/** Whether the head looks at features in physical units. */
export function needsScaler(head: HeadSpec): boolean {
  return head.kind === "multiHead" ? needsScaler(head.objects) : head.kind === "lorentzBoost";
}

/** Traces the head on stored inputs [events, continuous + categorical]. */
export function applyHead(scope: Scope, inputs: Tensor, stored: StoredFeatures, head: HeadSpec): HeadOutput {
  const seen = maskedInputs(scope, inputs, stored);
  if (head.kind === "catEmbHead") return applyCatEmbHead(scope, seen, stored, head);
  if (head.kind !== "multiHead") return objectsAlone(ofObjects(scope, seen, stored, head));
  const values = ofObjects(scope.child("objects"), seen, stored, head.objects);
  const hidden = head.repeats ? [] : objectFeatures(head.objects, stored.continuous);
  if (hidden.length === stored.continuous.length && stored.categorical.length === 0) {
    return objectsAlone(values);
  }
  const flat = applyCatEmbHead(scope, seen, stored, head.flat, hidden);
  const start = flat.values.shape[1] as number;
  const end = start + (values.shape[1] as number);
  return {
    values: joinFeatures([flat.values, values]),
    features: [...flat.features, { name: "objects", start, end }],
  };
}

function objectsAlone(values: Tensor): HeadOutput {
  return { values, features: [{ name: "objects", start: 0, end: values.shape[1] as number }] };
}

function ofObjects(scope: Scope, inputs: Tensor, stored: StoredFeatures, head: MatrixHeadSpec): Tensor {
  const objects = eventObjects(inputs, stored, head);
  switch (head.kind) {
    case "recurrent":
      return applyRecurrentHead(scope, objects, head);
    case "conv1d":
      return applyConv1dHead(scope, objects, head);
    case "graph":
      return applyGraphHead(scope, objects, head);
    case "lorentzBoost":
      return applyLorentzBoostHead(scope, unscaled(objects, head, stored), head);
  }
}

function objectFeatures(columns: ObjectColumns, continuous: readonly string[]): string[] {
  const places = placesOf(columns, continuous).flat();
  return [...new Set(places.flatMap((place) => (place < 0 ? [] : [continuous[place]!])))];
}
