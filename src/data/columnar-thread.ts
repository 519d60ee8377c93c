/** Columnar files are read in a thread of its own: the side of the thread that works on the events. */
import type { MessagePort, Worker } from "node:worker_threads";
import { threadProgram } from "./compiled-file.ts";
import { errorOf, type PortableError } from "./portable-error.ts";
import { type PortableTable, tableOfPortable } from "./portable-table.ts";
import { scanColumnar } from "./read-columnar.ts";
import type { ReadTableOptions } from "./read-table.ts";
import type { Table } from "./table.ts";
import type { TableScan } from "./table-scan.ts";

/** What the thread is asked for: a look at a file, or the pieces of one that it has looked at. */
export type ColumnarTask =
  | {
      readonly kind: "scan";
      readonly id: number;
      readonly path: string;
      readonly options: ReadTableOptions;
      readonly keep: number;
    }
  | { readonly kind: "pieces"; readonly id: number };

/** A task, and where its answers go; its number comes back when it is done, wanted or not. */
export interface ColumnarMessage {
  readonly number: number;
  readonly task: ColumnarTask;
  readonly port: MessagePort;
}

/** What it sends back, or why it cannot; after the last piece neither. */
export interface ColumnarAnswer {
  readonly scan?: Omit<TableScan, "pieces">;
  readonly piece?: PortableTable;
  readonly error?: PortableError;
}

/** Starts the thread, which `scanColumnarInThread` does otherwise: for a moment in which nothing else is to do. */
export function startColumnarThread(): void {
  ColumnarThread.start();
}

/**
 * As `scanColumnar`, which it is where no thread can be had: in a bundle, or in sources that are not compiled.
 *
 * @param keep as in `ScanLimits`.
 */
export async function scanColumnarInThread(
  path: string,
  options: ReadTableOptions,
  keep: number,
): Promise<TableScan> {
  const thread = await ColumnarThread.start();
  if (thread === undefined) return scanColumnar(path, options, { keep });
  const id = thread.openFile();
  let scan: ColumnarAnswer["scan"];
  try {
    // Functions stay here; this one is for ROOT files.
    const task: ColumnarTask = { kind: "scan", id, path, options: { ...options, only: undefined }, keep };
    for await (const answer of thread.answers(task)) scan = answer.scan!;
  } catch (error) {
    thread.closeFile();
    throw error;
  }
  let isTaken = false;
  return {
    ...scan!,
    async *pieces() {
      if (isTaken) {
        yield* (await scanColumnarInThread(path, options, keep)).pieces();
        return;
      }
      isTaken = true;
      try {
        yield* thread.pieces(id);
      } finally {
        thread.closeFile();
      }
    },
  };
}

/** A thread for all files that are read at a time. Without files it ends: only that gives all memory back. */
class ColumnarThread {
  static #running: Promise<ColumnarThread> | undefined;

  readonly #worker: Worker;
  #lastId = 0;
  /** Files that it looked at and whose pieces were not asked for, or not all of them given. */
  #fileCount = 0;
  #lastTask = 0;
  /** The numbers of what it is at work on. */
  readonly #tasks = new Set<number>();
  #failure = "";
  #hasEnded = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (number: number) => this.#taskEnds(number));
    worker.on("error", (error) => {
      this.#failure = `: ${error.message}`;
    });
    worker.on("exit", () => {
      this.#hasEnded = true;
    });
    // After the listeners: one for messages would keep the process from ending.
    worker.unref();
  }

  /** The thread that runs, or a new one; undefined where none can be had. */
  static start(): Promise<ColumnarThread> | undefined {
    const program = threadProgram("columnar-program", import.meta.url);
    if (program !== undefined) ColumnarThread.#running ??= ColumnarThread.#create(program);
    return ColumnarThread.#running;
  }

  static async #create(program: URL): Promise<ColumnarThread> {
    const { Worker } = await import("node:worker_threads");
    // DuckDB's chunks are small objects here that stand for much memory: they are to be found garbage soon.
    const resourceLimits = { maxYoungGenerationSizeMb: 1 };
    const worker = new Worker(program, { execArgv: [], resourceLimits });
    const running = ColumnarThread.#running;
    worker.on("exit", () => {
      if (ColumnarThread.#running === running) ColumnarThread.#running = undefined;
    });
    return new ColumnarThread(worker);
  }

  /** A number for a file that will be looked at. */
  openFile(): number {
    this.#fileCount++;
    return this.#lastId++;
  }

  /** A file is done with. */
  closeFile(): void {
    this.#fileCount--;
    this.#endIfIdle();
  }

  async *pieces(id: number): AsyncGenerator<Table> {
    for await (const { piece } of this.answers({ kind: "pieces", id })) yield tableOfPortable(piece!);
  }

  /** The answers to a task. Another one is made ready for each that is taken. */
  async *answers(task: ColumnarTask): AsyncGenerator<ColumnarAnswer> {
    const { EventEmitter } = await import("node:events");
    const { MessageChannel } = await import("node:worker_threads");
    const { port1: own, port2: other } = new MessageChannel();
    const end = (): void => own.close();
    this.#worker.on("exit", end);
    if (this.#hasEnded) end();
    const number = this.#lastTask++;
    this.#tasks.add(number);
    this.#worker.ref();
    this.#worker.postMessage({ number, task, port: other } satisfies ColumnarMessage, [other]);
    try {
      const messages = EventEmitter.on(own, "message", { close: ["close"] });
      for await (const [answer] of messages as AsyncIterable<[ColumnarAnswer]>) {
        const isLast = answer.scan === undefined && answer.piece === undefined;
        if (isLast) this.#taskEnds(number);
        if (answer.error !== undefined) throw errorOf(answer.error);
        if (isLast) return;
        own.postMessage("taken");
        yield answer;
      }
      throw new Error(`the thread that reads the events has ended${this.#failure}`);
    } finally {
      this.#worker.off("exit", end);
      own.close();
    }
  }

  #taskEnds(number: number): void {
    if (!this.#tasks.delete(number)) return;
    // At work, it keeps the process from ending: DuckDB takes down a process that ends in the middle of a call.
    if (this.#tasks.size === 0) this.#worker.unref();
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#fileCount === 0 && this.#tasks.size === 0) void this.#worker.terminate();
  }
}
