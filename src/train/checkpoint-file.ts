/** The file of a member's checkpoint: replaced as a whole, now and then, at the end of a fold. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "../data/atomic-file.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { memberDirectory } from "./member-files.ts";

/** Seconds between two checkpoints where nothing else is asked for. */
export const defaultCheckpointSeconds = 5;

/** What a process needs to keep checkpoints: plain data. */
export interface CheckpointSettings {
  /** The ensemble's folder. */
  readonly directory: string;
  /** Of the training; a checkpoint of another one is not taken. */
  readonly fingerprint: string;
  /** Least time between two; 0: at the end of every fold. */
  readonly seconds: number;
}

/** Where the checkpoint of a member lies inside the ensemble's folder. */
export function checkpointPath(directory: string, member: number): string {
  return join(memberDirectory(directory, member), "checkpoint.safetensors");
}

/** Removes a member's checkpoint, if there is one. */
export async function removeCheckpoint(directory: string, member: number): Promise<void> {
  await rm(checkpointPath(directory, member), { force: true });
}

/** Reads and writes the checkpoint of one member. */
export class CheckpointFile {
  readonly #path: string;
  readonly #settings: CheckpointSettings;
  #last = performance.now();
  #cost = 0;

  constructor(settings: CheckpointSettings, member: number) {
    this.#path = checkpointPath(settings.directory, member);
    this.#settings = settings;
  }

  /** Whether the time has come: writing takes at most a hundredth of the training, unless every fold is asked for. */
  get isDue(): boolean {
    const { seconds } = this.#settings;
    const elapsed = performance.now() - this.#last;
    return seconds === 0 || elapsed >= Math.max(1000 * seconds, 100 * this.#cost);
  }

  /** Replaces the file; on disk when it returns. */
  async write(checkpoint: Checkpoint): Promise<void> {
    const started = performance.now();
    const bytes = encodeCheckpoint(checkpoint, this.#settings.fingerprint);
    await mkdir(dirname(this.#path), { recursive: true });
    await writeAtomically(this.#path, (temporary) => writeFile(temporary, bytes));
    this.#last = performance.now();
    this.#cost = this.#last - started;
  }

  /** The checkpoint of this training; undefined if there is none, or none that can be read. */
  async read(): Promise<Checkpoint | undefined> {
    try {
      const { checkpoint, fingerprint } = decodeCheckpoint(await readFile(this.#path), this.#path);
      return fingerprint === this.#settings.fingerprint ? checkpoint : undefined;
    } catch {
      return undefined; // Damaged: the member begins again, which gives the same bytes.
    }
  }
}
