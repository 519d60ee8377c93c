/** Columnar files are read in a thread of its own: the side of the thread that works on the events. */
import type { MessagePort, Worker } from "node:worker_threads";
import type { ColumnarQuery } from "./columnar-query.ts";
import { threadProgram } from "./compiled-file.ts";
import { errorOf, type PortableError } from "./portable-error.ts";
import { type PortableTable, tableOfPortable } from "./portable-table.ts";
import { type ColumnarLook, piecesReadAnew, scanColumnar } from "./read-columnar.ts";
import type { ReadTableOptions } from "./read-table.ts";
import type { Table } from "./table.ts";
import type { TableScan } from "./table-scan.ts";

/** What a thread is asked for: a look at a file, or pieces, of the rows that it kept then or of those of a query. */
export type ColumnarTask =
  | {
      readonly kind: "look";
      readonly path: string;
      readonly options: ReadTableOptions;
      readonly keep: boolean;
    }
  | { readonly kind: "pieces"; readonly query?: ColumnarQuery | undefined };

/** A task, and where its answers go. */
export interface ColumnarMessage {
  readonly number: number;
  readonly task: ColumnarTask;
  readonly port: MessagePort;
}

/** What a look finds, as it is sent. */
export type SentLook = Omit<ColumnarLook, "kept"> & { readonly isKept: boolean };

/** What is sent back, or why it cannot be; in the end neither. */
export interface ColumnarAnswer {
  readonly look?: SentLook;
  readonly piece?: PortableTable;
  readonly error?: PortableError;
}

/** What a thread is at: done with a task, wanted or not, or waiting until more than so many pieces are taken. */
export type ColumnarState =
  | { readonly kind: "done"; readonly number: number }
  | { readonly kind: "waits"; readonly taken: number };

/**
 * As `scanColumnar`, which it is where no thread can be had: in a bundle, or in sources that are not compiled. The thread
 * ends after the look or, where it keeps the rows, after they were read; only that gives all of its memory back.
 *
 * @param keep as in `ScanLimits`.
 */
export async function scanColumnarInThread(
  path: string,
  options: ReadTableOptions,
  keep: boolean,
): Promise<TableScan> {
  const thread = await ColumnarThread.start();
  if (thread === undefined) return scanColumnar(path, options, { keep });
  const { rowCount, kinds, query, isKept } = await thread.look(path, options, keep);
  let keeper = isKept ? thread : undefined;
  async function* pieces(): AsyncGenerator<Table> {
    const reader = keeper;
    keeper = undefined;
    const other = reader ? undefined : await ColumnarThread.start();
    yield* reader?.pieces() ?? other?.pieces(query) ?? piecesReadAnew(query, {});
  }
  if (keeper) unread.register(pieces, keeper);
  return { rowCount, kinds, pieces };
}

/** Threads whose rows nobody can ask for any more are of no use. */
const unread = new FinalizationRegistry<ColumnarThread>((thread) => thread.end());

/** A thread that does one task after the other. */
class ColumnarThread {
  readonly #worker: Worker;
  #port: MessagePort | undefined;
  /** The number of the last task. */
  #number = 0;
  #isAtWork = false;
  #isUnwanted = false;
  #hasEnded = false;
  #failure = "";
  /** Its answers that were taken. */
  #taken = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (state: ColumnarState) => {
      if (state.kind === "done") this.#isDone(state.number);
      else if (state.taken === this.#taken) worker.unref();
    });
    worker.on("error", (error) => {
      this.#failure = `: ${error.message}`;
    });
    worker.on("exit", () => {
      this.#hasEnded = true;
      this.#port?.close();
    });
    // After the listeners: one for messages keeps the process from ending.
    worker.unref();
  }

  /** Undefined where no thread can be had. */
  static async start(): Promise<ColumnarThread | undefined> {
    const program = threadProgram("columnar-program", import.meta.url);
    if (program === undefined) return undefined;
    const { Worker } = await import("node:worker_threads");
    // DuckDB's chunks are small objects here that stand for much memory: they are to be found garbage soon.
    const resourceLimits = { maxYoungGenerationSizeMb: 1 };
    try {
      return new ColumnarThread(new Worker(program, { execArgv: [], resourceLimits }));
    } catch {
      return undefined;
    }
  }

  /** The look of `lookAtColumnar`; the thread ends with it where it keeps nothing. */
  async look(path: string, options: ReadTableOptions, keep: boolean): Promise<SentLook> {
    let found: SentLook | undefined;
    try {
      // Functions stay here; this one is for ROOT files.
      const task: ColumnarTask = { kind: "look", path, options: { ...options, only: undefined }, keep };
      for await (const { look } of this.#answers(task)) found = look;
    } finally {
      if (!found?.isKept) this.end();
    }
    return found!;
  }

  /** The pieces of the query, or of the rows that were kept; the thread ends with them. */
  async *pieces(query?: ColumnarQuery): AsyncGenerator<Table> {
    try {
      for await (const { piece } of this.#answers({ kind: "pieces", query })) yield tableOfPortable(piece!);
    } finally {
      this.end();
    }
  }

  /** Ends the thread, when it has left off what it is at: DuckDB takes down a process in which a call of it is ended. */
  end(): void {
    this.#isUnwanted = true;
    if (!this.#isAtWork) void this.#worker.terminate();
  }

  /** The answers to a task. One more piece is made ready for each that is taken. */
  async *#answers(task: ColumnarTask): AsyncGenerator<ColumnarAnswer> {
    const { MessageChannel } = await import("node:worker_threads");
    const { port1: own, port2: other } = new MessageChannel();
    const arrived: ColumnarAnswer[] = [];
    let isClosed = this.#hasEnded;
    let wake = (): void => {};
    own.on("message", (answer: ColumnarAnswer) => {
      arrived.push(answer);
      wake();
    });
    own.on("close", () => {
      isClosed = true;
      wake();
    });
    own.unref();
    this.#port = own;
    const number = ++this.#number;
    this.#taken = 0;
    this.#isAtWork = !isClosed;
    // At work, or waited for, it keeps the process from ending.
    this.#worker.ref();
    this.#worker.postMessage({ number, task, port: other } satisfies ColumnarMessage, [other]);
    try {
      for (;;) {
        const answer = arrived.shift();
        if (answer === undefined) {
          if (isClosed) throw new Error(`the thread that reads the events has ended${this.#failure}`);
          own.ref();
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          own.unref();
          continue;
        }
        const isLast = answer.look === undefined && answer.piece === undefined;
        if (isLast) this.#isDone(number);
        if (answer.error !== undefined) throw errorOf(answer.error);
        if (isLast) return;
        this.#taken++;
        this.#worker.ref();
        own.postMessage("taken");
        yield answer;
      }
    } finally {
      own.close();
    }
  }

  /** Told twice: with the last answer, at once, and by the thread itself where nobody listens to answers any more. */
  #isDone(number: number): void {
    if (number !== this.#number) return;
    this.#isAtWork = false;
    this.#worker.unref();
    if (this.#isUnwanted) this.end();
  }
}
