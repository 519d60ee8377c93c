/** Reads one fold ahead in a thread of its own, while the thread that asked for it is at work. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Worker } from "node:worker_threads";
import { compiledFile } from "./compiled-file.ts";
import type { FoldThreadData } from "./fold-thread.ts";
import type { StoredFold } from "./stored-fold.ts";

/**
 * At most one fold is read ahead or lies ready. Nothing here fails: a fold that did not come, because it is damaged or
 * the thread was lost, is read by who needs it, where the error is the one that it always is.
 */
export class FoldAhead {
  readonly #data: FoldThreadData;
  readonly #identity: string;
  #thread: Promise<Worker> | undefined;
  /** Set when the thread cannot be had or was lost, or is no longer wanted. */
  #isOver = false;
  #reading: { readonly index: number; readonly done: Promise<void> } | undefined;
  #ready: { readonly index: number; readonly fold: StoredFold } | undefined;
  #answer: (fold: StoredFold | undefined) => void = () => undefined;

  /** Starts nothing yet. */
  constructor(path: string, matrix: boolean) {
    this.#data = { path: resolve(path), matrix };
    this.#identity = identityOf(this.#data.path);
  }

  /** Begins to read a fold; resolves when `take` has it, or never will. Undefined while another one is being read. */
  read(index: number): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    if (this.#reading) return this.#reading.index === index ? this.#reading.done : undefined;
    if (this.#ready?.index === index) return undefined;
    this.#ready = undefined;
    const done = this.#read(index).finally(() => {
      this.#reading = undefined;
    });
    this.#reading = { index, done };
    return done;
  }

  /** The fold if it was read ahead; it is no longer kept here. */
  take(index: number): StoredFold | undefined {
    if (this.#ready?.index !== index) return undefined;
    const { fold } = this.#ready;
    this.#ready = undefined;
    return fold;
  }

  /** Ends the thread, also in the middle of a fold. */
  close(): void {
    this.#end();
    void this.#thread?.then((thread) => thread.terminate()).catch(() => undefined);
  }

  async #read(index: number): Promise<void> {
    try {
      this.#thread ??= this.#start();
      const thread = await this.#thread;
      if (this.#isOver) return;
      const fold = await new Promise<StoredFold | undefined>((answer) => {
        this.#answer = answer;
        // It is waited for now; afterwards it does not keep the process from ending.
        thread.ref();
        thread.postMessage(index);
      });
      thread.unref();
      if (fold && !this.#isOver) this.#ready = { index, fold };
    } catch {
      this.#end();
    }
  }

  async #start(): Promise<Worker> {
    const { Worker } = await import("node:worker_threads");
    // Another file that has taken the place of the one that is open has other events.
    if (identityOf(this.#data.path) !== this.#identity) throw new Error("another file");
    const thread = new Worker(compiledFile("fold-thread", import.meta.url), {
      workerData: this.#data,
      execArgv: [],
    });
    thread.unref();
    thread.on("message", (fold: StoredFold | undefined) => this.#answer(fold));
    thread.on("messageerror", () => this.#end());
    thread.on("error", () => this.#end());
    thread.on("exit", () => this.#end());
    return thread;
  }

  #end(): void {
    this.#isOver = true;
    this.#ready = undefined;
    this.#answer(undefined);
  }
}

/** The same as long as it is the same file, whatever is written into it. */
function identityOf(path: string): string {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  return file ? `${file.dev} ${file.ino}` : "gone";
}
