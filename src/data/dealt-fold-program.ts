/** The program of the thread that writes folds: pieces come, a word goes back when all is written, or why not. */
import { parentPort } from "node:worker_threads";
import { DealtFoldWriter } from "./dealt-fold-writer.ts";
import { loadDigest } from "./fold-digest.ts";
import type { DealtFormat, DealtPiece, FoldFileHeader } from "./fold-file.ts";
import { loadHdf5 } from "./hdf5.ts";
import { type PortableError, portableError } from "./portable-error.ts";

/** What the thread is asked for: to begin a file, to take a piece, to finish. */
export type DealtFoldTask =
  | {
      readonly kind: "create";
      readonly path: string;
      readonly header: FoldFileHeader;
      readonly format: DealtFormat;
    }
  | { readonly kind: "add"; readonly piece: DealtPiece }
  | { readonly kind: "finish" };

/** That the file is written, or why it cannot be. */
export interface DealtFoldReply {
  readonly error?: PortableError | undefined;
}

// They take a while to load, which the first task need not wait for.
let writer: Promise<DealtFoldWriter | undefined> = Promise.all([loadHdf5(), loadDigest()]).then(
  () => undefined,
);
writer.catch(reportError);

parentPort!.on("message", (task: DealtFoldTask) => {
  // One after the other, in the order in which they come; none after the first error.
  writer = writer.then((writer) => done(writer, task));
  writer.catch(reportError);
});

async function done(writer: DealtFoldWriter | undefined, task: DealtFoldTask): Promise<DealtFoldWriter> {
  if (task.kind === "create") return DealtFoldWriter.create(task.path, task.header, task.format);
  if (task.kind === "add") {
    await writer!.add(task.piece);
  } else {
    await writer!.finish();
    reply({});
  }
  return writer!;
}

function reportError(error: unknown): void {
  reply({ error: portableError(error) });
}

function reply(word: DealtFoldReply): void {
  parentPort!.postMessage(word);
}
