/** The symmetries of a collider event (rotation about the beam, reflections) applied to standardised features. */
import type { Stream } from "../array/random.ts";
import { ConfigurationError, counted } from "../errors/index.ts";
import { fillGaps, withoutGaps } from "./gaps.ts";
import type { Scaler } from "./scaler.ts";

/** An axis whose sign may be turned. */
export type Axis = "x" | "y" | "z";

/** Which symmetries are used. */
export interface AugmentationOptions {
  /**
   * How many rotations about the beam the fixed set of prediction has, evenly spaced from 0; training then draws any
   * angle. 0 switches rotations off. Default 2.
   */
  readonly rotations?: number | undefined;
  /** Axes that are reflected (default y and z; x only without rotations, which contain it). */
  readonly reflect?: readonly Axis[] | undefined;
  /**
   * "required" (default): the features were standardised and their scaler must be known, for a rotation is one only in
   * physical units. "none": the features are stored in physical units.
   */
  readonly scaler?: "required" | "none" | undefined;
}

/** A vector among the features. */
export interface VectorPlan {
  readonly name: string;
  /** Positions of the components in an event's row; −1 for one that is absent. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Mean over deviation of each component. */
  readonly shiftX: number;
  readonly shiftY: number;
  readonly shiftZ: number;
  /** σ_y/σ_x with the mean of y in units of σ_x, and the other way round: what rotation mixes in. */
  readonly yOverX: number;
  readonly yShiftOverX: number;
  readonly xOverY: number;
  readonly xShiftOverY: number;
}

/** How the events of one list of features are augmented: plain data. */
export interface AugmentationPlan {
  readonly featureCount: number;
  /** Size of the fixed set: max(1, rotations) · 2^reflections. */
  readonly count: number;
  readonly rotations: number;
  readonly reflectX: boolean;
  readonly reflectY: boolean;
  readonly reflectZ: boolean;
  readonly vectors: readonly VectorPlan[];
}

/**
 * Finds the vectors (features `…_px`, `…_py`, `…_pz`) and folds "unscale, rotate or reflect, scale again" into one
 * affine map of their standardised components.
 *
 * @param features all features in the order of a row: continuous ones, then categorical ones.
 * @param scaler means and deviations of the continuous features.
 * @throws ConfigurationError where there is no scaler, no vector, or a rotation lacks a component.
 */
export function augmentationPlan(
  features: readonly string[],
  scaler: Scaler | undefined,
  { rotations = 2, reflect = ["y", "z"], scaler: need = "required" }: AugmentationOptions = {},
): AugmentationPlan {
  if (!Number.isInteger(rotations) || rotations < 0) {
    throw new ConfigurationError(`augmentation: rotations must be 0, 1, 2, …, but ${rotations} came.`);
  }
  if (!scaler && need === "required") {
    throw new ConfigurationError(
      "augmentation: rotation acts on physical momenta, so the scaler of the features (means and standard deviations) is needed, and these events come without one. Write the fold file with its scaler, or say that the features are not scaled (scaler: none).",
    );
  }
  if (rotations > 0 && reflect.includes("x")) {
    throw new ConfigurationError(
      "augmentation: a reflection in x is a rotation by π and a reflection in y; leave x out, or set rotations to 0.",
    );
  }
  const mean = (feature: number): number => (need === "none" || !scaler ? 0 : scaler.means[feature]!);
  const deviation = (feature: number): number =>
    need === "none" || !scaler ? 1 : scaler.standardDeviations[feature]!;
  const names = new Set<string>();
  for (const feature of features) {
    const match = /^(.+)_p[xyz]$/.exec(feature);
    if (match) names.add(match[1]!);
  }
  if (names.size === 0) {
    throw new ConfigurationError(
      "augmentation: no feature is a component of a vector (…_px, …_py, …_pz), so there is nothing to rotate or reflect. Make the vectors Cartesian, or switch augmentation off.",
    );
  }
  const vectors = [...names].map((name): VectorPlan => {
    const [x, y, z] = ["px", "py", "pz"].map((component) => features.indexOf(`${name}_${component}`)) as [
      number,
      number,
      number,
    ];
    if (rotations > 0 && x < 0 !== y < 0) {
      throw new ConfigurationError(
        `augmentation: the vector "${name}" has ${x < 0 ? "py but no px" : "px but no py"}; rotation needs both. Events turned to one orientation are not rotated: set rotations to 0.`,
      );
    }
    const over = (a: number, b: number): number => (a < 0 || b < 0 ? 0 : a / b);
    const meanX = x < 0 ? 0 : mean(x);
    const meanY = y < 0 ? 0 : mean(y);
    const deviationX = x < 0 ? -1 : deviation(x);
    const deviationY = y < 0 ? -1 : deviation(y);
    return {
      name,
      x,
      y,
      z,
      shiftX: x < 0 ? 0 : meanX / deviationX,
      shiftY: y < 0 ? 0 : meanY / deviationY,
      shiftZ: z < 0 ? 0 : mean(z) / deviation(z),
      yOverX: over(deviationY, deviationX),
      yShiftOverX: x < 0 ? 0 : meanY / deviationX,
      xOverY: over(deviationX, deviationY),
      xShiftOverY: y < 0 ? 0 : meanX / deviationY,
    };
  });
  return {
    featureCount: features.length,
    count: Math.max(1, rotations) * 2 ** reflect.length,
    rotations,
    reflectX: reflect.includes("x"),
    reflectY: reflect.includes("y"),
    reflectZ: reflect.includes("z"),
    vectors,
  };
}

