/** Folds are put together and written in a thread of its own: the side of the thread that has the events. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { DataError } from "../errors/index.ts";
import { compiledFile } from "./compiled-file.ts";
import type { DealtFoldReply, DealtFoldTask } from "./dealt-fold-program.ts";
import { DealtFoldWriter } from "./dealt-fold-writer.ts";
import type { DealtFormat, DealtPiece, FoldFileHeader } from "./fold-file.ts";

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
        else fail(error.isKnown ? new DataError(error.message) : new Error(error.message));
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
    const program = programUrl();
    if (program === undefined) return DealtFoldWriter.create(path, header, format);
    const { Worker } = await import("node:worker_threads");
    const workerData = { path: resolve(path), header, format };
    return new DealtFoldThread(new Worker(program, { workerData, execArgv: [] }));
  }

  /** Features and weights are handed over and cannot be used afterwards, all else is copied. */
  async add(piece: DealtPiece): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { features, weights } = piece.events;
    const buffers = [features, weights].flatMap((values) => (values ? [values.buffer as ArrayBuffer] : []));
    this.#thread.postMessage({ kind: "add", piece } satisfies DealtFoldTask, buffers);
  }

  async finish(): Promise<void> {
    this.#thread.postMessage({ kind: "finish" } satisfies DealtFoldTask);
    await this.#done;
    await this.#thread.terminate();
  }

  async abandon(): Promise<void> {
    await this.#thread.terminate();
  }
}

function programUrl(): URL | undefined {
  try {
    const url = compiledFile("dealt-fold-program", import.meta.url);
    return existsSync(fileURLToPath(url)) ? url : undefined;
  } catch {
    return undefined;
  }
}
