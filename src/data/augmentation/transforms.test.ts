/** What every transform leaves as it is, for any events, any cut of a fold into pieces, flat features and matrices. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Stream } from "../../array/random.ts";
import { augmentEvents, augmentFixed, restorePredictions } from "./augment.ts";
import { type AugmentationPlan, augmentationPlan } from "./plan.ts";
import type { AugmentationTransform, Invariant } from "./transforms.ts";

/** Two Cartesian vectors with energies, a third without pz, a polar one; a scalar and a category. */
const features = [
  ...["tau_px", "tau_py", "tau_pz", "tau_E"],
  ...["lep_px", "lep_py", "lep_pz", "lep_E"],
  ...["met_px", "met_py"],
  ...["jet_pt", "jet_eta", "jet_phi"],
  "mass",
  "jets",
];
const width = features.length;
const targets = ["nu_px", "nu_py", "nu_pz", "nu_eta", "energy"];
const scaler = {
  means: [3, -7, 40, 90, 1, 2, -30, 120, 0.5, -0.25, 55, 0.1, -0.2, 91],
  standardDeviations: [20, 35, 200, 110, 25, 30, 150, 95, 15, 18, 30, 1.5, 1.8, 40],
};

type Event = Readonly<Record<string, number>>;

/** Events in physical units, from stored ones. */
function physical(stored: Float32Array, event: number): Event {
  return Object.fromEntries(
    features.map((name, f) => {
      const value = stored[event * width + f]!;
      return [name, value * (scaler.standardDeviations[f] ?? 1) + (scaler.means[f] ?? 0)];
    }),
  );
}

interface Events {
  readonly count: number;
  readonly stored: Float32Array;
  readonly targets: Float32Array;
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** Physical events; one object in five is missing. */
function events(count: number, seed: number): Events {
  const stream = new Stream(seed, "events");
  const stored = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const momentum = (): number => 40 * stream.normal();
    const event: Record<string, number> = { mass: 91 + 10 * stream.normal(), jets: stream.integer(4) };
    for (const name of ["tau", "lep"]) {
      const [px, py, pz] = [momentum(), momentum(), 3 * momentum()];
      const energy = Math.hypot(px, py, pz, 1.777);
      Object.assign(event, {
        [`${name}_px`]: px,
        [`${name}_py`]: py,
        [`${name}_pz`]: pz,
        [`${name}_E`]: energy,
      });
    }
    Object.assign(event, { met_px: momentum(), met_py: momentum() });
    Object.assign(event, { jet_pt: 30 - 40 * Math.log(1 - stream.uniform()), jet_eta: 2 * stream.normal() });
    event.jet_phi = (stream.uniform() * 2 - 1) * Math.PI;
    for (const name of ["tau", "met", "jet"]) {
      if (stream.integer(5) > 0) continue;
      for (const column of features) if (column.startsWith(`${name}_`)) event[column] = Number.NaN;
    }
    for (const [f, name] of features.entries()) {
      stored[i * width + f] = (event[name]! - (scaler.means[f] ?? 0)) / (scaler.standardDeviations[f] ?? 1);
    }
  }
  const normals = (factor: number, offset = 0): Float64Array =>
    Float64Array.from({ length: count }, () => offset + factor * stream.normal());
  return {
    count,
    stored,
    targets: Float32Array.from({ length: count * targets.length }, () => 30 * stream.normal()),
    columns: { mass_up: normals(10, 100), mass_down: normals(10, 80) },
  };
}

