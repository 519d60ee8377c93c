/** A fold file is written in a thread of its own: this side of it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { TransferListItem, Worker } from "node:worker_threads";
import { DataError } from "../errors/index.ts";
import { compiledFile } from "./compiled-file.ts";
import type { FoldEvents, FoldFileHeader, FoldFormat } from "./fold-file.ts";
import { FoldWriter } from "./fold-writer.ts";
import type { FoldWriterReply, FoldWriterTask } from "./fold-writer-program.ts";

/** Folds that may be on their way to the thread. */
const foldsAhead = 3;

/** Works as `FoldWriter` does, but `add` resolves before the fold is written; what went wrong is thrown later. */
export class FoldWriterThread {
  readonly #thread: Worker;
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  readonly #replies: Promise<void>[] = [];
  #failure: Error | undefined;

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on("message", ({ error }: FoldWriterReply) => {
      const task = this.#waiting.shift();
      if (error === undefined) task?.resolve();
      else task?.reject(error.isKnown ? new DataError(error.message) : new Error(error.message));
    });
    thread.on("error", (error) => this.#fail(error));
    thread.on("exit", () => this.#fail(new Error("the thread that writes has ended")));
  }

  /** A writer in a thread, or in this one where no thread can be had: in a bundle, or in sources that are not compiled. */
  static async start(
    path: string,
    header: FoldFileHeader,
    format: FoldFormat,
  ): Promise<FoldWriterThread | FoldWriter> {
    const program = programUrl();
    if (program === undefined) return FoldWriter.create(path, header, format);
    const { Worker } = await import("node:worker_threads");
    const { inThread: _, ...rest } = format;
    const thread = new Worker(program, {
      workerData: { path: resolve(path), header, format: rest },
      execArgv: [],
    });
    return new FoldWriterThread(thread);
  }

  /** Hands a fold over; waits where several are on their way. */
  async add(events: FoldEvents): Promise<void> {
    const { features, targets, weights, matrix, columns } = events;
    const arrays = [features, targets, weights, matrix, ...Object.values(columns)];
    const buffers = arrays.flatMap((array) => (ArrayBuffer.isView(array) ? [array.buffer] : []));
    // Two columns may be one array.
    this.#replies.push(this.#ask({ kind: "add", events }, [...new Set(buffers)] as ArrayBuffer[]));
    if (this.#replies.length > foldsAhead) await this.#replies.shift();
  }

  async finish(): Promise<void> {
    for (const reply of this.#replies) await reply;
    await this.#ask({ kind: "finish" });
    await this.#thread.terminate();
  }

  async abandon(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(task: FoldWriterTask, buffers: readonly TransferListItem[] = []): Promise<void> {
    const reply = new Promise<void>((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else this.#waiting.push({ resolve, reject });
    });
    // Whoever awaits it hears of it.
    reply.catch(() => {});
    if (!this.#failure) this.#thread.postMessage(task, buffers);
    return reply;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function programUrl(): URL | undefined {
  try {
    const url = compiledFile("fold-writer-program", import.meta.url);
    return existsSync(fileURLToPath(url)) ? url : undefined;
  } catch {
    return undefined;
  }
}
