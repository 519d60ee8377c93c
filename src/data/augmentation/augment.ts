/** Events changed as a plan says: at random for training, in a fixed set of views for prediction. */
import { Stream } from "../../array/random.ts";
import { counted, DataError } from "../../errors/index.ts";
import { fillGaps, withoutGaps } from "../gaps.ts";
import type { AugmentationPlan } from "./plan.ts";
import type { EventBlock } from "./step.ts";
import {
  type FixedTransform,
  fixedTransform,
  identity,
  inverse,
  product,
  type SymmetryStep,
  turnAll,
  turnRandomly,
  wordsPerEvent,
} from "./symmetries.ts";

/** Events to augment for training: all of a fold, or a piece of it. */
export interface EventsToAugment {
  readonly eventCount: number;
  /** `[events, plan.featureCount]`, scaled, NaN where missing; not changed. */
  readonly features: Float32Array;
  /** `[events, plan.targetCount]`; not changed. */
  readonly targets?: Float32Array | undefined;
  /** The positions of the missing values, where they are known already (`gapsOf`). */
  readonly gaps?: Int32Array | undefined;
  /** The place in its fold of the first event (default 0): what is drawn for an event is ruled by its place there. */
  readonly first?: number | undefined;
  /** A further column, for these events; needed where a systematic variation names columns. */
  readonly column?: ((name: string) => ArrayLike<number>) | undefined;
}

/** Augmented events. */
export interface AugmentedArrays {
  /** Without gaps: missing values are 0. */
  readonly inputs: Float32Array;
  /** A copy, turned with the events where they are vectors; undefined where there were none. */
  readonly targets: Float32Array | undefined;
}

/**
 * The events, each changed by all transforms of the plan with draws of its own. Missing values (NaN) stay missing and come
 * out as 0, which is the mean.
 *
 * @param stream fresh for the fold and the epoch: the events of a piece are drawn as in the whole fold.
 */
export function augmentEvents(
  events: EventsToAugment,
  plan: AugmentationPlan,
  stream: Stream,
): AugmentedArrays {
  const { eventCount, features, first = 0 } = events;
  const targets = events.targets?.slice();
  const [only] = plan.steps;
  if (plan.steps.length === 1 && only!.kind === "symmetries") {
    const inputs = filled(events, plan);
    turnBoth(
      only as SymmetryStep,
      plan,
      { ...events, from: features, to: inputs, missing: 0 },
      targets,
      stream,
    );
    return { inputs, targets };
  }
  const changed = features.slice(0, eventCount * plan.featureCount);
  const block = blockOf(events, changed);
  // All streams before the first draw, so that none depends on how many events are drawn for.
  const streams = plan.steps.map((_, k) => (k === 0 ? stream : stream.fork(k)));
  for (const [k, step] of plan.steps.entries()) {
    if (step.kind === "symmetries") {
      turnBoth(
        step,
        plan,
        { eventCount, first, from: changed, to: changed, missing: Number.NaN },
        targets,
        streams[k]!,
      );
    } else {
      const streamOf = streams[k]!.numbered();
      step.change(block, (event) => streamOf(first + event), undefined);
    }
  }
  return { inputs: withoutGaps(changed), targets };
}

/**
 * The inputs of {@link augmentEvents} for a whole fold: rotations by θ ~ U(−π, π), reflections with probability ½, …
 *
 * @param features `[count, plan.featureCount]`, standardised, NaN where missing; not changed.
 * @param gaps the positions of the missing values, where they are known already (`gapsOf`).
 */
export function augmentRandomly(
  features: Float32Array,
  count: number,
  plan: AugmentationPlan,
  stream: Stream,
  gaps?: Int32Array,
): Float32Array {
  return augmentEvents({ features, eventCount: count, gaps }, plan, stream).inputs;
}

/**
 * The events in one view of the fixed set of prediction; index 0 changes nothing. Of a plan's symmetries these are evenly
 * spaced rotations and all reflections; other transforms that have views draw by the plan's seed and the event's values.
 *
 * @param features as in {@link augmentRandomly}.
 * @throws RangeError for an index outside 0 … plan.count−1.
 */
export function augmentFixed(
  features: Float32Array,
  count: number,
  plan: AugmentationPlan,
  index: number,
  gaps?: Int32Array,
): Float32Array {
  checkView(plan, index, "augmentFixed");
  const events = { features, eventCount: count, gaps };
  if (index === 0) return filled(events, plan);
  const [only] = plan.steps;
  const width = plan.featureCount;
  if (plan.steps.length === 1 && only!.kind === "symmetries") {
    const { inputs: vectors } = only as SymmetryStep;
    const to = filled(events, plan);
    turnAll(fixedTransform(only as SymmetryStep, index), count, {
      from: features,
      to,
      width,
      vectors,
      missing: 0,
    });
    return to;
  }
  const changed = features.slice(0, count * width);
  const block = blockOf(events, changed);
  for (const [k, { step, view }] of viewsOf(plan, index).entries()) {
    if (view === 0) continue;
    if (step.kind === "symmetries") {
      const array = { from: changed, to: changed, width, vectors: step.inputs, missing: Number.NaN };
      turnAll(fixedTransform(step, view), count, array);
    } else {
      const streamOf = new Stream(plan.seed, "augmentation view", k, view).numbered();
      step.change(block, (event) => streamOf(rowKey(features, event * width, width)), view);
    }
  }
  return withoutGaps(changed);
}