const transforms: Readonly<Record<string, readonly AugmentationTransform[]>> = {
  rotation: [{ kind: "rotation", views: 3 }],
  reflection: [{ kind: "reflection", axes: ["x", "y", "z"] }],
  "rotation and reflection": [{ kind: "rotation" }, { kind: "reflection" }],
  "smearing of columns": [
    { kind: "smearing", columns: ["mass", "met_*"], relative: 0.1, absolute: 2, views: 3 },
  ],
  "smearing of pt": [
    { kind: "smearing", vectors: ["tau", "met", "jet"], relative: 0.2, absolute: 5, views: 2 },
  ],
  "smearing of energy": [{ kind: "smearing", vectors: ["lep"], quantity: "energy", relative: 0.3, views: 2 }],
  "variation by factors": [
    {
      kind: "variation",
      nuisances: {
        tes: { "tau_p?": { up: 1.03, down: 0.97 } },
        jes: { jet_pt: { up: 1.05, down: 0.93 }, "met_*": { up: 0.9, down: 1.2 } },
      },
      views: 5,
    },
  ],
  "variation by columns": [
    {
      kind: "variation",
      amount: "gaussian",
      probability: 0.7,
      nuisances: { scale: { mass: { up: "mass_up", down: "mass_down" } } },
    },
  ],
  dropping: [{ kind: "dropping", objects: ["jet", "t*"], probability: 0.4, views: 2 }],
  function: [
    {
      kind: "function",
      views: 2,
      apply: ({ eventCount, columns }, { streamOf }) => {
        for (let i = 0; i < eventCount; i++) columns.mass![i]! += 5 * streamOf(i).normal();
      },
    },
  ],
  "all together": [
    { kind: "rotation" },
    { kind: "smearing", vectors: ["tau", "lep"], relative: 0.05 },
    { kind: "reflection", axes: ["z"] },
    { kind: "dropping", objects: ["jet"], probability: 0.1, views: 2 },
  ],
};
const planned = (name: string): AugmentationPlan =>
  augmentationPlan(features, scaler, transforms[name]!, { targets, seed: 5 });

function augmented(
  given: Events,
  plan: AugmentationPlan,
  seed = 1,
): { inputs: Float32Array; targets: Float32Array } {
  const { inputs, targets } = augmentEvents(
    {
      eventCount: given.count,
      features: given.stored,
      targets: given.targets,
      column: (name) => given.columns[name]!,
    },
    plan,
    new Stream(seed, "augment"),
  );
  return { inputs, targets: targets! };
}

const vectors = ["tau", "lep", "met", "jet"] as const;
const [pt, phi, eta] = [
  (e: Event, v: string) => e[`${v}_pt`] ?? Math.hypot(e[`${v}_px`]!, e[`${v}_py`]!),
  (e: Event, v: string) => e[`${v}_phi`] ?? Math.atan2(e[`${v}_py`]!, e[`${v}_px`]!),
  (e: Event, v: string) => e[`${v}_eta`] ?? Math.asinh((e[`${v}_pz`] ?? 0) / pt(e, v)),
];
const apart = (a: number, b: number): number => Math.abs(Math.atan2(Math.sin(a - b), Math.cos(a - b)));

/** The numbers that an invariant says stay, in units in which 1e-3 is small. */
const measures: Readonly<Record<Exclude<Invariant, "targets">, (e: Event) => number[]>> = {
  transverseMomenta: (e) => vectors.map((v) => pt(e, v)),
  longitudinalMomenta: (e) => [Math.abs(e.tau_pz!), Math.abs(e.lep_pz!), Math.abs(e.jet_eta!)],
  angularDistances: (e) =>
    vectors.flatMap((a, i) =>
      vectors
        .slice(0, i)
        .flatMap((b) => [
          apart(phi(e, a), phi(e, b)),
          ...(a === "met" || b === "met" ? [] : [Math.abs(eta(e, a) - eta(e, b))]),
        ]),
    ),
  directions: (e) =>
    vectors.flatMap((v) => [Math.cos(phi(e, v)), Math.sin(phi(e, v)), ...(v === "met" ? [] : [eta(e, v)])]),
  ownMasses: (e) =>
    ["tau", "lep"].map((v) => (e[`${v}_E`]! ** 2 - pt(e, v) ** 2 - e[`${v}_pz`]! ** 2) / 1000),
};

