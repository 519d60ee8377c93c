import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Stream } from "../../array/random.ts";
import { augmentFixed, augmentRandomly } from "./augment.ts";
import { augmentationPlan } from "./plan.ts";

const features = ["a_px", "mass", "a_py", "a_pz", "met_px", "met_py", "jets"];
const scaler = {
  means: [3, 90, -7, 40, 0.5, -0.25],
  standardDeviations: [20, 10, 35, 200, 15, 18],
};
const plan = augmentationPlan(features, scaler);
const width = features.length;

/** Events in physical units from standardised features. */
function physical(stored: Float32Array, i: number): number[] {
  return features.map((_, f) => {
    const value = stored[i * width + f]!;
    return f < scaler.means.length ? value * scaler.standardDeviations[f]! + scaler.means[f]! : value;
  });
}

function events(count: number, seed: number): Float32Array {
  const stream = new Stream(seed, "events");
  return Float32Array.from({ length: count * width }, (_, k) =>
    k % width === 6 ? stream.integer(4) : stream.normal(),
  );
}

describe("random augmentation", () => {
  test("keeps pT of every vector, the angle between vectors, |pz| and everything else", () => {
    const stored = events(2000, 1);
    const result = augmentRandomly(stored, 2000, plan, new Stream(1, "augment"));
    for (let i = 0; i < 2000; i++) {
      const before = physical(stored, i);
      const after = physical(result, i);
      const pt = ([px, , py]: number[]) => Math.hypot(px!, py!);
      expect(pt(after)).toBeCloseTo(pt(before), 3);
      expect(Math.hypot(after[4]!, after[5]!)).toBeCloseTo(Math.hypot(before[4]!, before[5]!), 3);
      const dot = (p: number[]) => p[0]! * p[4]! + p[2]! * p[5]!;
      expect(Math.abs(dot(after) - dot(before))).toBeLessThan(0.02);
      expect(Math.abs(after[3]!)).toBeCloseTo(Math.abs(before[3]!), 3);
      expect([after[1], after[6]]).toEqual([before[1], before[6]]);
    }
  });

  test("draws the angles evenly over the circle and each reflection half of the time", () => {
    const count = 20_000;
    const flat = augmentationPlan(["a_px", "a_py", "a_pz", "b_px", "b_py"], undefined, { scaler: "none" });
    const one = Float32Array.of(1, 0, 1, 0, 1);
    const stored = Float32Array.from({ length: count * 5 }, (_, k) => one[k % 5]!);
    const result = augmentRandomly(stored, count, flat, new Stream(5, "augment"));
    const octants = new Int32Array(8);
    let zFlips = 0;
    let yFlips = 0;
    for (let i = 0; i < count; i++) {
      const [ax, ay, az, bx, by] = result.subarray(i * 5, i * 5 + 5) as unknown as number[];
      octants[Math.floor(((Math.atan2(ay!, ax!) + Math.PI) / (2 * Math.PI)) * 8) % 8]!++;
      if (az! < 0) zFlips++;
      if (ax! * by! - ay! * bx! < 0) yFlips++;
    }
    for (const n of octants) expect(Math.abs(n - count / 8)).toBeLessThan(5 * Math.sqrt(count / 8));
    for (const n of [zFlips, yFlips]) expect(Math.abs(n - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
  });

  test("leaves missing objects missing", () => {
    const stored = events(100, 2);
    for (let i = 0; i < 100; i += 2) for (const f of [0, 2, 3]) stored[i * width + f] = Number.NaN;
    const check = (result: Float32Array) => {
      for (let i = 0; i < 100; i++) {
        for (const f of [0, 2, 3]) {
          if (i % 2 === 0) expect(result[i * width + f]).toBe(0);
          else expect(result[i * width + f]).not.toBe(0);
        }
      }
      expect(result.every(Number.isFinite)).toBe(true);
    };
    check(augmentRandomly(stored, 100, plan, new Stream(2)));
    for (let a = 0; a < plan.count; a++) check(augmentFixed(stored, 100, plan, a));
    expect(stored.some(Number.isNaN)).toBe(true);
  });

  test("is the same for the same stream", () => {
    const stored = events(50, 3);
    const draw = (seed: number) => augmentRandomly(stored, 50, plan, new Stream(seed, "augment"));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});

describe("the fixed set", () => {
  test("has eight elements in LUMIN's order: rotation by π fastest, then z, then y", () => {
    const flat = augmentationPlan(["a_px", "a_py", "a_pz"], undefined, { scaler: "none" });
    const stored = Float32Array.of(1, 2, 3);
    expect(Array.from({ length: flat.count }, (_, a) => [...augmentFixed(stored, 1, flat, a)])).toEqual([
      [1, 2, 3],
      [-1, -2, 3],
      [1, 2, -3],
      [-1, -2, -3],
      [1, -2, 3],
      [-1, 2, 3],
      [1, -2, -3],
      [-1, 2, -3],
    ]);
    expect(() => augmentFixed(stored, 1, flat, 8)).toThrow(
      "augmentFixed: the set has 8 elements, counted from 0, but 8 was asked for.",
    );
  });

  test("without rotations reflects x, y and z in all combinations", () => {
    const flat = augmentationPlan(["a_px", "a_py", "a_pz"], undefined, {
      scaler: "none",
      rotations: 0,
      reflect: ["x", "y", "z"],
    });
    expect(flat.count).toBe(8);
    const all = Array.from({ length: 8 }, (_, a) => [...augmentFixed(Float32Array.of(1, 2, 3), 1, flat, a)]);
    expect(all[1]).toEqual([1, 2, -3]);
    expect(all[4]).toEqual([-1, 2, 3]);
    expect(new Set(all.map(String)).size).toBe(8);
  });

  test("acts in physical units: each element undone by its inverse gives the event back", () => {
    const four = augmentationPlan(features, scaler, { rotations: 4, reflect: ["z"] });
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 7 }), (seed, a) => {
        const stored = events(3, seed);
        const turned = augmentFixed(stored, 3, four, a);
        const inverse = ((4 - (a % 4)) % 4) + 4 * Math.floor(a / 4);
        const back = augmentFixed(turned, 3, four, inverse);
        for (let k = 0; k < back.length; k++) expect(Math.abs(back[k]! - stored[k]!)).toBeLessThan(1e-4);
      }),
    );
  });

  test("rotates by the angle it says", () => {
    const three = augmentationPlan(features, scaler, { rotations: 3, reflect: [] });
    const stored = events(5, 8);
    const result = augmentFixed(stored, 5, three, 1);
    for (let i = 0; i < 5; i++) {
      const before = physical(stored, i);
      const after = physical(result, i);
      const angle = Math.atan2(after[2]!, after[0]!) - Math.atan2(before[2]!, before[0]!);
      expect(Math.cos(angle)).toBeCloseTo(-0.5, 4);
      expect(Math.sin(angle)).toBeCloseTo(Math.sqrt(0.75), 4);
    }
  });
});

describe("augmentationPlan refuses", () => {
  test("what cannot be augmented, and says why", () => {
    expect(() => augmentationPlan(features, undefined)).toThrow(
      "augmentation: rotation acts on physical momenta, so the scaler of the features (means and standard deviations) is needed, and these events come without one. Write the fold file with its scaler, or say that the features are not scaled (scaler: none).",
    );
    expect(() => augmentationPlan(["pt", "eta"], scaler)).toThrow(
      "augmentation: no feature is a component of a vector (…_px, …_py, …_pz), so there is nothing to rotate or reflect.",
    );
    expect(() => augmentationPlan(["a_px", "a_pz"], scaler)).toThrow(
      'augmentation: the vector "a" has px but no py; rotation needs both. Events turned to one orientation are not rotated: set rotations to 0.',
    );
    expect(() => augmentationPlan(features, scaler, { reflect: ["x"] })).toThrow(
      "augmentation: a reflection in x is a rotation by π and a reflection in y; leave x out, or set rotations to 0.",
    );
    expect(() => augmentationPlan(features, scaler, { rotations: 1.5 })).toThrow(
      "augmentation: rotations must be 0, 1, 2, …, but 1.5 came.",
    );
  });
});
