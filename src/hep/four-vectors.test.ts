import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  boost,
  boostToRestFrame,
  cosDelta,
  deltaRBoosted,
  etaCentrality,
  type FourVectors,
  fourVectors,
  fourVectorsOfMass,
  massOf,
  pairMass,
  pairMasses,
  phiCentrality,
  reversed,
  sphericity,
  sumOf,
  thrust,
  toPtEtaPhiM,
  velocityOf,
} from "./index.ts";

// Numbers of Python LUMIN 0.9.1.
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/hep-boosts.json", import.meta.url), "utf8"),
);

function vectorsOf(rows: readonly number[][]): FourVectors {
  const column = (k: number) => rows.map((row) => row[k] ?? 0);
  return { px: column(0), py: column(1), pz: column(2), energy: column(3) };
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-10): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const scale = Math.max(1, Math.abs(expected[i]!));
    expect(Math.abs(actual[i]! - expected[i]!), `value ${i}`).toBeLessThanOrEqual(tolerance * scale);
  }
}

function closeVectors(actual: FourVectors, expected: FourVectors, tolerance?: number): void {
  for (const key of ["px", "py", "pz", "energy"] as const) close(actual[key], expected[key], tolerance);
}

const momentum = fc.double({ min: -200, max: 200, noNaN: true });
const particle = fc
  .tuple(momentum, momentum, momentum, fc.double({ min: 0.1, max: 100, noNaN: true }))
  .map(([px, py, pz, mass]) => fourVectorsOfMass({ px: [px], py: [py], pz: [pz] }, [mass]));
const velocity = fc
  .tuple(...([0, 1, 2].map(() => fc.double({ min: -0.5, max: 0.5, noNaN: true })) as never[]))
  .map(([x, y, z]) => ({ x: [x as number], y: [y as number], z: [z as number] }));

describe("boosts", () => {
  test("give LUMIN's numbers", () => {
    const [vectors, velocities] = golden.boost[0].in;
    const [x, y, z] = [0, 1, 2].map((k) => velocities.map((row: number[]) => row[k]));
    closeVectors(boost(vectorsOf(vectors), { x, y, z }), vectorsOf(golden.boost[0].out));
    const rest = vectorsOf(golden.boost_rest[0].in);
    closeVectors(boostToRestFrame(rest, rest), vectorsOf(golden.boost_rest[0].out));
    const back = reversed(velocityOf(vectorsOf(golden.boost2cm[0].in)));
    for (const [k, axis] of (["x", "y", "z"] as const).entries()) {
      close(
        back[axis],
        golden.boost2cm[0].out.map((row: number[]) => row[k]),
      );
    }
    close(cosDelta(...(golden.cos_delta[0].in.map(vectorsOf) as [never, never])), golden.cos_delta[0].out);
    close(
      deltaRBoosted(...(golden.delta_r_boosted[0].in.map(vectorsOf) as [never, never, never])),
      golden.delta_r_boosted[0].out,
    );
  });

  test("there and back again is nothing, and masses do not change", () => {
    fc.assert(
      fc.property(particle, velocity, (vectors, by) => {
        const moved = boost(vectors, by);
        closeVectors(boost(moved, reversed(by)), vectors, 1e-8);
        close(massOf(moved), massOf(vectors), 1e-6);
      }),
    );
  });

  test("in its own rest frame a particle has its mass as energy", () => {
    fc.assert(
      fc.property(particle, (vectors) => {
        const rest = boostToRestFrame(vectors, vectors);
        close(rest.energy, massOf(vectors), 1e-6);
      }),
    );
  });

  test("at the speed of light there is none", () => {
    expect(boost(vectorsOf([[0, 0, 0, 1]]), { x: [1], y: [0], z: [0] }).energy[0]).toBeNaN();
  });
});

