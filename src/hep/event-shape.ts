/** Shapes of events, from the momenta of any number of particles each: sphericity, aplanarity, thrust, C. */
import type { Numbers } from "./angles.ts";

/** Momenta of the particles of all events: those of event i are `offsets[i]` to `offsets[i + 1] − 1`. */
export interface ParticleSets {
  /** `[events + 1]`, ascending. */
  readonly offsets: Uint32Array | Int32Array | readonly number[];
  readonly px: Numbers;
  readonly py: Numbers;
  readonly pz: Numbers;
}

/** Sphericity and its relatives, from the eigenvalues λ₁ ≥ λ₂ ≥ λ₃ of the momentum tensor, normalised to sum 1. */
export interface Sphericity {
  /** 3/2 (λ₂ + λ₃): 0 for two jets, 1 for an isotropic event. */
  readonly sphericity: Float64Array;
  /** 3/2 λ₃: 0 for a plane event, 1/2 for an isotropic one. */
  readonly aplanarity: Float64Array;
  /** λ₂/(λ₁ + λ₂)·2 in the transverse plane: 0 for pencil-like, 1 for isotropic events. */
  readonly transverse: Float64Array;
}

/**
 * The momentum tensor S^{ab} = Σ |p|^{r−2} pᵃ pᵇ / Σ |p|^r of each event and what follows from it (Bjorken and
 * Brodsky, Phys. Rev. D 1 (1970) 1416). r = 2 is the classic one; r = 1 does not change when a particle splits
 * (linearised, infrared safe). NaN for events without a moving particle; missing momenta are skipped.
 */
export function sphericity(sets: ParticleSets, options: { readonly power?: number } = {}): Sphericity {
  const { power = 2 } = options;
  const count = sets.offsets.length - 1;
  const result = {
    sphericity: new Float64Array(count),
    aplanarity: new Float64Array(count),
    transverse: new Float64Array(count),
  };
  for (let event = 0; event < count; event++) {
    const tensor = momentumTensor(sets, event, power);
    const { first, third } = eigenvalues(tensor);
    // The sum of all is 1.
    result.sphericity[event] = 1.5 * (1 - first);
    result.aplanarity[event] = 1.5 * third;
    const [xx, , , yy] = tensor;
    const trace = xx + yy;
    const determinant = xx * yy - tensor[1] ** 2;
    const smaller = (trace - Math.sqrt(Math.max(0, trace * trace - 4 * determinant))) / 2;
    result.transverse[event] = trace === 0 ? Number.NaN : (2 * Math.max(0, smaller)) / trace;
  }
  return result;
}

type Symmetric = readonly [xx: number, xy: number, xz: number, yy: number, yz: number, zz: number];

function momentumTensor({ offsets, px, py, pz }: ParticleSets, event: number, power: number): Symmetric {
  const sums = [0, 0, 0, 0, 0, 0];
  let norm = 0;
  for (let i = offsets[event]!; i < offsets[event + 1]!; i++) {
    const [x, y, z] = [px[i]!, py[i]!, pz[i]!];
    const p = Math.hypot(x, y, z);
    if (!(p > 0)) continue;
    const weight = p ** (power - 2);
    norm += p ** power;
    sums[0]! += weight * x * x;
    sums[1]! += weight * x * y;
    sums[2]! += weight * x * z;
    sums[3]! += weight * y * y;
    sums[4]! += weight * y * z;
    sums[5]! += weight * z * z;
  }
  return sums.map((sum) => (norm > 0 ? sum / norm : Number.NaN)) as unknown as Symmetric;
}

/**
 * The largest and the smallest eigenvalue of a symmetric 3×3 matrix: roots of its cubic by the cosine formula (Smith,
 * Comm. ACM 4 (1961) 168); the smallest to about 1e-8 where two of the three coincide.
 */
