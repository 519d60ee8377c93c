/** Gaussian smearing of columns, or of the lengths of vectors. */
import type { Stream } from "../../array/random.ts";
import { ConfigurationError, unknownName } from "../../errors/index.ts";
import { expandNames } from "../expand-names.ts";
import { columnsNamed, type DrawnStep, type EventBlock, type StreamOf, type Units } from "./step.ts";
import type { SmearingTransform } from "./transforms.ts";

/** @throws ConfigurationError for settings that say too much or too little; UnknownNameError for a column or vector. */
export function smearingStep(
  { columns, vectors, quantity, relative = 0, absolute = 0, views = 1 }: SmearingTransform,
  units: Units,
  where: string,
): DrawnStep {
  const refuse = (what: string): never => {
    throw new ConfigurationError(`${where}: ${what}`);
  };
  for (const [name, value] of Object.entries({ relative, absolute })) {
    if (!(value >= 0 && Number.isFinite(value))) refuse(`${name} must be 0 or more, but ${value} came.`);
  }
  if (relative === 0 && absolute === 0) refuse("give relative or absolute, the deviation of the noise.");
  if ((columns === undefined) === (vectors === undefined)) refuse("give either columns or vectors.");
  const deviationOf = (value: number): number => Math.hypot(relative * value, absolute);
  if (columns !== undefined) {
    if (quantity !== undefined) refuse("quantity is of vectors, but columns are given.");
    const changes = columnsOf(columns, units, where);
    return {
      kind: "smearing",
      views,
      keeps: ["targets"],
      changes,
      change: (block, streamOf) => smearColumns(block, streamOf, changes, units, deviationOf),
    };
  }
  const plans = vectors!.flatMap((name) => lengthPlans(name, quantity ?? "pt", units, where));
  return {
    kind: "smearing",
    views,
    keeps: ["directions", "ownMasses", "targets"],
    changes: plans.flatMap(({ scaled, energy }) => (energy < 0 ? scaled : [...scaled, energy])),
    change: (block, streamOf) => smearVectors(block, streamOf, plans, units, deviationOf),
  };
}

/** The columns that patterns stand for. */
export function columnsOf(patterns: readonly string[], units: Units, where: string): number[] {
  const known = [...new Set(units.names.slice(0, units.continuousCount))];
  return expandNames(patterns, known, `${where}: feature`).flatMap((name) => columnsNamed(units, name));
}

function smearColumns(
  { eventCount, features }: EventBlock,
  streamOf: StreamOf,
  columns: readonly number[],
  { names, means, deviations }: Units,
  deviationOf: (value: number) => number,
): void {
  for (let i = 0; i < eventCount; i++) {
    const row = i * names.length;
    const stream = streamOf(i);
    for (const column of columns) {
      const value = features[row + column]! * deviations[column]! + means[column]!;
      features[row + column]! += (deviationOf(value) * stream.normal()) / deviations[column]!;
    }
  }
}

/** Which columns a vector's length is made of. */
interface LengthPlan {
  /** Columns that grow with the length: px, py, pz, pt, absp. */
  readonly scaled: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly pt: number;
  readonly eta: number;
  readonly energy: number;
  /** Whether the noise is of the energy. */
  readonly ofEnergy: boolean;
}

function lengthPlans(name: string, quantity: "pt" | "energy", units: Units, where: string): LengthPlan[] {
  const find = (...parts: readonly string[]): number[] =>
    parts.flatMap((part) => columnsNamed(units, `${name}_${part}`));
  const [x, y, z, absp] = ["px", "py", "pz", "absp"].map((part) => find(part)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const pt = find("pt", "pT", "PT");
  const eta = find("eta", "Eta", "ETA");
  const energy = find("E", "e", "energy");
  const copies = Math.max(Math.min(x.length, y.length), pt.length);
  if (copies === 0) {
    const ends = /_(?:px|py|pt|pT|PT)$/;
    const known = units.names.filter((each) => ends.test(each)).map((each) => each.replace(ends, ""));
    throw unknownName(`${where}: vector`, name, [...new Set(known)]);
  }
  return Array.from({ length: copies }, (_, copy): LengthPlan => {
    const at = (places: readonly number[]): number => places[copy] ?? -1;
    const plan = { x: at(x), y: at(y), z: at(z), pt: at(pt), eta: at(eta), energy: at(energy) };
    if (plan.energy < 0 && quantity === "energy") {
      throw new ConfigurationError(
        `${where}: the vector "${name}" has no energy (${name}_E or ${name}_energy). Smear its pt, or add the column.`,
      );
    }
    const hasLength = (plan.x >= 0 && plan.y >= 0 && plan.z >= 0) || (plan.pt >= 0 && plan.eta >= 0);
    if (plan.energy >= 0 && !hasLength) {
      throw new ConfigurationError(
        `${where}: the vector "${name}" has an energy, which changes with its momentum, but its momentum is not known: add pz or eta.`,
      );
    }
    return {
      ...plan,
      scaled: [plan.x, plan.y, plan.z, plan.pt, at(absp)].filter((column) => column >= 0),
      ofEnergy: quantity === "energy",
    };
  });
}

function smearVectors(
  { eventCount, features }: EventBlock,
  streamOf: StreamOf,
  plans: readonly LengthPlan[],
  { names, means, deviations }: Units,
  deviationOf: (value: number) => number,
): void {
  const get = (row: number, column: number): number =>
    features[row + column]! * deviations[column]! + means[column]!;
  const set = (row: number, column: number, value: number): void => {
    features[row + column] = (value - means[column]!) / deviations[column]!;
  };
  for (let i = 0; i < eventCount; i++) {
    const row = i * names.length;
    const stream = streamOf(i);
    for (const { scaled, x, y, z, pt, eta, energy, ofEnergy } of plans) {
      const transverse = x >= 0 && y >= 0 ? Math.hypot(get(row, x), get(row, y)) : get(row, pt);
      if (!(transverse > 0)) continue;
      if (energy < 0) {
        const factor = drawn(transverse, deviationOf(transverse), 0, stream) / transverse;
        for (const column of scaled) set(row, column, get(row, column) * factor);
        continue;
      }
      const momentum =
        x >= 0 && z >= 0 ? Math.hypot(transverse, get(row, z)) : transverse * Math.cosh(get(row, eta));
      const before = get(row, energy);
      const square = before * before - momentum * momentum;
      if (!Number.isFinite(square)) continue;
      // An energy below the momentum is a rounded one: then the mass counts as 0.
      const mass = Math.sqrt(Math.max(0, square));
      const factor = ofEnergy
        ? Math.sqrt(drawn(before, deviationOf(before), mass, stream) ** 2 - mass * mass) / momentum
        : drawn(transverse, deviationOf(transverse), 0, stream) / transverse;
      for (const column of scaled) set(row, column, get(row, column) * factor);
      set(row, energy, Math.sqrt(Math.max(0, square + (factor * momentum) ** 2)));
    }
  }
}

/** A normal number above a limit, which the mean is above: others are drawn again. */
function drawn(mean: number, deviation: number, limit: number, stream: Stream): number {
  for (;;) {
    const value = mean + deviation * stream.normal();
    if (value > limit) return value;
  }
}
