/** The symmetries of a collider event, rotation about the beam and reflections, on scaled features and on targets. */
import type { Stream } from "../../array/random.ts";
import { ConfigurationError } from "../../errors/index.ts";
import type { EventVectors, VectorPlan } from "./event-vectors.ts";
import type { Axis, Invariant } from "./transforms.ts";

/** A rotation, then reflections. */
export interface SymmetryStep {
  readonly kind: "symmetries";
  readonly views: number;
  readonly rotations: number;
  readonly reflectX: boolean;
  readonly reflectY: boolean;
  readonly reflectZ: boolean;
  readonly inputs: EventVectors;
  /** Target columns that turn with the event; predictions are turned back. */
  readonly targets: EventVectors;
  readonly keeps: readonly Invariant[];
}

/** px' = xx·px + xy·py, py' = yx·px + yy·py, pz' = zz·pz of one element of the fixed set, in physical units. */
export interface FixedTransform {
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly zz: number;
}

/** The element that changes nothing. */
export const identity: FixedTransform = { xx: 1, xy: 0, yx: 0, yy: 1, zz: 1 };

/** What a symmetry leaves as it is. */
const invariants: readonly Invariant[] = [
  "transverseMomenta",
  "longitudinalMomenta",
  "angularDistances",
  "ownMasses",
];

/**
 * @param views 1: in training only; else all of them.
 * @throws ConfigurationError where there is no vector, or a rotation lacks a component.
 */
export function symmetryStep(
  { rotations, reflect, views }: { rotations: number; reflect: readonly Axis[]; views?: number | undefined },
  inputs: EventVectors,
  targets: EventVectors,
): SymmetryStep {
  if (inputs.vectors.length + inputs.azimuths.length + inputs.pseudorapidities.length === 0) {
    throw new ConfigurationError(
      "augmentation: no feature is a component of a vector (…_px, …_py, …_pz), so there is nothing to rotate or reflect. Make the vectors Cartesian, or switch augmentation off.",
    );
  }
  for (const [what, { vectors }] of [["vector", inputs] as const, ["target vector", targets] as const]) {
    const half = rotations > 0 ? vectors.find(({ x, y }) => x < 0 !== y < 0) : undefined;
    if (half === undefined) continue;
    throw new ConfigurationError(
      `augmentation: the ${what} "${half.name}" has ${half.x < 0 ? "py but no px" : "px but no py"}; rotation needs both. Events turned to one orientation are not rotated: set rotations to 0.`,
    );
  }
  const [azimuth] = targets.azimuths;
  if (azimuth !== undefined && (rotations > 0 || reflect.some((axis) => axis !== "z"))) {
    throw new ConfigurationError(
      `augmentation: the target "${azimuth.name}" is an angle, which turns with the event, and a mean over turned events is none of angles. Take px and py as targets.`,
    );
  }
  return {
    kind: "symmetries",
    views: views ?? Math.max(1, rotations) * 2 ** reflect.length,
    rotations,
    reflectX: reflect.includes("x"),
    reflectY: reflect.includes("y"),
    reflectZ: reflect.includes("z"),
    inputs,
    targets,
    keeps: hasColumns(targets) ? invariants : [...invariants, "targets"],
  };
}

function hasColumns({ vectors, pseudorapidities }: EventVectors): boolean {
  return vectors.length + pseudorapidities.length > 0;
}

/** Arrays that are turned: from one into another, or within one. */
export interface TurnedArray {
  readonly from: Float32Array;
  readonly to: Float32Array;
  /** Columns of a row. */
  readonly width: number;
  readonly vectors: EventVectors;
  /** What becomes of values that are not finite. */
  readonly missing: number;
}

/** Random words that one event takes. */
export function wordsPerEvent({ rotations, reflectX, reflectY, reflectZ }: SymmetryStep): number {
  return (rotations > 0 ? 2 : 0) + (reflectX || reflectY || reflectZ ? 1 : 0);
}

/** Each event turned by an angle of its own, θ ~ U(−π, π), and each reflection made or not with probability ½. */
export function turnRandomly(
  step: SymmetryStep,
  eventCount: number,
  arrays: readonly TurnedArray[],
  stream: Stream,
): void {
  const flips = (step.reflectX ? 1 : 0) | (step.reflectY ? 2 : 0) | (step.reflectZ ? 4 : 0);
  const rotates = step.rotations > 0;
  for (let i = 0; i < eventCount; i++) {
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
    const signZ = bits & 4 ? -1 : 1;
    for (let a = 0; a < arrays.length; a++) {
      turnEvent(arrays[a]!, i, signX * cos, signX * -sin, signY * sin, signY * cos, signZ);
    }
  }
}

