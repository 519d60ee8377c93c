/** Checksums of all that a fold file holds, stored in it: what changed since it was written is noticed when it is read. */
import { createXXHash64 } from "hash-wasm";
import { FileFormatError } from "../errors/index.ts";
import type { Hdf5File } from "./hdf5.ts";

type Values = ReturnType<Hdf5File["read"]>;
type Hasher = Awaited<ReturnType<typeof createXXHash64>>;

const entry = "checksums";
const hashLength = 16;

let hasher: Hasher | undefined;
let loading: Promise<Hasher> | undefined;

/** Must have been awaited before checksums are computed, which is done without waiting. */
export async function loadDigest(): Promise<void> {
  loading ??= createXXHash64();
  hasher = await loading;
}

/** XXH64 of the values' bytes and their type, as 16 hexadecimal digits. */
function digest(values: Values): string {
  const h = hasher!.init();
  if (ArrayBuffer.isView(values)) {
    h.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return h.update(values.constructor.name).digest("hex");
  }
  for (const text of values) h.update(text).update("\0");
  return h.update("text").digest("hex");
}

/** Collects the checksums of what is written. */
export class DigestWriter {
  readonly #lines: string[] = [];

  /** A data set as it is stored. */
  add(name: string, values: Values): void {
    this.#lines.push(`${name} ${digest(values)}`);
  }

  /** Writes the list, one `name checksum` a line, and at its end its own checksum. */
  write(file: Hdf5File): void {
    file.write(entry, [...this.#lines, `checksums ${digest(this.#lines)}`]);
  }
}

/** The checksums in a file; Python LUMIN's files have none, and columns may be added to any file. */
export class StoredDigests {
  readonly #file: Hdf5File;
  readonly #lines: readonly string[];
  readonly #known: ReadonlyMap<string, string>;

  /** @throws FileFormatError where the list itself is damaged, or something that it names is missing. */
  constructor(file: Hdf5File) {
    this.#file = file;
    this.#lines = file.has(entry) ? (file.read(entry) as readonly string[]) : [];
    const pairs = this.#lines.map((line) => splitLine(line));
    const own = pairs.pop();
    if (own && own[1] !== digest(this.#lines.slice(0, -1))) throw damaged(file.path, entry);
    this.#known = new Map(pairs);
    for (const name of this.#known.keys()) {
      if (!file.has(name)) {
        throw new FileFormatError(
          `"${file.path}" has lost the data set "${name}": the file is damaged. Make it again.`,
        );
      }
    }
  }

  /** Whether there are any. */
  get areThere(): boolean {
    return this.#known.size > 0;
  }

  /** @throws FileFormatError where a data set is not what was written. */
  check(name: string, values: Values): void {
    const known = this.#known.get(name);
    if (known !== undefined && known !== digest(values)) throw damaged(this.#file.path, name);
  }

  /** Notes, in the file, a data set that was written anew; one that had no checksum gets none. */
  static update(file: Hdf5File, name: string, values: Values): void {
    if (!file.has(entry)) return;
    const lines = [...(file.read(entry) as readonly string[])];
    const at = lines.findIndex((line) => splitLine(line)[0] === name);
    if (at < 0) return;
    lines[at] = `${name} ${digest(values)}`;
    lines[lines.length - 1] = `checksums ${digest(lines.slice(0, -1))}`;
    file.replaceTexts(entry, lines);
  }
}

function splitLine(line: string): readonly [string, string] {
  return [line.slice(0, -hashLength - 1), line.slice(-hashLength)];
}

function damaged(path: string, name: string): FileFormatError {
  return new FileFormatError(
    `"${path}": "${name}" is not what was written, its checksum differs: the file is damaged, or another program changed it. Make it again.`,
  );
}
