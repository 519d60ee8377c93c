/** Events as sets of objects (leptons, jets, tracks): [events, objects, features] from stored columns. */
import { ConfigurationError, unknownName } from "../errors/index.ts";
import { objectColumn } from "../hep/index.ts";
import {
  abs,
  add,
  concat,
  constant,
  equal,
  mul,
  not,
  reshape,
  slice,
  sum,
  type Tensor,
  where,
} from "../tensor/index.ts";
import type { StoredFeatures } from "./head.ts";

/**
 * Which columns make up the objects: "lep" and "px" stand for the continuous feature "lep_px", "Muon[0]" and "px" for
 * "Muon_px[0]".
 */
export interface ObjectColumns {
  /** Names of the objects, in the order of the sequence. */
  readonly objects: readonly string[];
  /** Names of their features; an object without one has 0 there. */
  readonly features: readonly string[];
}

/** Objects of events. */
export interface EventObjects {
  /** [events, objects, features]; zeros where an object or a feature is missing. */
  readonly values: Tensor;
  /** Which objects exist, bool [events, objects]: those with any feature that is not 0. */
  readonly present: Tensor;
}

/** The places of the objects' features among the continuous ones; −1 for a feature that an object does not have. */
export function placesOf({ objects, features }: ObjectColumns, continuous: readonly string[]): number[][] {
  if (objects.length === 0 || features.length === 0) {
    throw new ConfigurationError("objects: name at least one object and one feature.");
  }
  return objects.map((object) => {
    const names = features.map((feature) => objectColumn(object, feature));
    const places = names.map((name) => continuous.indexOf(name));
    if (places.every((place) => place < 0)) throw unknownName("feature of an object", names[0]!, continuous);
    return places;
  });
}

/**
 * Takes the objects from stored inputs.
 * @throws UnknownNameError for an object none of whose features is stored.
 */
export function eventObjects(inputs: Tensor, stored: StoredFeatures, columns: ObjectColumns): EventObjects {
  const places = placesOf(columns, stored.continuous);
  const [objectCount, featureCount] = [columns.objects.length, columns.features.length];
  const flat = takePlaces(inputs, places.flat());
  const values = reshape(flat, [inputs.shape[0]!, objectCount, featureCount]);
  const size = sum(abs(values), { axes: 2 });
  return { values, present: not(equal(size, 0)) };
}

/** Columns in any order, neighbours together; zeros for −1. */
function takePlaces(x: Tensor, places: readonly number[]): Tensor {
  const parts: Tensor[] = [];
  let start = 0;
  for (let end = 1; end <= places.length; end++) {
    const before = places[end - 1]!;
    if (end < places.length && before >= 0 && places[end] === before + 1) continue;
    parts.push(before < 0 ? mul(slice(x, 1, 0, 1), 0) : slice(x, 1, places[start]!, before + 1));
    start = end;
  }
  return parts.length === 1 ? parts[0]! : concat(parts, 1);
}

/** The objects in physical units: value · deviation + mean for those that exist, 0 for the others. */
export function unscaled(
  { values, present }: EventObjects,
  columns: ObjectColumns,
  stored: StoredFeatures,
): Tensor {
  const { scaler } = stored;
  if (scaler === undefined) return values;
  const places = placesOf(columns, stored.continuous).flat();
  const shape = [columns.objects.length, columns.features.length];
  const deviations = constant(
    places.map((place) => (place < 0 ? 0 : scaler.standardDeviations[place]!)),
    shape,
  );
  const means = constant(
    places.map((place) => (place < 0 ? 0 : scaler.means[place]!)),
    shape,
  );
  const physical = add(mul(values, deviations), means);
  return where(reshape(present, [...present.shape, 1]), physical, 0);
}

/** 1 where an object exists, else 0: [events, objects, 1]. */
export function presence(present: Tensor): Tensor {
  return where(reshape(present, [...present.shape, 1]), 1, constant(0));
}
