/** The program of the thread that writes a fold file: folds come, and a word for each goes back. */
import { parentPort, workerData } from "node:worker_threads";
import { LuminError } from "../errors/index.ts";
import type { FoldEvents, FoldFileHeader, FoldFormat } from "./fold-file.ts";
import { FoldWriter } from "./fold-writer.ts";

/** What the thread is asked for. */
export type FoldWriterTask =
  | { readonly kind: "add"; readonly events: FoldEvents }
  | { readonly kind: "finish" };

/** That a task is done, or why not. */
export interface FoldWriterReply {
  readonly error?: { readonly message: string; readonly isKnown: boolean } | undefined;
}

/** Which file it writes. */
interface FoldWriterData {
  readonly path: string;
  readonly header: FoldFileHeader;
  readonly format: FoldFormat;
}

const { path, header, format } = workerData as FoldWriterData;
const writer = FoldWriter.create(path, header, format);
// Who asks for something hears of it.
writer.catch(() => {});
let last: Promise<void> = Promise.resolve();

parentPort!.on("message", (task: FoldWriterTask) => {
  last = last.then(() => reply(task));
});

async function reply(task: FoldWriterTask): Promise<void> {
  let answer: FoldWriterReply = {};
  try {
    if (task.kind === "add") await (await writer).add(task.events);
    else await (await writer).finish();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answer = { error: { message, isKnown: error instanceof LuminError } };
  }
  parentPort!.postMessage(answer);
}