/** The largest change of a measure over events in which it is known; Infinity where nothing was compared. */
function largestChange(measure: (e: Event) => number[], before: Float32Array, after: Float32Array): number {
  let largest = -Infinity;
  for (let i = 0; i < before.length / width; i++) {
    // What was missing, or was dropped, has no measure.
    const now = Float32Array.from(after.subarray(i * width, (i + 1) * width), (x) =>
      x === 0 ? Number.NaN : x,
    );
    const [was, is] = [
      measure(physical(before.subarray(i * width, (i + 1) * width), 0)),
      measure(physical(now, 0)),
    ];
    for (const [k, value] of was.entries()) {
      const change = Math.abs(value - is[k]!) / Math.max(1, Math.abs(value));
      if (change > largest) largest = change;
    }
  }
  return largest === -Infinity ? Infinity : largest;
}

describe.each(Object.keys(transforms))("%s", (name) => {
  const plan = planned(name);
  const keeps = plan.steps.map((step) => step.keeps).reduce((a, b) => a.filter((each) => b.includes(each)));

  test("leaves what it says, in training and in every view", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const given = events(40, seed);
        const results = [augmented(given, plan, seed).inputs];
        for (let view = 0; view < plan.count; view++)
          results.push(augmentFixed(given.stored, 40, plan, view));
        for (const invariant of keeps) {
          if (invariant === "targets") continue;
          for (const result of results) {
            expect(largestChange(measures[invariant], given.stored, result)).toBeLessThan(1e-3);
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  test("changes something of what it does not say", () => {
    const given = events(200, 1);
    const { inputs, targets } = augmented(given, plan);
    expect(inputs.some((value, k) => !Number.isNaN(given.stored[k]) && value !== given.stored[k])).toBe(true);
    expect(targets.some((value, k) => value !== given.targets[k])).toBe(!keeps.includes("targets"));
    if (name === "function" || name.startsWith("variation by col") || name === "smearing of columns") return;
    const changed = (Object.keys(measures) as (keyof typeof measures)[]).filter(
      (invariant) => largestChange(measures[invariant], given.stored, inputs) > 1e-3,
    );
    // A missing object has no momenta, so dropping changes none of those that are left.
    if (name === "dropping") expect(changed).toEqual([]);
    else expect(changed.length).toBeGreaterThan(0);
    for (const invariant of changed) expect(keeps).not.toContain(invariant);
  });

  test("leaves missing values missing, categories and other columns alone, and the events it is given", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const given = events(30, seed);
        const [stored, wanted] = [given.stored.slice(), given.targets.slice()];
        const touched = new Set(
          plan.steps.flatMap((step) =>
            step.kind === "symmetries"
              ? features.flatMap((feature, f) => (/_(p[xyz]|phi|eta)$/.test(feature) ? [f] : []))
              : step.changes,
          ),
        );
        const check = (result: Float32Array): void => {
          const wrong = Array.from(result, (value, k) => {
            if (Number.isNaN(stored[k])) return value !== 0;
            return !Number.isFinite(value) || (!touched.has(k % width) && value !== stored[k]);
          });
          expect(wrong.flatMap((isWrong, k) => (isWrong ? [k] : []))).toEqual([]);
        };
        check(augmented(given, plan, seed).inputs);
        for (let view = 0; view < plan.count; view++) check(augmentFixed(given.stored, 30, plan, view));
        expect([given.stored, given.targets]).toEqual([stored, wanted]);
      }),
      { numRuns: 10 },
    );
  });

  test("draws the same for an event wherever its fold is cut", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 49 }), (seed, cut) => {
        const given = events(50, seed);
        const whole = augmented(given, plan, seed);
        for (const [first, end] of [
          [cut, 50],
          [0, cut],
        ] as const) {
          const piece = augmentEvents(
            {
              eventCount: end - first,
              first,
              features: given.stored.subarray(first * width, end * width),
              targets: given.targets.subarray(first * targets.length, end * targets.length),
              column: (column) => given.columns[column]!.subarray(first, end),
            },
            plan,
            new Stream(seed, "augment"),
          );
          expect(piece.inputs).toEqual(whole.inputs.slice(first * width, end * width));
          expect(piece.targets).toEqual(whole.targets.slice(first * targets.length, end * targets.length));
        }
      }),
      { numRuns: 10 },
    );
  });

  test("gives each event its views whatever stands beside it, the first as it is", () => {
    const given = events(20, 3);
    const order = new Stream(1).permutation(20);
    const shuffled = new Float32Array(given.stored.length);
    const row = (array: Float32Array, i: number): Float32Array => array.subarray(i * width, (i + 1) * width);
    for (let i = 0; i < 20; i++) shuffled.set(row(given.stored, order[i]!), i * width);
    for (let view = 0; view < plan.count; view++) {
      const [plain, other] = [given.stored, shuffled].map((each) => augmentFixed(each, 20, plan, view)) as [
        Float32Array,
        Float32Array,
      ];
      for (let i = 0; i < 20; i++) expect(row(other, i)).toEqual(row(plain, order[i]!));
      const isAsStored = plain.every(
        (value, k) => value === (Number.isNaN(given.stored[k]) ? 0 : given.stored[k]),
      );
      expect(isAsStored).toBe(view === 0);
    }
    expect(() => augmentFixed(given.stored, 20, plan, plan.count)).toThrow("augmentFixed: the set has");
  });
});

