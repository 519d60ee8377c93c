/** `lumin data higgs`: the full file of the Higgs challenge. */
import { join } from "node:path";
import { FileFormatError } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { type DownloadProgress, download, megabytes } from "./download.ts";
import { RedrawnBlock } from "./terminal.ts";
import { bar, duration } from "./training-progress.ts";

export interface DataOptions {
  readonly dir: string;
  readonly url?: string;
}

const fileName = "atlas-higgs-challenge-2014-v2.csv.gz";
const address = `https://opendata.cern.ch/record/328/files/${fileName}`;

export async function dataHiggsCommand(options: DataOptions, context: CommandContext): Promise<void> {
  const url = options.url ?? address;
  const path = join(options.dir, fileName);
  const show = downloadProgress();
  const result = await download({
    url,
    path,
    gzip: true,
    signal: context.signal,
    onProgress: show,
    onNote: (text) => context.reporter.note(text),
  }).catch((error: unknown) => {
    // A file of that name that is not sound was not left by a broken download: those are called .part.
    if (error instanceof FileFormatError && error.message.startsWith(`"${path}"`)) {
      throw new FileFormatError(`${error.message} Delete it and run the command again.`);
    }
    throw error;
  });
  const size = megabytes(result.size);
  if (result.status === "present") {
    process.stdout.write(`${path} is already there, complete (${size}).\n`);
    return;
  }
  const resumed =
    result.resumedFrom > 0 ? `, ${megabytes(result.resumedFrom)} of it from an earlier download` : "";
  process.stdout.write(`${path}: ${size}${resumed}.\n`);
}

/** A bar on a terminal, a line every ten seconds elsewhere. */
function downloadProgress(): (progress: DownloadProgress) => void {
  const isTerminal = process.stderr.isTTY === true;
  const block = new RedrawnBlock(process.stderr);
  const started = performance.now();
  let first: number | undefined;
  let last = Number.NEGATIVE_INFINITY;
  return ({ received, total }) => {
    first ??= received;
    const now = performance.now();
    const isComplete = received === total;
    if (now - last < (isTerminal ? 100 : 10_000) && !isComplete) return;
    last = now;
    const speed = (received - first) / ((now - started) / 1000);
    const left =
      total === undefined || speed <= 0 ? "" : `, ${duration((1000 * (total - received)) / speed)} left`;
    const amount =
      total === undefined ? megabytes(received) : `${megabytes(received)} of ${megabytes(total)}`;
    const picture = total === undefined || !isTerminal ? "" : `${bar(received / total, 30)} `;
    const line = `${picture}${amount}${isComplete ? "" : left}`;
    if (isTerminal) block.draw([line]);
    else process.stderr.write(`${line}\n`);
  };
}
