/** Writing a table for NumPy: NPY (one record an event) and NPZ (one array a column). */
import { open } from "node:fs/promises";
import { Zip, ZipPassThrough } from "fflate";
import { DataError } from "../errors/index.ts";
import type { Column, Table } from "./table.ts";

/** Bytes of values that are made at a time. */
const pieceBytes = 1 << 20;

/** The largest ZIP archive without the 64-bit extension, less room for its list of entries. */
const zipLimit = 0xfff0_0000;

/**
 * Writes an NPY file of records, a field for each column: `numpy.load(path)["pt"]` is a column. Text is `<U…`, as long
 * as the longest.
 */
export async function writeNpy(path: string, { columns, rowCount }: Table): Promise<void> {
  const fields = Object.entries(columns).map(([name, column]) => ({ name, field: fieldOf(column) }));
  const size = fields.reduce((sum, { field }) => sum + field.size, 0);
  const types = fields.map(({ name, field }) => `(${pythonText(name)}, '${field.type}')`);
  const bytes = (function* () {
    yield header(`[${types.join(", ")}]`, rowCount);
    const step = Math.max(1, Math.floor(pieceBytes / Math.max(1, size)));
    for (let start = 0; start < rowCount; start += step) {
      const count = Math.min(step, rowCount - start);
      const piece = new DataView(new ArrayBuffer(count * size));
      let offset = 0;
      for (const { field } of fields) {
        for (let i = 0; i < count; i++) field.set(piece, i * size + offset, start + i);
        offset += field.size;
      }
      yield new Uint8Array(piece.buffer);
    }
  })();
  await writeBytes(path, bytes);
}

/**
 * Writes an NPZ file, an array `[events]` for each column: `numpy.load(path)["pt"]`. Stored without compression, with
 * the same bytes for the same table.
 *
 * @throws DataError for more than 4 GiB, which such an archive cannot hold.
 */
export async function writeNpz(path: string, { columns, rowCount }: Table): Promise<void> {
  await writeBytes(path, zipped(columns, rowCount));
}

function* zipped(columns: Table["columns"], rowCount: number): Generator<Uint8Array> {
  const fields = Object.entries(columns).map(([name, column]) => [name, fieldOf(column)] as const);
  const size = rowCount * fields.reduce((sum, [, field]) => sum + field.size, 0);
  if (size > zipLimit) {
    throw new DataError(
      `an NPZ file holds at most 4 GiB, but the columns have ${size} bytes. Write .npy, .parquet or .h5.`,
    );
  }
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  for (const [name, field] of fields) {
    const entry = new ZipPassThrough(`${name}.npy`);
    // The clock must not be in the bytes; the year is the first that the format knows.
    entry.mtime = new Date(1980, 0, 1);
    zip.add(entry);
    entry.push(header(`'${field.type}'`, rowCount));
    const step = Math.max(1, Math.floor(pieceBytes / field.size));
    for (let start = 0; start < rowCount; start += step) {
      const count = Math.min(step, rowCount - start);
      const piece = new DataView(new ArrayBuffer(count * field.size));
      for (let i = 0; i < count; i++) field.set(piece, i * field.size, start + i);
      entry.push(new Uint8Array(piece.buffer));
      yield* ready.splice(0);
    }
    entry.push(new Uint8Array(0), true);
  }
  zip.end();
  yield* ready;
}

/** How the values of a column lie in the file. */
interface Field {
  /** NumPy's type code. */
  readonly type: string;
  /** Bytes of a value. */
  readonly size: number;
  set(view: DataView, at: number, row: number): void;
}

function fieldOf(column: Column): Field {
  if (column instanceof Float32Array) {
    return { type: "<f4", size: 4, set: (view, at, row) => view.setFloat32(at, column[row]!, true) };
  }
  if (column instanceof Float64Array) {
    return { type: "<f8", size: 8, set: (view, at, row) => view.setFloat64(at, column[row]!, true) };
  }
  if (column instanceof Int32Array) {
    return { type: "<i4", size: 4, set: (view, at, row) => view.setInt32(at, column[row]!, true) };
  }
  if (column instanceof BigInt64Array) {
    return { type: "<i8", size: 8, set: (view, at, row) => view.setBigInt64(at, column[row]!, true) };
  }
  const texts = column as readonly string[];
  const length = texts.reduce((longest, text) => Math.max(longest, [...text].length), 1);
  return {
    type: `<U${length}`,
    size: 4 * length,
    set: (view, at, row) => {
      let place = at;
      for (const character of texts[row]!) {
        view.setUint32(place, character.codePointAt(0)!, true);
        place += 4;
      }
    },
  };
}

/** Magic, version (3: UTF-8), length, and a Python dictionary; the values then begin at a multiple of 64. */
function header(type: string, rowCount: number): Uint8Array {
  const text = new TextEncoder().encode(
    `{'descr': ${type}, 'fortran_order': False, 'shape': (${rowCount},), }`,
  );
  const isPlain = text.length < 65_000 && text.every((byte) => byte < 0x80);
  const begin = isPlain ? 10 : 12;
  const length = Math.ceil((begin + text.length + 1) / 64) * 64 - begin;
  const bytes = new Uint8Array(begin + length).fill(0x20);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, isPlain ? 1 : 3, 0]);
  const view = new DataView(bytes.buffer);
  if (isPlain) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(text, begin);
  bytes[begin + length - 1] = 0x0a;
  return bytes;
}

/** A text as Python writes it. */
function pythonText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

async function writeBytes(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const piece of pieces) await file.appendFile(piece);
  } finally {
    await file.close();
  }
}
