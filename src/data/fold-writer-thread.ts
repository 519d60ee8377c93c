/** A fold file is written in a thread of its own: the side of the thread that has the folds. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { DataError } from "../errors/index.ts";
import { compiledFile } from "./compiled-file.ts";
import type { FoldEvents, FoldFileHeader, FoldFormat } from "./fold-file.ts";
import { FoldWriter } from "./fold-writer.ts";
import type { FoldWriterReply, FoldWriterTask } from "./fold-writer-program.ts";

/** Works as `FoldWriter` does, but `add` resolves before the fold is written: what goes wrong is thrown later. */
export class FoldWriterThread {
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
      thread.on("message", ({ error }: FoldWriterReply) => {
        if (error === undefined) resolve();
        else fail(error.isKnown ? new DataError(error.message) : new Error(error.message));
      });
      thread.on("error", fail);
      thread.on("exit", () => fail(new Error("the thread that writes has ended")));
    });
    // Whoever awaits it hears of it.
    this.#done.catch(() => {});
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
    const workerData = { path: resolve(path), header, format };
    return new FoldWriterThread(new Worker(program, { workerData, execArgv: [] }));
  }

  /** Hands a fold over. */
  async add(events: FoldEvents): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { features, targets, weights, matrix, columns } = events;
    const arrays = [features, targets, weights, matrix, ...Object.values(columns)];
    const buffers = arrays.flatMap((array) =>
      ArrayBuffer.isView(array) ? [array.buffer as ArrayBuffer] : [],
    );
    // Two columns may be one array.
    this.#thread.postMessage({ kind: "add", events } satisfies FoldWriterTask, [...new Set(buffers)]);
  }

  async finish(): Promise<void> {
    this.#thread.postMessage({ kind: "finish" } satisfies FoldWriterTask);
    await this.#done;
    await this.#thread.terminate();
  }

  async abandon(): Promise<void> {
    await this.#thread.terminate();
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