test("the number of views is the product of those of the transforms, the first one's fastest", () => {
  const plan = augmentationPlan(
    ["a_px", "a_py", "a_pz"],
    undefined,
    [
      { kind: "rotation", views: 4 },
      { kind: "smearing", columns: ["a_pz"], absolute: 1 },
      { kind: "reflection", axes: ["z"] },
    ],
    { scaler: "none" },
  );
  expect(plan.count).toBe(8);
  const views = Array.from({ length: 8 }, (_, view) => [
    ...augmentFixed(Float32Array.of(1, 2, 3), 1, plan, view),
  ]);
  expect(views.map(([, , z]) => z)).toEqual([3, 3, 3, 3, -3, -3, -3, -3]);
  expect(views.slice(0, 4).map(([x, y]) => [x, y])).toEqual([
    [1, 2],
    [-2, 1],
    [-1, -2],
    [2, -1],
  ]);
});

describe("a rotation and reflections as a list", () => {
  test("are what the settings of the detector's symmetries are short for, to the byte", () => {
    const given = events(100, 4);
    const short = augmentationPlan(features, scaler, { rotations: 4, reflect: ["y"] });
    const list = augmentationPlan(features, scaler, [
      { kind: "rotation", views: 4 },
      { kind: "reflection", axes: ["y"] },
    ]);
    expect(list.count).toBe(short.count);
    expect(augmented(given, list).inputs).toEqual(augmented(given, short).inputs);
    for (let view = 0; view < 8; view++) {
      expect(augmentFixed(given.stored, 100, list, view)).toEqual(
        augmentFixed(given.stored, 100, short, view),
      );
    }
  });

  test("may be for training alone", () => {
    const plan = augmentationPlan(features, scaler, [
      { kind: "rotation", views: 1 },
      { kind: "reflection", views: 1 },
    ]);
    expect(plan.count).toBe(1);
    const given = events(20, 4);
    expect(largestChange(measures.directions, given.stored, augmented(given, plan).inputs)).toBeGreaterThan(
      0.1,
    );
  });
});