/** How a view of the fixed set turns all vectors of an event, whatever else it does. */
export function viewTransform(plan: AugmentationPlan, index: number): FixedTransform {
  let whole = identity;
  for (const { step, view } of viewsOf(plan, index)) {
    if (step.kind === "symmetries" && view > 0) whole = product(whole, fixedTransform(step, view));
  }
  return whole;
}

/**
 * Turns predictions of vectors for events of one view back to the events as they are, in place: then views can be
 * averaged.
 *
 * @param predictions `[events, targets]` in the units of the targets.
 * @throws DataError where there is not one output for each target.
 */
export function restorePredictions(
  predictions: Float32Array | Float64Array,
  outputCount: number,
  plan: AugmentationPlan,
  index: number,
): void {
  if (!plan.turnsTargets || index === 0) return;
  if (outputCount !== plan.targetCount) {
    throw new DataError(
      `augmentation: predictions of vectors are turned back, for which each of the ${counted(plan.targetCount, "target")} needs one output, but there are ${counted(outputCount, "output")}. Predict without augmentation.`,
    );
  }
  const { xx, xy, yx, yy, zz } = inverse(viewTransform(plan, index));
  const { vectors, pseudorapidities } = targetsOf(plan);
  for (let row = 0; row < predictions.length; row += outputCount) {
    for (const { x, y, z } of vectors) {
      const px = x < 0 ? 0 : predictions[row + x]!;
      const py = y < 0 ? 0 : predictions[row + y]!;
      if (x >= 0) predictions[row + x] = xx * px + xy * py;
      if (y >= 0) predictions[row + y] = yx * px + yy * py;
      if (z >= 0) predictions[row + z]! *= zz;
    }
    for (const { column } of pseudorapidities) predictions[row + column]! *= zz;
  }
}

/** The target columns that turn, the same for all symmetries of a plan. */
export function targetsOf({ steps }: AugmentationPlan): SymmetryStep["targets"] {
  const symmetry = steps.find((step): step is SymmetryStep => step.kind === "symmetries");
  return symmetry?.targets ?? { vectors: [], azimuths: [], pseudorapidities: [] };
}

/** @throws RangeError for a view that the plan does not have. */
function checkView({ count }: AugmentationPlan, index: number, where: string): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new RangeError(
    `${where}: the set has ${counted(count, "element")}, counted from 0, but ${index} was asked for.`,
  );
}

/** The view of each step in one view of the plan: the first step's views go fastest. */
function viewsOf(
  { steps }: AugmentationPlan,
  index: number,
): { readonly step: AugmentationPlan["steps"][number]; readonly view: number }[] {
  let rest = index;
  return steps.map((step) => {
    const view = rest % step.views;
    rest = Math.floor(rest / step.views);
    return { step, view };
  });
}

/** The events as they are, without gaps. */
function filled(
  { features, eventCount, gaps }: EventsToAugment,
  { featureCount }: AugmentationPlan,
): Float32Array {
  return gaps ? fillGaps(features, gaps) : withoutGaps(features, eventCount * featureCount);
}

function blockOf({ eventCount, column }: EventsToAugment, features: Float32Array): EventBlock {
  return {
    eventCount,
    features,
    column:
      column ??
      ((name) => {
        throw new DataError(
          `augmentation: a systematic variation needs the column "${name}", but these events have no further columns.`,
        );
      }),
  };
}

/** Turns events and their targets by the same draws. */
function turnBoth(
  step: SymmetryStep,
  plan: AugmentationPlan,
  {
    eventCount,
    first = 0,
    from,
    to,
    missing,
  }: Pick<EventsToAugment, "eventCount" | "first"> & {
    from: Float32Array;
    to: Float32Array;
    missing: number;
  },
  targets: Float32Array | undefined,
  stream: Stream,
): void {
  stream.skip(first * wordsPerEvent(step));
  const inputs = { from, to, width: plan.featureCount, vectors: step.inputs, missing };
  const turned =
    targets === undefined || !plan.turnsTargets
      ? []
      : [{ from: targets, to: targets, width: plan.targetCount, vectors: step.targets, missing: Number.NaN }];
  turnRandomly(step, eventCount, [inputs, ...turned], stream);
}

/** A number that the values of an event rule (FNV-1a); what is missing counts as 0. */
function rowKey(features: Float32Array, start: number, width: number): number {
  const bits = new Uint32Array(features.buffer, features.byteOffset + 4 * start, width);
  let hash = 0x811c9dc5;
  for (let f = 0; f < width; f++) {
    const word = (bits[f]! & 0x7f800000) === 0x7f800000 ? 0 : bits[f]!;
    hash = Math.imul(hash ^ word, 0x01000193);
  }
  return hash >>> 0;
}