function eigenvalues([xx, xy, xz, yy, yz, zz]: Symmetric): {
  readonly first: number;
  readonly third: number;
} {
  const mean = (xx + yy + zz) / 3;
  const off = xy * xy + xz * xz + yz * yz;
  const spread = Math.sqrt(((xx - mean) ** 2 + (yy - mean) ** 2 + (zz - mean) ** 2 + 2 * off) / 6);
  if (spread === 0) return { first: mean, third: mean };
  const [a, b, c] = [(xx - mean) / spread, (yy - mean) / spread, (zz - mean) / spread];
  const [d, e, f] = [xy / spread, xz / spread, yz / spread];
  const half = (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)) / 2;
  const angle = Math.acos(Math.max(-1, Math.min(1, half))) / 3;
  const first = mean + 2 * spread * Math.cos(angle);
  const third = mean + 2 * spread * Math.cos(angle + (2 * Math.PI) / 3);
  return { first, third: Math.max(0, third) };
}

/** Thrust of each event and the axis that reaches it. */
export interface Thrust {
  /** Between 1/2 (isotropic) and 1 (two narrow jets back to back). */
  readonly thrust: Float64Array;
  readonly axisX: Float64Array;
  readonly axisY: Float64Array;
  readonly axisZ: Float64Array;
}

/**
 * Thrust, max over axes n of Σ |p·n| / Σ |p| (Farhi, Phys. Rev. Lett. 39 (1977) 1587), exact: the best axis is
 * parallel to a sum of ±p whose signs are those of the sides of a plane through two of the momenta. Takes the cube of
 * the number of particles, so up to about a hundred an event. NaN for events without a moving particle.
 */
export function thrust(sets: ParticleSets): Thrust {
  const count = sets.offsets.length - 1;
  const result = {
    thrust: new Float64Array(count),
    axisX: new Float64Array(count),
    axisY: new Float64Array(count),
    axisZ: new Float64Array(count),
  };
  for (let event = 0; event < count; event++) {
    const momenta = momentaOf(sets, event);
    const [x, y, z] = largestSum(momenta);
    const size = Math.hypot(x, y, z);
    result.thrust[event] = size / momenta.reduce((sum, [px, py, pz]) => sum + Math.hypot(px, py, pz), 0);
    // Of the two directions the one with z > 0.
    const sign = z < 0 || (z === 0 && x < 0) ? -1 : 1;
    result.axisX[event] = (sign * x) / size;
    result.axisY[event] = (sign * y) / size;
    result.axisZ[event] = (sign * z) / size;
  }
  return result;
}

type Vector = readonly [number, number, number];

function momentaOf({ offsets, px, py, pz }: ParticleSets, event: number): Vector[] {
  const momenta: Vector[] = [];
  for (let i = offsets[event]!; i < offsets[event + 1]!; i++) {
    if (Math.hypot(px[i]!, py[i]!, pz[i]!) > 0) momenta.push([px[i]!, py[i]!, pz[i]!]);
  }
  return momenta;
}

/**
 * The longest of all sums of ±p. Its signs are the sides of a plane, which may be turned until it holds two of the
 * momenta: those may go either way.
 */
function largestSum(momenta: readonly Vector[]): Vector {
  let best: Vector = [0, 0, 0];
  for (const [i, first] of momenta.entries()) {
    for (const second of momenta.slice(i)) {
      const normal = cross(first, second);
      // Who lies in the plane is told apart by the line along the first, and who lies on that line by its direction.
      const inPlane = cross(normal, first);
      for (const flipped of [
        [normal, inPlane, first],
        [normal, inPlane, opposite(first)],
        [normal, opposite(inPlane), first],
        [normal, opposite(inPlane), opposite(first)],
      ]) {
        const sum = signedSum(momenta, flipped);
        if (Math.hypot(...sum) > Math.hypot(...best)) best = sum;
      }
    }
  }
  return best;
}

/** Each momentum with the sign of its side of the first of the planes that it does not lie in. */
function signedSum(momenta: readonly Vector[], normals: readonly Vector[]): Vector {
  const sum: [number, number, number] = [0, 0, 0];
  for (const momentum of momenta) {
    let side = 0;
    for (const normal of normals) {
      side = momentum[0] * normal[0] + momentum[1] * normal[1] + momentum[2] * normal[2];
      const rounding = 1e-12 * Math.hypot(...momentum) * Math.hypot(...normal);
      if (Math.abs(side) > rounding) break;
    }
    const sign = side < 0 ? -1 : 1;
    for (let k = 0; k < 3; k++) sum[k]! += sign * momentum[k]!;
  }
  return sum;
}

function opposite([x, y, z]: Vector): Vector {
  return [-x, -y, -z];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