describe("vectors among the targets", () => {
  const names = ["nu_px", "nu_py", "nu_pz", "nu_eta", "energy"];

  test("turn by the same draws as the inputs", () => {
    const columns = ["nu_px", "nu_py", "nu_pz"];
    const plan = augmentationPlan(columns, undefined, {}, { targets: columns, scaler: "none" });
    const stream = new Stream(9, "vectors");
    const values = Float32Array.from({ length: 300 }, () => stream.normal());
    const { inputs, targets } = augmentEvents(
      { eventCount: 100, features: values, targets: values },
      plan,
      new Stream(2),
    );
    expect(inputs).not.toEqual(values);
    expect(targets).toEqual(inputs);
  });

  test.each([
    ["symmetries", [{ kind: "rotation", views: 3 }, { kind: "reflection" }]],
    [
      "symmetries in an order of their own",
      [
        { kind: "reflection", axes: ["y"] },
        { kind: "rotation", views: 5 },
        { kind: "reflection", axes: ["z"] },
      ],
    ],
  ] as const)("of each view are turned back by restorePredictions: %s", (_, list) => {
    const plan = augmentationPlan(names.slice(0, 3), undefined, list, { targets: names, scaler: "none" });
    const stream = new Stream(9, "vectors");
    const truth = Float32Array.from({ length: 500 }, () => stream.normal());
    const inputs = Float32Array.from({ length: 300 }, (_, k) => truth[Math.floor(k / 3) * 5 + (k % 3)]!);
    for (let view = 0; view < plan.count; view++) {
      const turned = augmentFixed(inputs, 100, plan, view);
      const sign = turned[2] === inputs[2] ? 1 : -1;
      // A perfect network gives the turned vector, the mirrored pseudorapidity and the same energy.
      const predictions = Float64Array.from({ length: 500 }, (_, k) =>
        k % 5 < 3 ? turned[Math.floor(k / 5) * 3 + (k % 5)]! : k % 5 === 3 ? sign * truth[k]! : truth[k]!,
      );
      restorePredictions(predictions, 5, plan, view);
      for (const [k, value] of predictions.entries()) expect(Math.abs(value - truth[k]!)).toBeLessThan(1e-5);
    }
    expect(() => restorePredictions(new Float64Array(6), 3, plan, 1)).toThrow(
      "augmentation: predictions of vectors are turned back, for which each of the 5 targets needs one output, but there are 3 outputs. Predict without augmentation.",
    );
  });
});

