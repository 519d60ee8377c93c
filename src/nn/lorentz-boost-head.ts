/** Lorentz-boost heads: learnt sums of four-momenta, seen from learnt rest frames. */
import {
  abs,
  add,
  clip,
  concat,
  div,
  log1p,
  matmul,
  maximum,
  mul,
  reshape,
  sign,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";
import { normalised, type ObjectLayerOptions, sharedLayers } from "./object-layers.ts";
import type { ObjectColumns } from "./objects.ts";
import type { Scope } from "./scope.ts";

/** Options of `lorentzBoostHead`. */
export interface LorentzBoostHeadOptions extends ObjectColumns, ObjectLayerOptions {
  /** Combined particles, and as many frames. */
  readonly particles: number;
  /** Networks that all boosted particles, and all pairs of them, share, in place of fixed features. */
  readonly extract?: {
    readonly depth: number;
    readonly width: number;
    /** Values of a particle. */
    readonly singles: number;
    /** Values of a pair. */
    readonly pairs: number;
  };
}

/** A Lorentz-boost head's description. */
export interface LorentzBoostHeadSpec extends Required<Omit<LorentzBoostHeadOptions, "extract">> {
  readonly kind: "lorentzBoost";
  readonly extract?: NonNullable<LorentzBoostHeadOptions["extract"]>;
}

/**
 * The Lorentz Boost Network (Erdmann et al., arXiv 1812.09722): sums of the objects' four-momenta with learnt positive
 * weights are boosted into the rest frames of other such sums. Features of an object: px, py, pz and E, in this order;
 * without E objects are massless. Momenta are taken in physical units where the features have a scaler. What leaves are
 * the boosted four-momenta (signed logarithms, since momenta have long tails) and the cosines of the angles of all
 * pairs; with `extract`, what shared networks make of each particle and pair.
 */
export function lorentzBoostHead(options: LorentzBoostHeadOptions): LorentzBoostHeadSpec {
  return { activation: "swish", dropout: 0, batchNorm: true, ...options, kind: "lorentzBoost" };
}

/** [events, values] from physical momenta [events, objects, 3 or 4]; absent objects are 0. */
export function applyLorentzBoostHead(scope: Scope, momenta: Tensor, head: LorentzBoostHeadSpec): Tensor {
  const { particles } = head;
  const four = withEnergy(momenta);
  const combine = (name: string) => {
    const objects = four.shape[1] as number;
    const weights = scope
      .child(name)
      .parameter("weight", [particles, objects], { kind: "normal", deviation: 1 / particles });
    return matmul(abs(weights), four);
  };
  const boosted = boost(combine("particles"), combine("frames"));
  const inner = head.batchNorm
    ? normalised(scope.child("norm"), flat(logarithms(boosted)))
    : flat(logarithms(boosted));
  const angles = cosines(boosted);
  if (head.extract === undefined) return angles === undefined ? inner : concat([inner, angles], 1);
  const { depth, width, singles, pairs } = head.extract;
  const [events] = four.shape;
  const each = reshape(inner, [events!, particles, 4]);
  const hidden: number[] = Array(Math.max(0, depth - 1)).fill(width);
  const ofParticles = flat(sharedLayers(scope.child("singles"), each, [...hidden, singles], head));
  const joined = pairsOf(particles).map(([i, j]) =>
    reshape(concat([slice(each, 1, i, i + 1), slice(each, 1, j, j + 1)], 2), [events!, 1, 8]),
  );
  if (joined.length === 0) return ofParticles;
  const ofPairs = flat(sharedLayers(scope.child("pairs"), concat(joined, 1), [...hidden, pairs], head));
  return concat([ofParticles, ofPairs], 1);
}

/** px, py, pz, E; E = |p| where it is not given. */
function withEnergy(momenta: Tensor): Tensor {
  const p = slice(momenta, 2, 0, 3);
  if (momenta.shape[2] === 4) return momenta;
  return concat([p, sqrt(add(sum(square(p), { axes: 2, keepDimensions: true }), 1e-12))], 2);
}

/**
 * Each particle [events, n, 4] in the rest frame of its partner. The velocity β = p/E of a frame is kept below 1: a
 * massless one, or one of momentum 0, has no rest frame.
 */
function boost(particle: Tensor, frame: Tensor): Tensor {
  const [p, e] = [slice(particle, 2, 0, 3), slice(particle, 2, 3, 4)];
  const energy = maximum(slice(frame, 2, 3, 4), 1e-6);
  const velocity = div(slice(frame, 2, 0, 3), energy);
  const speed2 = sum(square(velocity), { axes: 2, keepDimensions: true });
  const limited = clip(speed2, 0, 0.9999);
  const beta = mul(velocity, sqrt(div(limited, maximum(speed2, 1e-12))));
  const gamma = div(1, sqrt(sub(1, limited)));
  const along = sum(mul(p, beta), { axes: 2, keepDimensions: true });
  // (γ − 1)/β² = γ²/(γ + 1), which has a value at rest too.
  const factor = div(square(gamma), add(gamma, 1));
  const boostedP = add(p, mul(beta, sub(mul(factor, along), mul(gamma, e))));
  const boostedE = mul(gamma, sub(e, along));
  return concat([boostedP, boostedE], 2);
}

function logarithms(x: Tensor): Tensor {
  return mul(sign(x), log1p(abs(x)));
}

/** Cosine of the angle between the momenta of each pair, [events, pairs]; undefined for one particle. */
function cosines(boosted: Tensor): Tensor | undefined {
  const p = slice(boosted, 2, 0, 3);
  const lengths = sqrt(add(sum(square(p), { axes: 2, keepDimensions: true }), 1e-12));
  const directions = div(p, lengths);
  const pairs = pairsOf(boosted.shape[1] as number).map(([i, j]) =>
    sum(mul(slice(directions, 1, i, i + 1), slice(directions, 1, j, j + 1)), { axes: 2 }),
  );
  return pairs.length === 0 ? undefined : concat(pairs, 1);
}

function pairsOf(count: number): [number, number][] {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count - i - 1 }, (__, j): [number, number] => [i, i + j + 1]),
  ).flat();
}

function flat(x: Tensor): Tensor {
  return reshape(x, [x.shape[0]!, (x.shape[1] as number) * (x.shape[2] as number)]);
}
