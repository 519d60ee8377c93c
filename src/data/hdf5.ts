/** HDF5 files through h5wasm: loaded when first needed, with errors in plain sentences. */
import { existsSync, statSync } from "node:fs";
import type { Dataset, File, Group } from "h5wasm/node";
import { FileFormatError, LuminError } from "../errors/index.ts";
import type { Column } from "./table.ts";

type Library = typeof import("h5wasm/node");
let library: Promise<Library> | undefined;

async function load(): Promise<Library> {
  const h5wasm = await import("h5wasm/node");
  const module = await h5wasm.ready;
  // Without this, failed writes (a full disk) pass in silence and a trace goes to the terminal.
  module.activate_throwing_error_handler();
  return h5wasm;
}

/** Loads the library, which `openHdf5` does otherwise at its first call: for a moment in which nothing else is to do. */
export function loadHdf5(): Promise<Library> {
  library ??= load();
  return library;
}

/** Opens an HDF5 file: `r` to read, `a` to add to, `w` anew. */
export async function openHdf5(path: string, mode: "r" | "a" | "w"): Promise<Hdf5File> {
  return new Hdf5File(await loadHdf5(), path, mode);
}

/** An open HDF5 file; names are paths such as `fold_0/inputs`. */
export class Hdf5File {
  readonly path: string;
  readonly #file: File;

  constructor(h5wasm: Library, path: string, mode: "r" | "a" | "w") {
    this.path = path;
    if (mode !== "w") checkPresent(path);
    this.#file = this.#guard(() => new h5wasm.File(path, mode));
  }

  /** The names in a group (default: the root). */
  keys(group: string = "/"): string[] {
    return this.#guard(() => {
      const entity = group === "/" ? this.#file : this.#file.get(group);
      return entity && "keys" in entity ? (entity as Group).keys() : [];
    });
  }

  /** Whether there is a data set of that name. */
  has(name: string): boolean {
    return this.#dataset(name) !== undefined;
  }

  /** The shape of a data set; [] for a single value. */
  shape(name: string): number[] {
    return this.#guard(() => this.#required(name).shape ?? []);
  }

  /** The values of a data set in one flat array, of all rows or of those from the first to before the second number. */
  read(
    name: string,
    rows?: RowRange,
  ): Column | Int8Array | Uint8Array | Int16Array | Uint16Array | Uint32Array | BigUint64Array {
    return this.#guard(() => {
      const value = valuesOf(this.#required(name), rows);
      if (Array.isArray(value)) return value.map(String);
      if (typeof value === "string") return [value];
      if (ArrayBuffer.isView(value)) return value as Float32Array;
      if (typeof value === "number") return Float64Array.of(value);
      if (typeof value === "bigint") return BigInt64Array.of(value);
      throw new FileFormatError(`"${this.path}": the data set "${name}" holds neither numbers nor text.`);
    });
  }

  /** The names of the members of a data set of records (a compound type); none for plain values. */
  members(name: string): string[] | undefined {
    return this.#guard(() =>
      this.#required(name).metadata.compound_type?.members.map((member) => member.name),
    );
  }

  /** The rows of a data set of records, members in the order of `members`. */
  readRecords(name: string, rows?: RowRange): readonly (readonly unknown[])[] {
    return this.#guard(() => valuesOf(this.#required(name), rows) as readonly (readonly unknown[])[]);
  }

  /** The text in a data set of one string, parsed as JSON. */
  readJson(name: string): unknown {
    const text = this.read(name);
    try {
      return JSON.parse(String(text[0]));
    } catch (error) {
      if (error instanceof LuminError) throw error;
      throw new FileFormatError(`"${this.path}": "${name}" is not the JSON text that it should be.`);
    }
  }

  /** Makes a group. */
  createGroup(name: string): void {
    this.#guard(() => this.#file.create_group(name));
  }

  /** Writes a column, or a matrix of the given shape; the group must exist. */
  write(
    name: string,
    values: Column,
    options: { shape?: readonly number[]; compression?: number } = {},
  ): void {
    this.#guard(() => {
      const [group, leaf] = this.#place(name);
      const shape = [...(options.shape ?? [values.length])];
      const compressed = options.compression !== undefined && values.length > 0;
      group.create_dataset({
        name: leaf,
        data: ArrayBuffer.isView(values) ? values : [...values],
        shape,
        ...(ArrayBuffer.isView(values) ? {} : { dtype: textType(values) }),
        ...(compressed
          ? {
              chunks: chunkShape(shape),
              compression: "gzip" as const,
              compression_opts: options.compression!,
            }
          : {}),
      });
    });
  }

  /**
   * Writes some rows of a column; the first rows make the data set.
   *
   * @param place the row of the first value, the rows of the whole data set, and the bytes of its longest text.
   */
  writePart(
    name: string,
    values: Column,
    place: { readonly start: number; readonly total: number; readonly textWidth: number },
  ): void {
    const { start, total, textWidth } = place;
    const isNumbers = ArrayBuffer.isView(values);
    this.#guard(() => {
      if (start > 0) {
        this.#required(name).write_slice([[start, start + values.length]], values);
        return;
      }
      const [group, leaf] = this.#place(name);
      const isWhole = values.length === total;
      const dataset = group.create_dataset({
        name: leaf,
        data: isNumbers ? values : [...values],
        shape: [values.length],
        ...(isNumbers ? {} : { dtype: `S${textWidth}` }),
        ...(isWhole ? {} : { maxshape: [total], chunks: [Math.min(total, 1 << 14)] }),
      });
      if (!isWhole) dataset.resize([total]);
    });
  }

  /** Writes a value as JSON into a data set of one string, as Python's h5py does. */
  writeJson(name: string, value: unknown): void {
    this.#guard(() => {
      const [group, leaf] = this.#place(name);
      group.create_dataset({ name: leaf, data: pythonJson(value), shape: [], dtype: "S" });
    });
  }

  /**
   * Writes a column over a data set of the same length and type, or as a new one.
   *
   * @throws FileFormatError where the data set there has another length or type: HDF5 files are not shrunk here.
   */
  overwrite(name: string, values: Column): void {
    const old = this.#dataset(name);
    if (!old) {
      this.write(name, values);
      return;
    }
    this.#guard(() => {
      const present = old.value;
      const fits =
        ArrayBuffer.isView(values) &&
        ArrayBuffer.isView(present) &&
        present.constructor === values.constructor;
      if (!fits || old.shape?.length !== 1 || old.shape[0] !== values.length) {
        throw new FileFormatError(
          `"${this.path}": the data set "${name}" is there already, of another length or type. Choose another name.`,
        );
      }
      old.write_slice([[0, values.length]], values);
    });
  }

  /** Writes texts over those of a data set, of which none may become longer than its longest. */
  replaceTexts(name: string, values: readonly string[]): void {
    this.#guard(() => this.#required(name).write_slice([[0, values.length]], [...values]));
  }

  /** Closes the file; groups and datasets of it cannot be read afterwards. */
  close(): void {
    this.#guard(() => this.#file.close());
  }

  /** Closes a file whose writing failed, without a second complaint. */
  abandon(): void {
    try {
      this.#guard(() => this.#file.close());
    } catch {
      // It failed before; the first error tells why.
    }
  }

  #place(name: string): [Group, string] {
    const at = name.lastIndexOf("/");
    if (at < 0) return [this.#file, name];
    return [this.#file.get(name.slice(0, at)) as Group, name.slice(at + 1)];
  }

  #dataset(name: string): Dataset | undefined {
    return this.#guard(() => {
      const entity = this.#file.get(name);
      return entity && "shape" in entity ? (entity as Dataset) : undefined;
    });
  }

  #required(name: string): Dataset {
    const dataset = this.#dataset(name);
    if (!dataset) throw new FileFormatError(`"${this.path}" has no data set "${name}".`);
    return dataset;
  }

  #guard<T>(action: () => T): T {
    // HDF5 notes the time in what it writes; the same content is to be the same bytes. All calls are synchronous.
    const { now } = Date;
    Date.now = () => 0;
    try {
      return action();
    } catch (error) {
      if (error instanceof LuminError) throw error;
      throw hdf5Error(this.path, error);
    } finally {
      Date.now = now;
    }
  }
}