describe("coordinates and masses", () => {
  test("pt, η, φ, m and back", () => {
    const polar = fc.record({
      pt: fc.double({ min: 0.1, max: 500, noNaN: true }),
      eta: fc.double({ min: -5, max: 5, noNaN: true }),
      phi: fc.double({ min: -3.14, max: 3.14, noNaN: true }),
      mass: fc.double({ min: 0.1, max: 200, noNaN: true }),
    });
    fc.assert(
      fc.property(polar, ({ pt, eta, phi, mass }) => {
        const back = toPtEtaPhiM(fourVectors({ pt: [pt], eta: [eta], phi: [phi], mass: [mass] }));
        close(back.pt, [pt]);
        close(back.eta, [eta]);
        close(back.phi, [phi]);
        // The mass of a fast particle is the small difference of large numbers.
        close(back.mass, [mass], 1e-10 * (pt * Math.cosh(eta)) ** 2 + 1e-9);
      }),
    );
  });

  test("the mass of a sum is that of the pair, whatever the rotation about the beam", () => {
    fc.assert(
      fc.property(particle, particle, fc.double({ min: -4, max: 4, noNaN: true }), (a, b, angle) => {
        const turn = ({ px, py, pz, energy }: FourVectors): FourVectors => ({
          px: [px[0]! * Math.cos(angle) - py[0]! * Math.sin(angle)],
          py: [px[0]! * Math.sin(angle) + py[0]! * Math.cos(angle)],
          pz,
          energy,
        });
        const mass = massOf(sumOf(a, b));
        close(massOf(sumOf(turn(a), turn(b))), mass, 1e-6);
        const masses = [massOf(a)[0]!, massOf(b)[0]!] as const;
        close(pairMass(a, b, masses), mass, 1e-6);
      }),
    );
  });

  test("all pairs, in order", () => {
    const [a, b, c] = [
      [1, 0, 0, 1],
      [-1, 0, 0, 1],
      [0, 2, 0, 2],
    ].map((row) => vectorsOf([row])) as [FourVectors, FourVectors, FourVectors];
    const pairs = pairMasses([a, b, c]);
    expect(pairs.map(({ pair }) => pair)).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    close(
      pairs.map(({ mass }) => mass[0]!),
      [2, 2, 2],
    );
  });

  test("centralities are as defined at their landmarks", () => {
    const half = Math.PI / 4;
    close(phiCentrality([half, 0, half + Math.PI], [0, 0, 0], [2 * half, 2 * half, 2 * half]), [
      Math.SQRT2,
      1,
      -Math.SQRT2,
    ]);
    close(etaCentrality([0, 1], [-1, -1], [1, 1]), [1, Math.exp(-1)]);
  });
});

describe("shapes of events", () => {
  const axes = [
    [1, 0, 0],
    [-1, 0, 0],
    [0, 1, 0],
    [0, -1, 0],
    [0, 0, 1],
    [0, 0, -1],
  ];
  const setsOf = (events: readonly (readonly number[][])[]) => {
    const offsets = [0];
    for (const event of events) offsets.push(offsets.at(-1)! + event.length);
    const all = events.flat();
    return { offsets, px: all.map((p) => p[0]!), py: all.map((p) => p[1]!), pz: all.map((p) => p[2]!) };
  };

  test("two jets, a plane event, an isotropic one, an empty one", () => {
    const sets = setsOf([axes.slice(4), axes.slice(0, 4), axes, []]);
    const shapes = sphericity(sets);
    close(shapes.sphericity.subarray(0, 3), [0, 0.75, 1], 1e-7);
    close(shapes.aplanarity.subarray(0, 3), [0, 0, 0.5], 1e-7);
    close(shapes.transverse.subarray(1, 3), [1, 1], 1e-7);
    expect(shapes.sphericity[3]).toBeNaN();
    const { thrust: values } = thrust(sets);
    close(values.subarray(0, 3), [1, Math.SQRT1_2, 1 / Math.sqrt(3)], 1e-9);
    expect(values[3]).toBeNaN();
  });

  test("thrust is the best of all choices of signs", () => {
    const integers = fc.integer({ min: -5, max: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(integers, integers, integers), { minLength: 1, maxLength: 6 }),
        (momenta) => {
          const total = momenta.reduce((sum, p) => sum + Math.hypot(...p), 0);
          if (total === 0) return;
          let best = 0;
          for (let choice = 0; choice < 2 ** momenta.length; choice++) {
            const sum = [0, 0, 0];
            for (const [i, p] of momenta.entries()) {
              for (let k = 0; k < 3; k++) sum[k]! += (choice & (1 << i) ? 1 : -1) * p[k]!;
            }
            best = Math.max(best, Math.hypot(...sum) / total);
          }
          const result = thrust(setsOf([momenta]));
          close(result.thrust, [best], 1e-9);
          const axis = [result.axisX[0]!, result.axisY[0]!, result.axisZ[0]!] as const;
          const along = momenta.reduce(
            (sum, p) => sum + Math.abs(p[0] * axis[0] + p[1] * axis[1] + p[2] * axis[2]),
            0,
          );
          close([along / total], [best], 1e-9);
        },
      ),
    );
  });

  test("linearised sphericity does not see a particle that splits along its line", () => {
    const whole = [
      [3, 1, 2],
      [-1, 4, 0],
      [-2, -5, -2],
    ];
    const split = [[1, 1 / 3, 2 / 3], [2, 2 / 3, 4 / 3], ...whole.slice(1)];
    const one = sphericity(setsOf([whole, split]), { power: 1 });
    close([one.sphericity[1]!, one.aplanarity[1]!], [one.sphericity[0]!, one.aplanarity[0]!], 1e-9);
    const classic = sphericity(setsOf([whole, split]));
    expect(Math.abs(classic.sphericity[1]! - classic.sphericity[0]!)).toBeGreaterThan(0.01);
  });
});
