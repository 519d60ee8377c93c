/** Folds are put together and written in a thread of its own: the side of the thread that has the events. */
import { resolve } from "node:path";
import type { Worker } from "node:worker_threads";
import { threadProgram } from "./compiled-file.ts";
import type { DealtFoldReply, DealtFoldTask } from "./dealt-fold-program.ts";
import { DealtFoldWriter } from "./dealt-fold-writer.ts";
import type { DealtFormat, DealtPiece, FoldFileHeader } from "./fold-file.ts";
import { errorOf } from "./portable-error.ts";

/** Works as `DealtFoldWriter` does, but `add` only hands the piece over: what goes wrong is thrown later. */
export class DealtFoldThread {
  readonly #thread: Worker;
  /** The file is written, or something went wrong. */
  readonly #done: Promise<void>;
  #failure: Error | undefined;

  private constructor(thread: Worker) {
    this.#thread = thread;
    this.#done = new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.#failure = error;
        reject(error);
      };
      thread.on("message", ({ error }: DealtFoldReply) => {
        if (error === undefined) resolve();
        else fail(errorOf(error));
      });
      thread.on("error", fail);
      thread.on("exit", () => fail(new Error("the thread that writes has ended")));
    });
    // Whoever awaits it hears of it.
    this.#done.catch(() => {});
  }

  /** A writer in a thread, or in this one where no thread can be had: in a bundle, or in sources that are not compiled. */
  static async create(
    path: string,
    header: FoldFileHeader,
    format: DealtFormat,
  ): Promise<DealtFoldThread | DealtFoldWriter> {
    startDealtFoldThread();
    if (spare === undefined) return DealtFoldWriter.create(path, header, format);
    const taken = spare;
    spare = undefined;
    const thread = await taken.catch(() => undefined);
    if (thread === undefined) return DealtFoldWriter.create(path, header, format);
    thread.removeAllListeners();
    thread.ref();
    const writer = new DealtFoldThread(thread);
    writer.#send({ kind: "create", path: resolve(path), header, format });
    return writer;
  }

  /** Features and weights are handed over and cannot be used afterwards, all else is copied. */
  async add(piece: DealtPiece): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { features, weights } = piece.events;
    const buffers = [features, weights].flatMap((values) => (values ? [values.buffer as ArrayBuffer] : []));
    this.#send({ kind: "add", piece }, buffers);
  }

  async finish(): Promise<void> {
    this.#send({ kind: "finish" });
    await this.#done;
    await this.#thread.terminate();
  }

  async abandon(): Promise<void> {
    await this.#thread.terminate();
  }

  #send(task: DealtFoldTask, buffers: readonly ArrayBuffer[] = []): void {
    this.#thread.postMessage(task, buffers);
  }
}

/** A thread that nobody uses yet, which does not keep the process from ending. */
let spare: Promise<Worker> | undefined;

/** Starts a thread, which the next writer takes: it takes a while, in which the events may be prepared. */
export function startDealtFoldThread(): void {
  const program = threadProgram("dealt-fold-program", import.meta.url);
  if (program === undefined || spare !== undefined) return;
  spare = started(program);
  // Whoever takes it hears of it.
  spare.catch(() => {});
}

async function started(program: URL): Promise<Worker> {
  const { Worker } = await import("node:worker_threads");
  const thread = new Worker(program, { execArgv: [] });
  thread.unref();
  // Who takes it hears of what happens then.
  thread.on("error", () => {});
  thread.on("exit", () => {
    spare = undefined;
  });
  return thread;
}
