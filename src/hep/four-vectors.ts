/** Four-momenta of many events: from any coordinates, sums, masses, boosts. One unit for momenta, energies and masses. */
import { type Numbers, sameLength, wrapAngle } from "./angles.ts";
import { type CartesianMomenta, toCartesian, toPtEtaPhi } from "./vectors.ts";

/** Four-momenta (px, py, pz, E), one an event. */
export interface FourVectors {
  readonly px: Numbers;
  readonly py: Numbers;
  readonly pz: Numbers;
  readonly energy: Numbers;
}

/** Velocities in units of the speed of light. */
export interface Velocities {
  readonly x: Numbers;
  readonly y: Numbers;
  readonly z: Numbers;
}

/** Four-momenta in the coordinates of a detector; massless where `mass` is left out. */
export interface PtEtaPhiM {
  readonly pt: Numbers;
  readonly eta: Numbers;
  readonly phi: Numbers;
  readonly mass?: Numbers | undefined;
}

/**
 * Four-momenta from transverse momentum, pseudorapidity, azimuth and mass: E = √(p² + m²).
 *
 * @example
 * fourVectors({ pt: [3], eta: [0], phi: [0], mass: [4] }).energy // Float64Array [5]
 */
export function fourVectors({ pt, eta, phi, mass }: PtEtaPhiM): FourVectors {
  sameLength("fourVectors", pt, eta, phi, mass);
  const { px, py, pz } = toCartesian({ pt, eta, phi });
  return fourVectorsOfMass({ px, py, pz: pz! }, mass);
}

/** Four-momenta from Cartesian momenta and masses; massless where `mass` is left out. */
export function fourVectorsOfMass(
  { px, py, pz }: CartesianMomenta & { readonly pz: Numbers },
  mass?: Numbers,
): FourVectors {
  sameLength("fourVectorsOfMass", px, py, pz, mass);
  return { px, py, pz, energy: each(px, (i) => Math.hypot(px[i]!, py[i]!, pz[i]!, mass ? mass[i]! : 0)) };
}

/**
 * Back to transverse momentum, pseudorapidity, azimuth in (−π, π] and mass. The mass of a space-like vector (E < |p|)
 * is NaN.
 */
export function toPtEtaPhiM(vectors: FourVectors): {
  readonly pt: Float64Array;
  readonly eta: Float64Array;
  readonly phi: Float64Array;
  readonly mass: Float64Array;
} {
  const { pt, eta, phi } = toPtEtaPhi(vectors);
  return { pt, eta: eta!, phi, mass: massOf(vectors) };
}

/** The sum of four-momenta, event by event. */
export function sumOf(first: FourVectors, ...others: readonly FourVectors[]): FourVectors {
  const add = (component: keyof FourVectors): Float64Array => {
    const sum = Float64Array.from(first[component]);
    for (const other of others) {
      sameLength("sumOf", sum, other[component]);
      for (let i = 0; i < sum.length; i++) sum[i]! += other[component][i]!;
    }
    return sum;
  };
  return { px: add("px"), py: add("py"), pz: add("pz"), energy: add("energy") };
}

/** The invariant mass √((E − p)(E + p)); NaN where E < |p|. */
export function massOf({ px, py, pz, energy }: FourVectors): Float64Array {
  sameLength("massOf", px, py, pz, energy);
  return each(px, (i) => {
    const p = Math.hypot(px[i]!, py[i]!, pz[i]!);
    return Math.sqrt((energy[i]! - p) * (energy[i]! + p));
  });
}

/**
 * The masses of all pairs of several particles, in the order (0, 1), (0, 2), …, (1, 2), …
 *
 * @returns pairs by the indices of their particles, with the mass of each event.
 */
export function pairMasses(
  particles: readonly FourVectors[],
): readonly { readonly pair: readonly [number, number]; readonly mass: Float64Array }[] {
  return particles.flatMap((first, i) =>
    particles.slice(i + 1).map((second, k) => ({
      pair: [i, i + 1 + k] as const,
      mass: massOf(sumOf(first, second)),
    })),
  );
}

/** The velocity of the frame in which a particle rests, p/E. */
export function velocityOf({ px, py, pz, energy }: FourVectors): Velocities {
  return {
    x: each(px, (i) => px[i]! / energy[i]!),
    y: each(px, (i) => py[i]! / energy[i]!),
    z: each(px, (i) => pz[i]! / energy[i]!),
  };
}

/** The opposite velocities: of the boost into the rest frame. */
export function reversed({ x, y, z }: Velocities): Velocities {
  return { x: each(x, (i) => -x[i]!), y: each(x, (i) => -y[i]!), z: each(x, (i) => -z[i]!) };
}

