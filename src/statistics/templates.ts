/** Binned templates: what each process is expected to give in every bin of a discriminant. */
import { histogram, type Numbers } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";

/** Events with the number that is binned and the process each belongs to. */
export interface ProcessEvents {
  readonly discriminant: Numbers;
  /** Name of the process of each event. */
  readonly processes: readonly string[];
  readonly weights?: Numbers | undefined;
}

/** The histogram of one process. */
export interface Template {
  readonly process: string;
  /** Σ w of each bin. */
  readonly sums: Float64Array;
  /** √Σ w² of each bin: the statistical uncertainty of the sum. */
  readonly uncertainties: Float64Array;
  /** Number of events of each bin, those of weight 0 left out. */
  readonly counts: Float64Array;
}

/**
 * One template for each process, in the order of `names` (default: of their names).
 *
 * Bin i holds edges[i] ≤ x < edges[i + 1], the last one its end too. Events outside the edges are in no bin, and
 * negative weights are legal.
 *
 * @throws {DataError} for lengths that differ, no events, weights that are not finite, a discriminant that is NaN, a
 * process that is not among the names, edges that do not rise.
 * @example
 * templatesOf({ discriminant: [0.2, 0.9], processes: ["b", "s"], weights: [2, 3] }, [0, 0.5, 1])[1].sums // Float64Array [0, 3]
 */
export function templatesOf(events: ProcessEvents, edges: Numbers, names?: readonly string[]): Template[] {
  const { discriminant, processes, weights } = events;
  checkProcessEvents("templatesOf", events);
  const wanted = names ?? [...new Set(processes)].sort();
  const unknown = processes.find((process) => !wanted.includes(process));
  if (unknown !== undefined) {
    throw new DataError(
      `templatesOf: there are events of "${unknown}", but templates of ${wanted.join(", ")}.`,
    );
  }
  return wanted.map((process) => {
    const own = Float64Array.from(processes, (name, i) => (name !== process ? 0 : weights ? weights[i]! : 1));
    const { sums, squares, counts } = histogram(discriminant, { edges }, own);
    return { process, sums, uncertainties: squares.map(Math.sqrt), counts };
  });
}

/** Checks events against each other. */
export function checkProcessEvents(where: string, events: ProcessEvents): void {
  const { discriminant, processes, weights } = events;
  const count = discriminant.length;
  if (count === 0) throw new DataError(`${where}: there are no events.`);
  for (const [what, length] of [
    ["process", processes.length],
    ["weight", weights?.length ?? count],
  ] as const) {
    if (length !== count) {
      throw new DataError(`${where}: ${counted(count, "event")}, but ${counted(length, what)}.`);
    }
  }
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(discriminant[i]))
      throw new DataError(`${where}: the discriminant of event ${i} is NaN.`);
    if (weights && !Number.isFinite(weights[i])) {
      throw new DataError(`${where}: the weight of event ${i} is ${weights[i]}; it must be a finite number.`);
    }
  }
}