/**
 * The events, each rotated by an angle of its own, θ ~ U(−π, π), and each reflection made or not with probability ½;
 * all vectors of an event together. Missing values (NaN) stay missing and come out as 0, which is the mean.
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
  const width = plan.featureCount;
  const result = gaps ? fillGaps(features, gaps) : withoutGaps(features, count * width);
  const flips = (plan.reflectX ? 1 : 0) | (plan.reflectY ? 2 : 0) | (plan.reflectZ ? 4 : 0);
  const rotates = plan.rotations > 0;
  const { vectors } = plan;
  for (let i = 0, row = 0; i < count; i++, row += width) {
    let cos = 1;
    let sin = 0;
    if (rotates) {
      const angle = (stream.uniform() * 2 - 1) * Math.PI;
      cos = Math.cos(angle);
      sin = Math.sin(angle);
    }
    const bits = flips === 0 ? 0 : (stream.uint32() >>> 29) & flips;
    const signX = bits & 1 ? -1 : 1;
    const signY = bits & 2 ? -1 : 1;
    transformEvent(
      features,
      result,
      row,
      vectors,
      signX * cos,
      signX * -sin,
      signY * sin,
      signY * cos,
      bits & 4 ? -1 : 1,
    );
  }
  return result;
}

/**
 * The events transformed by one element of the fixed set: of index a, rotation a mod R of R by 2π/R each; the binary
 * digits of ⌊a/R⌋, highest first, reflect x, y, z as far as they are in use (LUMIN's order). Index 0 changes nothing.
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
  if (!Number.isInteger(index) || index < 0 || index >= plan.count) {
    throw new RangeError(
      `augmentFixed: the set has ${counted(plan.count, "element")}, counted from 0, but ${index} was asked for.`,
    );
  }
  const width = plan.featureCount;
  const result = gaps ? fillGaps(features, gaps) : withoutGaps(features, count * width);
  if (index === 0) return result;
  const { xx, xy, yx, yy, zz } = fixedTransform(plan, index);
  for (let i = 0, row = 0; i < count; i++, row += width) {
    transformEvent(features, result, row, plan.vectors, xx, xy, yx, yy, zz);
  }
  return result;
}

/** px' = xx·px + xy·py, py' = yx·px + yy·py, pz' = zz·pz of one element of the fixed set, in physical units. */
export interface FixedTransform {
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly zz: number;
}

/** What {@link augmentFixed} does to every vector. */
export function fixedTransform(plan: AugmentationPlan, index: number): FixedTransform {
  const rotations = Math.max(1, plan.rotations);
  const [cos, sin] = turn(index % rotations, rotations);
  let digits = Math.floor(index / rotations);
  const sign = (used: boolean): number => {
    if (!used) return 1;
    const digit = digits & 1;
    digits >>= 1;
    return digit ? -1 : 1;
  };
  // The last axis in use has the lowest digit.
  const signZ = sign(plan.reflectZ);
  const signY = sign(plan.reflectY);
  const signX = sign(plan.reflectX);
  return { xx: signX * cos, xy: signX * -sin, yx: signY * sin, yy: signY * cos, zz: signZ };
}

/** cos and sin of k/n of a full turn, exact at quarters. */
function turn(k: number, n: number): [number, number] {
  const quarter = (4 * k) / n;
  if (Number.isInteger(quarter)) {
    return [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ][quarter] as [number, number];
  }
  const angle = (2 * Math.PI * k) / n;
  return [Math.cos(angle), Math.sin(angle)];
}

/** px' = xx·px + xy·py, py' = yx·px + yy·py, pz' = zz·pz in physical units, for all vectors of one event. */
function transformEvent(
  from: Float32Array,
  to: Float32Array,
  row: number,
  vectors: readonly VectorPlan[],
  xx: number,
  xy: number,
  yx: number,
  yy: number,
  zz: number,
): void {
  for (let v = 0; v < vectors.length; v++) {
    const vector = vectors[v]!;
    const { x, y, z } = vector;
    const px = x < 0 ? 0 : from[row + x]!;
    const py = y < 0 ? 0 : from[row + y]!;
    // In units of σ: the mean is added before the map and taken off after it.
    if (x >= 0) {
      const value =
        xx * (px + vector.shiftX) + xy * (vector.yOverX * py + vector.yShiftOverX) - vector.shiftX;
      to[row + x] = value - value === 0 ? value : 0;
    }
    if (y >= 0) {
      const value =
        yx * (vector.xOverY * px + vector.xShiftOverY) + yy * (py + vector.shiftY) - vector.shiftY;
      to[row + y] = value - value === 0 ? value : 0;
    }
    if (zz < 0 && z >= 0) {
      const value = -from[row + z]! - 2 * vector.shiftZ;
      to[row + z] = value - value === 0 ? value : 0;
    }
  }
}