/** All events turned by one element. */
export function turnAll(
  { xx, xy, yx, yy, zz }: FixedTransform,
  eventCount: number,
  array: TurnedArray,
): void {
  for (let i = 0; i < eventCount; i++) turnEvent(array, i, xx, xy, yx, yy, zz);
}

/**
 * One element of the fixed set: of index a, rotation a mod R of R by 2π/R each; the binary digits of ⌊a/R⌋, highest first,
 * reflect x, y, z as far as they are in use (LUMIN's order). Index 0 changes nothing.
 */
export function fixedTransform(step: SymmetryStep, index: number): FixedTransform {
  const rotations = Math.max(1, step.rotations);
  const [cos, sin] = turn(index % rotations, rotations);
  let digits = Math.floor(index / rotations);
  const sign = (used: boolean): number => {
    if (!used) return 1;
    const digit = digits & 1;
    digits >>= 1;
    return digit ? -1 : 1;
  };
  // The last axis in use has the lowest digit.
  const signZ = sign(step.reflectZ);
  const signY = sign(step.reflectY);
  const signX = sign(step.reflectX);
  return { xx: signX * cos, xy: signX * -sin, yx: signY * sin, yy: signY * cos, zz: signZ };
}

/** First one element, then the other. */
export function product(first: FixedTransform, then: FixedTransform): FixedTransform {
  return {
    xx: then.xx * first.xx + then.xy * first.yx,
    xy: then.xx * first.xy + then.xy * first.yy,
    yx: then.yx * first.xx + then.yy * first.yx,
    yy: then.yx * first.xy + then.yy * first.yy,
    zz: then.zz * first.zz,
  };
}

/** The element that undoes one: its transpose, as it keeps lengths. */
export function inverse({ xx, xy, yx, yy, zz }: FixedTransform): FixedTransform {
  return { xx, xy: yx, yx: xy, yy, zz };
}

/** The same element of an azimuth: φ' = sign·φ + offset. */
export function azimuthTransform({ xx, xy, yx, yy }: FixedTransform): { sign: number; offset: number } {
  return { sign: xx * yy - xy * yx < 0 ? -1 : 1, offset: Math.atan2(yx, xx) };
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
function turnEvent(
  array: TurnedArray,
  event: number,
  xx: number,
  xy: number,
  yx: number,
  yy: number,
  zz: number,
): void {
  const { from, to, missing, vectors: all } = array;
  const row = event * array.width;
  const vectors: readonly VectorPlan[] = all.vectors;
  for (let v = 0; v < vectors.length; v++) {
    const vector = vectors[v]!;
    const { x, y, z } = vector;
    const px = x < 0 ? 0 : from[row + x]!;
    const py = y < 0 ? 0 : from[row + y]!;
    // In units of σ: the mean is added before the map and taken off after it.
    if (x >= 0) {
      const value =
        xx * (px + vector.shiftX) + xy * (vector.yOverX * py + vector.yShiftOverX) - vector.shiftX;
      to[row + x] = value - value === 0 ? value : missing;
    }
    if (y >= 0) {
      const value =
        yx * (vector.xOverY * px + vector.xShiftOverY) + yy * (py + vector.shiftY) - vector.shiftY;
      to[row + y] = value - value === 0 ? value : missing;
    }
    if (zz < 0 && z >= 0) {
      const value = -from[row + z]! - 2 * vector.shiftZ;
      to[row + z] = value - value === 0 ? value : missing;
    }
  }
  if (all.azimuths.length > 0) turnAzimuths(array, row, xx, xy, yx, yy);
  if (zz < 0) mirrorPseudorapidities(array, row);
}

function turnAzimuths(
  { from, to, missing, vectors: { azimuths } }: TurnedArray,
  row: number,
  xx: number,
  xy: number,
  yx: number,
  yy: number,
): void {
  const { sign, offset } = azimuthTransform({ xx, xy, yx, yy, zz: 1 });
  for (const { column, mean, deviation } of azimuths) {
    const turned = sign * (from[row + column]! * deviation + mean) + offset;
    // Into (−π, π].
    const phi = turned - 2 * Math.PI * Math.ceil((turned - Math.PI) / (2 * Math.PI));
    const value = (phi - mean) / deviation;
    to[row + column] = value - value === 0 ? value : missing;
  }
}

function mirrorPseudorapidities(
  { from, to, missing, vectors: { pseudorapidities } }: TurnedArray,
  row: number,
): void {
  for (const { column, mean, deviation } of pseudorapidities) {
    const value = -from[row + column]! - 2 * (mean / deviation);
    to[row + column] = value - value === 0 ? value : missing;
  }
}
