/** The program of the thread that writes a fold file: folds come, a word goes back when all are written, or why not. */
import { parentPort, workerData } from "node:worker_threads";
import { LuminError } from "../errors/index.ts";
import type { FoldEvents, FoldFileHeader, FoldFormat } from "./fold-file.ts";
import { FoldWriter } from "./fold-writer.ts";

/** What the thread is asked for. */
export type FoldWriterTask =
  | { readonly kind: "add"; readonly events: FoldEvents }
  | { readonly kind: "finish" };

/** That the file is written, or why it cannot be. */
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
let writer = FoldWriter.create(path, header, format);
writer.catch(reportError);

parentPort!.on("message", (task: FoldWriterTask) => {
  // One after the other, in the order in which they come; none after the first error.
  writer = writer.then((writer) => done(writer, task));
  writer.catch(reportError);
});

async function done(writer: FoldWriter, task: FoldWriterTask): Promise<FoldWriter> {
  if (task.kind === "add") {
    await writer.add(task.events);
  } else {
    await writer.finish();
    reply({});
  }
  return writer;
}

function reportError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  reply({ error: { message, isKnown: error instanceof LuminError } });
}

function reply(word: FoldWriterReply): void {
  parentPort!.postMessage(word);
}
