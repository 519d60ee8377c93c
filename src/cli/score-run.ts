/** Scoring the events of a run piece by piece: all predictions into files, what is evaluated into memory. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Column,
  concatenateTables,
  type FoldYielder,
  selectValues,
  writeTablePieces,
} from "../data/index.ts";
import { type Ensemble, isOutOfFold } from "../ensemble/index.ts";
import type { Analysis } from "./analysis.ts";
import { type LabelledEvents, type LabelledSource, rowsOfMatrix } from "./labelled-events.ts";
import { type IdentifiedSet, identifiersOf, predictionTable, selectIdentifiers } from "./predictions-file.ts";
import { type ScoreOptions, type Scorer, scoreMembers } from "./score-events.ts";

/** Scored events, with what each member alone predicts where that is wanted. */
export interface ScoredPiece extends IdentifiedSet {
  readonly members?: readonly Float64Array[];
}

/** Scored events of a set: how many, and those to be evaluated. */
export interface KeptScores {
  readonly eventCount: number;
  readonly kept: ScoredPiece;
}

/** The validation events, scored by the whole ensemble and by each member. */
export async function* validationScores(
  scorer: Scorer,
  analysis: Analysis,
  { source, label }: LabelledSource,
  options: ScoreOptions,
): AsyncGenerator<ScoredPiece> {
  let done = 0;
  for await (const piece of source.pieces()) {
    const share = piece.rowCount / source.rowCount;
    const scores = await scoreMembers(scorer, piece, {
      ...options,
      onProgress: (part) => options.onProgress?.(done + part * share),
    });
    done += share;
    yield {
      ...describedSet(analysis, label(piece), scores.ensemble, scorer.ensemble.outputCount, true),
      members: scores.members,
    };
  }
}

/** How many training events {@link outOfFoldScores} gives. */
export function outOfFoldCount(ensemble: Ensemble, folds: FoldYielder): number {
  return folds.foldSizes.reduce((sum, size, fold) => sum + (isScored(ensemble, fold) ? size : 0), 0);
}

/** The training events, fold by fold, scored by the members that did not train on them; others are left out. */
export async function* outOfFoldScores(
  ensemble: Ensemble,
  analysis: Analysis,
  folds: FoldYielder,
  { signal }: ScoreOptions,
): AsyncGenerator<ScoredPiece> {
  const { id } = analysis.input;
  for (const [fold, eventCount] of folds.foldSizes.entries()) {
    if (!isScored(ensemble, fold)) continue;
    const predictions = await ensemble.outOfFold(fold).predictFold(folds, fold, signal ? { signal } : {});
    yield {
      predictions,
      outputCount: ensemble.outputCount,
      targets: Float32Array.from(folds.getColumn("targets", fold) as ArrayLike<number | bigint>, Number),
      targetCount: analysis.target.columns.length,
      weights: folds.columnNames.includes("original_weight")
        ? (folds.getColumn("original_weight", fold) as Float64Array)
        : undefined,
      renormalise: true,
      folds: new Int32Array(eventCount).fill(fold),
      id: Object.fromEntries(id.map((name) => [name, folds.getColumn(name, fold)])),
    };
  }
}

function isScored({ members }: Ensemble, fold: number): boolean {
  return members.some((member) => isOutOfFold(member, fold));
}

/** Labelled events with their predictions. */
export function describedSet(
  analysis: Analysis,
  { table, targets, targetCount, weights }: LabelledEvents,
  predictions: Float64Array,
  outputCount: number,
  renormalise: boolean,
): IdentifiedSet {
  return {
    predictions,
    outputCount,
    targets,
    targetCount,
    weights,
    renormalise,
    id: identifiersOf(table, analysis.input.id),
  };
}

/**
 * Writes `predictions/NAME.csv` while the scores come, and keeps those that are evaluated: all, or of more than `atMost`
 * so many at even distances, with weights that make up for the others.
 */
export async function keepScores(
  folder: string,
  name: string,
  pieces: AsyncIterable<ScoredPiece>,
  eventCount: number,
  atMost: number,
): Promise<KeptScores> {
  await mkdir(folder, { recursive: true });
  const kept: ScoredPiece[] = [];
  const tables = async function* () {
    let first = 0;
    for await (const piece of pieces) {
      kept.push(thinned(piece, first, eventCount, atMost));
      first += piece.predictions.length / piece.outputCount;
      yield predictionTable(piece);
    }
  };
  await writeTablePieces(join(folder, `${name}.csv`), tables());
  return { eventCount, kept: joined(kept) };
}

/** Those of a piece's events that are evaluated; the piece begins with event `first` of `eventCount`. */
export function thinned<S extends ScoredPiece>(set: S, first: number, eventCount: number, atMost: number): S {
  if (eventCount <= atMost) return set;
  const own = set.predictions.length / set.outputCount;
  const before = (i: number): number => Math.floor((i * atMost) / eventCount);
  const rows: number[] = [];
  for (let i = 0; i < own; i++) if (before(first + i + 1) > before(first + i)) rows.push(i);
  const { weights, folds, id, members, outputCount, targetCount } = set;
  const factor = eventCount / atMost;
  return {
    ...set,
    predictions: rowsOfMatrix(set.predictions, rows, outputCount),
    targets: rowsOfMatrix(set.targets, rows, targetCount),
    weights: Float64Array.from(rows, (row) => (weights?.[row] ?? 1) * factor),
    folds: folds && selectValues(folds, rows),
    id: selectIdentifiers(id, rows),
    ...(members ? { members: members.map((each) => rowsOfMatrix(each, rows, outputCount)) } : {}),
  };
}

function joined(pieces: readonly ScoredPiece[]): ScoredPiece {
  const [first] = pieces;
  if (pieces.length === 1) return first!;
  const whole = <C extends Column>(part: (piece: ScoredPiece) => C | undefined): C | undefined => {
    if (first === undefined || part(first) === undefined) return undefined;
    const tables = pieces.map((piece) => ({ rowCount: 0, columns: { column: part(piece)! } }));
    return concatenateTables(tables).columns.column as C;
  };
  return {
    ...first!,
    predictions: whole(({ predictions }) => predictions)!,
    targets: whole(({ targets }) => targets)!,
    weights: whole(({ weights }) => weights),
    folds: whole(({ folds }) => folds),
    id: Object.fromEntries(Object.keys(first!.id).map((name) => [name, whole(({ id }) => id[name])!])),
    ...(first?.members
      ? { members: first.members.map((_, place) => whole(({ members }) => members?.[place])!) }
      : {}),
  };
}
