/** The program of the thread that writes folds: pieces come, a word goes back when all is written, or why not. */
import { parentPort, workerData } from "node:worker_threads";
import { LuminError } from "../errors/index.ts";
import { DealtFoldWriter } from "./dealt-fold-writer.ts";
import type { DealtFormat, DealtPiece, FoldFileHeader } from "./fold-file.ts";

/** What the thread is asked for. */
export type DealtFoldTask =
  | { readonly kind: "add"; readonly piece: DealtPiece }
  | { readonly kind: "finish" };

/** That the file is written, or why it cannot be. */
export interface DealtFoldReply {
  readonly error?: { readonly message: string; readonly isKnown: boolean } | undefined;
}

/** Which file it writes. */
interface DealtFoldData {
  readonly path: string;
  readonly header: FoldFileHeader;
  readonly format: DealtFormat;
}

const { path, header, format } = workerData as DealtFoldData;
let writer = DealtFoldWriter.create(path, header, format);
writer.catch(reportError);

parentPort!.on("message", (task: DealtFoldTask) => {
  // One after the other, in the order in which they come; none after the first error.
  writer = writer.then((writer) => done(writer, task));
  writer.catch(reportError);
});

async function done(writer: DealtFoldWriter, task: DealtFoldTask): Promise<DealtFoldWriter> {
  if (task.kind === "add") {
    await writer.add(task.piece);
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

function reply(word: DealtFoldReply): void {
  parentPort!.postMessage(word);
}
