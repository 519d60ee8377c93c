/** The exported graph against the ensemble's own prediction, on real events and on spoilt copies of them. */
import {
  type AugmentationPlan,
  applyPipeline,
  columnOf,
  numbersOf,
  type Pipeline,
  selectRows,
  type Table,
  tableOf,
} from "../../data/index.ts";
import { Session, type SessionValue } from "../../engine/index.ts";
import { DataError } from "../../errors/index.ts";
import type { Ensemble, PredictionOptions } from "../ensemble.ts";
import { augmentedInputs } from "../prediction-inputs.ts";
import { type InputForm, matrixName } from "./trace-pipeline.ts";
import type { ExportedInput } from "./traced-columns.ts";

/** Largest difference that an exported file may have: |difference| / max(1, |prediction|). */
export const exportTolerance = 1e-5;

/** Events of one call, in the check. */
const eventsPerCall = 512;

/** What is compared. */
export interface ExportUnderTest {
  readonly ensemble: Ensemble;
  readonly pipeline: Pipeline;
  readonly plan?: AugmentationPlan | undefined;
  readonly directory?: string | undefined;
  readonly model: Uint8Array;
  readonly inputs: readonly ExportedInput[];
  readonly output: string;
  readonly form: InputForm;
}

export interface ExportCheck {
  readonly eventCount: number;
  /** Copies of events with one input missing or infinite, each input in turn. */
  readonly spoiltCount: number;
  /** |difference| / max(1, |prediction|), the largest of all events and outputs. */
  readonly largestDifference: number;
}

/**
 * Runs the file's bytes and the ensemble on the same events.
 *
 * @throws DataError if they differ by more than {@link exportTolerance}.
 */
export async function checkExport(
  exported: ExportUnderTest,
  events: Table,
  options: PredictionOptions = {},
): Promise<ExportCheck> {
  const session = await Session.create(exported.model);
  try {
    const spoilt = spoiltEvents(exported, events);
    let largest = 0;
    for (const table of [events, spoilt]) {
      const expected = await ownPrediction(exported, table, options);
      const found = await graphPrediction(exported, session, table);
      for (let i = 0; i < expected.length; i++) {
        const [ours, theirs] = [expected[i]!, found[i]!];
        const difference = Number.isNaN(ours) && Number.isNaN(theirs) ? 0 : relative(ours, theirs);
        if (!(difference <= exportTolerance)) {
          throw new DataError(
            `export: for event ${Math.floor(i / exported.ensemble.outputCount) + 1}${table === spoilt ? " with a missing input" : ""} the file would give ${theirs}, the run itself gives ${ours}; that is more than ${exportTolerance} apart, so nothing was written.`,
          );
        }
        largest = Math.max(largest, difference);
      }
    }
    return { eventCount: events.rowCount, spoiltCount: spoilt.rowCount, largestDifference: largest };
  } finally {
    await session.release();
  }
}

function relative(ours: number, theirs: number): number {
  return Math.abs(ours - theirs) / Math.max(1, Math.abs(ours));
}

async function ownPrediction(
  { ensemble, pipeline, plan, directory }: ExportUnderTest,
  table: Table,
  options: PredictionOptions,
): Promise<Float64Array> {
  const { features, inputs, eventCount } = await applyPipeline(pipeline, table, { directory });
  const variants = plan === undefined ? inputs : augmentedInputs(features, plan);
  return ensemble.predict(variants, eventCount, options);
}

async function graphPrediction(
  { ensemble, inputs, output, form }: ExportUnderTest,
  session: Session,
  table: Table,
): Promise<Float64Array> {
  const columns = inputs.map((each) => rawValues(table, each));
  const outputs = ensemble.outputCount;
  const result = new Float64Array(table.rowCount * outputs);
  for (let start = 0; start < table.rowCount; start += eventsPerCall) {
    const count = Math.min(eventsPerCall, table.rowCount - start);
    const pieces = columns.map((column) => column.subarray(start, start + count));
    const feeds: Record<string, SessionValue> = {};
    if (form === "columns") {
      for (const [i, { name }] of inputs.entries()) feeds[name] = { data: pieces[i]!, shape: [count] };
    } else {
      const data = new Float64Array(count * pieces.length);
      for (const [c, piece] of pieces.entries()) {
        for (let i = 0; i < count; i++) data[i * pieces.length + c] = piece[i]!;
      }
      feeds[matrixName] = { data, shape: [count, pieces.length] };
    }
    result.set((await session.run(feeds))[output]!.data, start * outputs);
  }
  return result;
}

/** What the graph is given for a raw column: its numbers, or the codes of its texts. */
function rawValues(table: Table, { name, kind, values = [] }: ExportedInput): Float64Array {
  if (kind !== "code") return Float64Array.from(numbersOf(table, name));
  const codes = new Map(values.map((value, code) => [String(value), code]));
  const column = columnOf(table, name);
  return Float64Array.from({ length: column.length }, (_, i) => codes.get(String(column[i])) ?? -1);
}

/** One event a numeric input and way of being missing: NaN, ±∞, and each value that stands for "missing". */
function spoiltEvents({ inputs, pipeline }: ExportUnderTest, events: Table): Table {
  const marks = pipeline.steps.flatMap((step) => (step.kind === "missing" ? step.values : []));
  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ...marks];
  const spoils = inputs
    .filter(({ kind }) => kind === "number")
    .flatMap(({ name }) => bad.map((value) => ({ name, value })));
  const rows = spoils.map((_, i) => i % events.rowCount);
  const copies = selectRows(events, rows);
  const columns = { ...copies.columns };
  for (const name of new Set(spoils.map((spoil) => spoil.name))) {
    // A copy of its own type: of floats, the nearest one to −999.9 is missing, of doubles it is not.
    const values = numbersOf(copies, name).slice();
    for (const [i, spoil] of spoils.entries()) if (spoil.name === name) values[i] = spoil.value;
    columns[name] = values;
  }
  return tableOf(columns);
}