describe("the distributions", () => {
  const many = 20_000;
  const flat = (names: readonly string[], row: readonly number[], list: readonly AugmentationTransform[]) => {
    const stored = Float32Array.from({ length: many * row.length }, (_, k) => row[k % row.length]!);
    const plan = augmentationPlan(names, undefined, list, { scaler: "none" });
    return augmentEvents({ eventCount: many, features: stored }, plan, new Stream(7)).inputs;
  };
  const momentsOf = (values: Float32Array, f: number, step: number): { mean: number; deviation: number } => {
    let [sum, squares] = [0, 0];
    for (let k = f; k < values.length; k += step) sum += values[k]!;
    const mean = sum / many;
    for (let k = f; k < values.length; k += step) squares += (values[k]! - mean) ** 2;
    return { mean, deviation: Math.sqrt(squares / many) };
  };

  test("smearing has the deviation √((relative·x)² + absolute²), of columns, of pT and of the energy", () => {
    const near = (
      { mean, deviation }: { mean: number; deviation: number },
      at: number,
      width: number,
    ): void => {
      expect(Math.abs(mean - at)).toBeLessThan((5 * width) / Math.sqrt(many));
      expect(Math.abs(deviation - width)).toBeLessThan((5 * width) / Math.sqrt(2 * many));
    };
    near(
      momentsOf(flat(["m"], [40], [{ kind: "smearing", columns: ["m"], relative: 0.1, absolute: 3 }]), 0, 1),
      40,
      5,
    );
    const vector = flat(
      ["a_px", "a_py"],
      [30, 40],
      [{ kind: "smearing", vectors: ["a"], relative: 0.06, absolute: 4 }],
    );
    const lengths = Float32Array.from({ length: many }, (_, i) =>
      Math.hypot(vector[2 * i]!, vector[2 * i + 1]!),
    );
    near(momentsOf(lengths, 0, 1), 50, 5);
    const energies = flat(
      ["a_pt", "a_eta", "a_phi", "a_E"],
      [50, 0, 1, 130],
      [{ kind: "smearing", vectors: ["a"], quantity: "energy", absolute: 2 }],
    );
    near(momentsOf(energies, 3, 4), 130, 2);
  });

  test("variations take one nuisance at a time, either way with probability ½", () => {
    const result = flat(
      ["a", "b"],
      [100, 200],
      [
        {
          kind: "variation",
          nuisances: { one: { a: { up: 1.1, down: 0.8 } }, two: { b: { up: 1.5, down: 0.5 } } },
        },
      ],
    );
    const counts = new Map<string, number>();
    for (let i = 0; i < many; i++) {
      const key = `${Math.round(result[2 * i]!)} ${Math.round(result[2 * i + 1]!)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["100 100", "100 300", "110 200", "80 200"]);
    for (const count of counts.values())
      expect(Math.abs(count - many / 4)).toBeLessThan(5 * Math.sqrt(many * 0.1875));
  });

  test("a Gaussian variation is linear on either side", () => {
    const result = flat(
      ["a"],
      [100],
      [{ kind: "variation", amount: "gaussian", nuisances: { one: { a: { up: 1.1, down: 0.8 } } } }],
    );
    const up = result.filter((value) => value > 100);
    const down = result.filter((value) => value < 100);
    expect(up.length + down.length).toBe(many);
    expect(up.length / many).toBeCloseTo(0.5, 1);
    // E|z| = √(2/π).
    const mean = (values: Float32Array): number =>
      values.reduce((sum, value) => sum + value - 100, 0) / values.length;
    expect(mean(up)).toBeCloseTo(10 * Math.sqrt(2 / Math.PI), 0);
    expect(mean(down) / 20).toBeCloseTo(-Math.sqrt(2 / Math.PI), 1);
  });

  test("objects are dropped whole, each by itself, with the probability", () => {
    const result = flat(
      ["a_px", "a_py", "b_px"],
      [1, 2, 3],
      [{ kind: "dropping", objects: ["a", "b"], probability: 0.3 }],
    );
    const counts = [0, 0, 0];
    for (let i = 0; i < many; i++) {
      const [px, py, b] = result.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      expect(px === 0).toBe(py === 0);
      if (px === 0) counts[0]!++;
      if (b === 0) counts[1]!++;
      if (px === 0 && b === 0) counts[2]!++;
    }
    for (const [k, p] of [0.3, 0.3, 0.09].entries()) {
      expect(Math.abs(counts[k]! - many * p)).toBeLessThan(5 * Math.sqrt(many * p * (1 - p)));
    }
  });

  test("a function's events are physical, and what it makes NaN goes missing", () => {
    const seen: number[] = [];
    const plan = augmentationPlan(features, scaler, [
      {
        kind: "function",
        options: { above: 95 },
        apply: ({ columns, eventCount }, { options, view }) => {
          const { above } = options as { above: number };
          expect(view).toBeUndefined();
          for (let i = 0; i < eventCount; i++) {
            seen.push(columns.mass![i]!);
            if (columns.mass![i]! > above) columns.mass![i] = Number.NaN;
          }
        },
      },
    ]);
    const given = events(50, 2);
    const { inputs } = augmented(given, plan);
    const masses = Array.from({ length: 50 }, (_, i) => physical(given.stored, i).mass!);
    expect(seen).toEqual(masses);
    const mass = features.indexOf("mass");
    for (let i = 0; i < 50; i++) expect(inputs[i * width + mass] === 0).toBe(masses[i]! > 95);
  });
});

test("columns that stand twice, flat and in a matrix, change together", () => {
  const names = ["a_px", "a_py", "a_px", "a_py"];
  const plan = augmentationPlan(names, undefined, {}, { scaler: "none" });
  const stored = Float32Array.of(1, 2, 1, 2);
  const { inputs } = augmentEvents({ eventCount: 1, features: stored }, plan, new Stream(3));
  expect(inputs[0]).not.toBe(1);
  expect([...inputs.subarray(2)]).toEqual([...inputs.subarray(0, 2)]);
});

describe("a list is refused", () => {
  const refused = (list: readonly AugmentationTransform[], names?: readonly string[]): string => {
    try {
      augmentationPlan(features, scaler, list, { targets: names ?? [] });
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  test("where it does not fit, with what to do", () => {
    expect(refused([{ kind: "rotation", views: 0 }])).toBe(
      "augmentation: rotation: views must be 1, 2, 3, …, but 0 came.",
    );
    expect(refused([{ kind: "reflection", views: 2 }])).toBe(
      "augmentation: reflection: views must be 4, every combination of y, z, or 1, none in prediction, but 2 came.",
    );
    expect(refused([{ kind: "smearing", columns: ["mas"], relative: 1 }])).toMatch(
      /^augmentation: smearing: feature "mas" is not known. Did you mean "mass"\?/,
    );
    expect(refused([{ kind: "smearing", columns: ["jets"], relative: 1 }])).toMatch(/"jets" is not known/);
    expect(refused([{ kind: "smearing", vectors: ["ta"], relative: 1 }])).toMatch(
      /^augmentation: smearing: vector "ta" is not known. Did you mean "tau"\?/,
    );
    expect(refused([{ kind: "smearing", vectors: ["met"], quantity: "energy", relative: 1 }])).toBe(
      'augmentation: smearing: the vector "met" has no energy (met_E or met_energy). Smear its pt, or add the column.',
    );
    expect(refused([{ kind: "smearing", vectors: ["tau"] }])).toBe(
      "augmentation: smearing: give relative or absolute, the deviation of the noise.",
    );
    expect(refused([{ kind: "smearing", vectors: ["tau"], relative: -1 }])).toBe(
      "augmentation: smearing: relative must be 0 or more, but -1 came.",
    );
    expect(refused([{ kind: "smearing", relative: 1 }])).toBe(
      "augmentation: smearing: give either columns or vectors.",
    );
    expect(refused([{ kind: "dropping", objects: ["mu"], probability: 0.1 }])).toMatch(
      /^augmentation: dropping: object "mu" is not known\./,
    );
    expect(refused([{ kind: "dropping", objects: ["tau"], probability: 2 }])).toBe(
      "augmentation: dropping: probability must be above 0 and at most 1, but 2 came.",
    );
    expect(refused([{ kind: "variation", nuisances: {} }])).toBe(
      "augmentation: variation: give at least one nuisance.",
    );
    expect(refused([{ kind: "variation", nuisances: { a: { mass: { up: 2, down: 1 } } }, views: 4 }])).toBe(
      "augmentation: variation: one nuisance has at most 3 views, as it is and each up and down, but 4 were asked for.",
    );
    expect(refused([{ kind: "variation", nuisances: { a: { mass: { up: "u", down: 1 } } }, views: 3 }])).toBe(
      "augmentation: variation: prediction has no columns but the features, so only variations by factors can be views. Leave views out.",
    );
    expect(refused([{ kind: "module", module: "./a.js", name: "f" }])).toBe(
      'augmentation: the function "f" of "./a.js" is not loaded. Give the augmentation to loadAugmentation first.',
    );
    expect(refused([{ kind: "rotation" }, { kind: "reflection", axes: ["x"] }])).toMatch(
      /^augmentation: a reflection in x is a rotation by π/,
    );
  });

  test("where targets would turn and cannot", () => {
    expect(refused([{ kind: "rotation" }], ["nu_px"])).toBe(
      'augmentation: the target vector "nu" has px but no py; rotation needs both. Events turned to one orientation are not rotated: set rotations to 0.',
    );
    expect(refused([{ kind: "rotation" }], ["nu_pt", "nu_phi"])).toBe(
      'augmentation: the target "nu_phi" is an angle, which turns with the event, and a mean over turned events is none of angles. Take px and py as targets.',
    );
    expect(refused([{ kind: "reflection", axes: ["z"] }], ["nu_pt", "nu_phi"])).toBe("");
  });
});