/** Rows from `from` to before `to`. */
export type RowRange = readonly [from: number, to: number];

function valuesOf(dataset: Dataset, rows: RowRange | undefined): unknown {
  const { shape } = dataset;
  if (rows === undefined || !shape || shape.length === 0) return dataset.value;
  return dataset.slice(shape.map((size, axis) => (axis === 0 ? [...rows] : [0, size])) as [number, number][]);
}

function checkPresent(path: string): void {
  if (!existsSync(path)) throw new FileFormatError(`"${path}" does not exist.`);
  if (statSync(path).isDirectory()) throw new FileFormatError(`"${path}" is a folder, a file is needed.`);
}

/** HDF5's trace in one sentence. Trouble with the disk keeps its reason, for the writer of the file to see. */
function hdf5Error(path: string, error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const system = /error message = '(.+?)'/.exec(text)?.[1];
  if (system && system !== "Success") return new Error(`${path}: ${system}`);
  if (/signature not found|Not an HDF5 file/.test(text)) {
    return new FileFormatError(`"${path}" is not an HDF5 file.`);
  }
  if (/truncated file|addr overflow|unable to read superblock|eof/i.test(text)) {
    return new FileFormatError(
      `"${path}" is truncated or damaged: the HDF5 library cannot read it. Copy or make it again.`,
    );
  }
  const reasons = [...text.matchAll(/\(\): (.+)/g)].map((match) => match[1]!);
  return new FileFormatError(
    `"${path}": the HDF5 library reports "${reasons.at(-1) ?? text.split("\n", 1)[0]}".`,
  );
}

/** Fixed-length text type that holds every value. */
function textType(values: readonly string[]): string {
  const longest = values.reduce((length, value) => Math.max(length, Buffer.byteLength(value)), 1);
  return `S${longest}`;
}

/** Chunks of at most about a mebibyte, whole rows. */
function chunkShape(shape: readonly number[]): number[] {
  const rowLength = shape.slice(1).reduce((product, size) => product * size, 1);
  return [Math.max(1, Math.min(shape[0]!, Math.floor(262_144 / Math.max(1, rowLength)))), ...shape.slice(1)];
}

/** JSON with Python's separators: files compare equal to LUMIN's where their content is. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${pythonJson(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
