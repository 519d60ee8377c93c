/** Columns put aside in blocks, in memory or in a file on disk, and read back block by block. */
import { Buffer } from "node:buffer";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Column } from "./table.ts";

/** Arrays by name; those of a matrix are longer than those of a column. */
export type Block = Readonly<Record<string, Column>>;

/** Blocks in groups; within a group they come back in the order in which they were added. */
export interface ColumnStore {
  /** Puts a block behind those of its group (default: 0). */
  add(block: Block, group?: number): Promise<void>;
  /** The blocks of a group, again and again. */
  blocks(group?: number): AsyncIterable<Block>;
  /** The blocks of a group for the last time: what has been given is let go of. */
  drain(group?: number): AsyncIterable<Block>;
  /** Lets go of everything. */
  remove(): Promise<void>;
}

/** Keeps the blocks in memory, as they are. */
export class MemoryStore implements ColumnStore {
  readonly #groups = new Map<number, Block[]>();

  /** Keeps the block itself, not a copy. */
  async add(block: Block, group = 0): Promise<void> {
    const blocks = this.#groups.get(group);
    if (blocks) blocks.push(block);
    else this.#groups.set(group, [block]);
  }

  async *blocks(group = 0): AsyncGenerator<Block> {
    yield* this.#groups.get(group) ?? [];
  }

  async *drain(group = 0): AsyncGenerator<Block> {
    const blocks = this.#groups.get(group) ?? [];
    this.#groups.delete(group);
    for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) yield block;
  }

  async remove(): Promise<void> {
    this.#groups.clear();
  }
}

const arrayTypes = { Float32Array, Float64Array, Int32Array, BigInt64Array } as const;

/** Where an array of a block lies in the file. */
interface Place {
  readonly name: string;
  readonly type: keyof typeof arrayTypes | "text";
  readonly start: number;
  readonly byteLength: number;
}

/** Keeps the blocks in one file of a temporary folder; only where they lie stays in memory. */
export class DiskStore implements ColumnStore {
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #groups = new Map<number, (readonly Place[])[]>();
  #end = 0;

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  /**
   * An empty store on disk.
   *
   * @param directory an existing folder, in which a temporary one is made.
   */
  static async create(directory: string): Promise<DiskStore> {
    const folder = await mkdtemp(join(directory, ".lumin-columns-"));
    return new DiskStore(folder, await open(join(folder, "blocks"), "w+"));
  }

  /** Writes the block behind all others. */
  async add(block: Block, group = 0): Promise<void> {
    const places: Place[] = [];
    for (const [name, column] of Object.entries(block)) {
      const isNumbers = ArrayBuffer.isView(column);
      const bytes = isNumbers
        ? Buffer.from(column.buffer, column.byteOffset, column.byteLength)
        : Buffer.from(JSON.stringify(column));
      await this.#file.write(bytes, 0, bytes.byteLength, this.#end);
      const type = isNumbers ? (column.constructor.name as Place["type"]) : "text";
      places.push({ name, type, start: this.#end, byteLength: bytes.byteLength });
      this.#end += bytes.byteLength;
    }
    const blocks = this.#groups.get(group);
    if (blocks) blocks.push(places);
    else this.#groups.set(group, [places]);
  }

  async *blocks(group = 0): AsyncGenerator<Block> {
    for (const places of this.#groups.get(group) ?? []) {
      const block: Record<string, Column> = {};
      for (const { name, type, start, byteLength } of places) {
        // A buffer of its own: small ones of Node share one, at places where no array of numbers may begin.
        const bytes = Buffer.from(new ArrayBuffer(byteLength));
        await this.#file.read(bytes, 0, byteLength, start);
        block[name] =
          type === "text"
            ? (JSON.parse(bytes.toString()) as string[])
            : new arrayTypes[type](bytes.buffer as ArrayBuffer);
      }
      yield block;
    }
  }

  /** The blocks stay in the file until it is removed. */
  async *drain(group = 0): AsyncGenerator<Block> {
    yield* this.blocks(group);
    this.#groups.delete(group);
  }

  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
