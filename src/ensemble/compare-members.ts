/** Members against the ensemble: each one's metrics on the same events, with paired uncertainties. */
import { type BootstrapOptions, weightedMoments } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { meanOf } from "../metrics/index.ts";
import type { Task } from "../nn/index.ts";
import { type ComparedEvents, type ComparedMetric, comparePredictions } from "./compare-predictions.ts";
import type { MemberPredictions } from "./ensemble.ts";
import { type EnsembleMember, memberName } from "./member.ts";

/** A row of the table. */
export interface ComparedMember {
  /** `member2.cycle-3`, or `ensemble`. */
  readonly name: string;
  readonly weight: number;
  readonly validationLoss: number | null;
  /** By the names in `metricNames`. */
  readonly metrics: Readonly<Record<string, ComparedMetric>>;
}

/** Members and ensemble side by side: plain data. A gain is the ensemble's value minus the member's. */
export interface MemberComparison {
  readonly eventCount: number;
  readonly metricNames: readonly string[];
  readonly members: readonly ComparedMember[];
  readonly ensemble: ComparedMember;
  /** Weighted correlation of the predictions of each pair of members (of all outputs); mean and largest. */
  readonly correlation: { readonly mean: number; readonly largest: number } | null;
}

/**
 * The metrics of each member and of the ensemble, as `comparePredictions` has them.
 *
 * @throws DataError where predictions and events do not fit.
 */
export function compareMembers(
  task: Task,
  members: readonly EnsembleMember[],
  predictions: MemberPredictions,
  events: ComparedEvents,
  bootstrap: BootstrapOptions = {},
): MemberComparison {
  if (predictions.members.length !== members.length) {
    throw new DataError(
      `compareMembers: expected predictions of ${members.length} members, got ${predictions.members.length}.`,
    );
  }
  const all = [predictions.ensemble, ...predictions.members];
  const { eventCount, metricNames, models } = comparePredictions(task, all, events, bootstrap);
  const weights = Float64Array.from(events.weights ?? new Float64Array(eventCount).fill(1));
  return {
    eventCount,
    metricNames,
    members: members.map((member, i) => ({
      name: memberName(member),
      weight: member.weight,
      validationLoss: Number.isFinite(member.validationLoss) ? member.validationLoss! : null,
      metrics: models[i + 1]!,
    })),
    ensemble: { name: "ensemble", weight: 1, validationLoss: null, metrics: models[0]! },
    correlation: correlationsOf(predictions.members, weights),
  };
}

/** Pairwise Pearson correlations, weighted; events of negative weight count with it. */
function correlationsOf(
  members: readonly Float64Array[],
  weights: Float64Array,
): MemberComparison["correlation"] {
  if (members.length < 2) return null;
  const width = members[0]!.length / weights.length;
  const w = Float64Array.from(members[0]!, (_, at) => weights[Math.floor(at / width)]!);
  const standard = members.map((values) => {
    const { mean, variance } = weightedMoments(values, w);
    const deviation = Math.sqrt(variance);
    return values.map((value) => (value - mean) / deviation);
  });
  const found: number[] = [];
  for (let i = 0; i < standard.length; i++) {
    for (let j = 0; j < i; j++)
      found.push(
        meanOf(
          standard[i]!.map((value, at) => value * standard[j]![at]!),
          w,
        ),
      );
  }
  const mean = found.reduce((total, each) => total + each, 0) / found.length;
  const largest = Math.max(...found);
  return Number.isFinite(mean) ? { mean, largest } : null;
}