/**
 * Lorentz boost by velocity β: a particle at rest gets the velocity β. With γ = 1/√(1 − β²),
 * p' = p + β·(γ E + (γ − 1)/β² · p·β), E' = γ (E + p·β) (Jackson, Classical Electrodynamics, 11.3).
 *
 * A velocity of 1 or more gives NaN.
 */
export function boost(vectors: FourVectors, { x, y, z }: Velocities): FourVectors {
  const { px, py, pz, energy } = vectors;
  sameLength("boost", px, py, pz, energy, x, y, z);
  const result = {
    px: new Float64Array(px.length),
    py: new Float64Array(px.length),
    pz: new Float64Array(px.length),
    energy: new Float64Array(px.length),
  };
  for (let i = 0; i < px.length; i++) {
    const squared = x[i]! ** 2 + y[i]! ** 2 + z[i]! ** 2;
    const gamma = squared < 1 ? 1 / Math.sqrt(1 - squared) : Number.NaN;
    const along = px[i]! * x[i]! + py[i]! * y[i]! + pz[i]! * z[i]!;
    // (γ − 1)/β² = γ²/(γ + 1): finite at rest.
    const factor = (gamma * gamma * along) / (gamma + 1) + gamma * energy[i]!;
    result.px[i] = px[i]! + factor * x[i]!;
    result.py[i] = py[i]! + factor * y[i]!;
    result.pz[i] = pz[i]! + factor * z[i]!;
    result.energy[i] = gamma * (energy[i]! + along);
  }
  return result;
}

/** The vectors as seen in the rest frame of others. */
export function boostToRestFrame(vectors: FourVectors, of: FourVectors): FourVectors {
  return boost(vectors, reversed(velocityOf(of)));
}

/** The cosine of the angle between two momenta, within [−1, 1]; NaN where one vanishes. */
export function cosDelta(
  first: CartesianMomenta & { readonly pz: Numbers },
  second: CartesianMomenta & { readonly pz: Numbers },
): Float64Array {
  sameLength("cosDelta", first.px, second.px);
  return each(first.px, (i) => {
    const [ax, ay, az] = [first.px[i]!, first.py[i]!, first.pz[i]!];
    const [bx, by, bz] = [second.px[i]!, second.py[i]!, second.pz[i]!];
    const cosine = (ax * bx + ay * by + az * bz) / (Math.hypot(ax, ay, az) * Math.hypot(bx, by, bz));
    return Math.max(-1, Math.min(1, cosine));
  });
}

/** ΔR = √(Δη² + Δφ²) of two particles in the rest frame of a third, such as their parent. */
export function deltaRBoosted(first: FourVectors, second: FourVectors, reference: FourVectors): Float64Array {
  const a = toPtEtaPhi(boostToRestFrame(first, reference));
  const b = toPtEtaPhi(boostToRestFrame(second, reference));
  return each(a.pt, (i) => Math.hypot(wrapAngle(b.phi[i]! - a.phi[i]!), b.eta![i]! - a.eta![i]!));
}

/**
 * How central one particle lies between two others in azimuth, (A + B)/√(A² + B²) with
 * A = sin(φ − φ₁)/sin(φ₂ − φ₁), B = sin(φ₂ − φ)/sin(φ₂ − φ₁): √2 halfway between them, 1 along one of them, −√2
 * opposite (as used for the missing momentum of H → ττ, ATLAS, arXiv 1501.04943).
 */
export function phiCentrality(phi: Numbers, first: Numbers, second: Numbers): Float64Array {
  sameLength("phiCentrality", phi, first, second);
  return each(phi, (i) => {
    const between = Math.sin(second[i]! - first[i]!);
    const a = Math.sin(phi[i]! - first[i]!) / between;
    const b = Math.sin(second[i]! - phi[i]!) / between;
    return (a + b) / Math.hypot(a, b);
  });
}

/**
 * How central one particle lies between two others in pseudorapidity, exp(−4 (η − η̄)²/Δη²) with their mean η̄ and
 * distance Δη: 1 in the middle, 1/e at one of them (ATLAS, arXiv 1501.04943).
 */
export function etaCentrality(eta: Numbers, first: Numbers, second: Numbers): Float64Array {
  sameLength("etaCentrality", eta, first, second);
  return each(eta, (i) => {
    const middle = (first[i]! + second[i]!) / 2;
    return Math.exp((-4 * (eta[i]! - middle) ** 2) / (first[i]! - second[i]!) ** 2);
  });
}

function each(like: Numbers, value: (event: number) => number): Float64Array {
  const result = new Float64Array(like.length);
  for (let i = 0; i < result.length; i++) result[i] = value(i);
  return result;
}
