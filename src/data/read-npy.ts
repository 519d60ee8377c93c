/** Tables from NumPy's files: NPY (matrices, records) and NPZ (one array a column); format versions 1 to 3. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DataError, FileFormatError } from "../errors/index.ts";
import { expandNames } from "./expand-names.ts";
import { matrixColumns, tableOfColumns, valuesColumn } from "./record-columns.ts";
import type { Column, Table } from "./table.ts";
import { kindsOfPieces, rowsOfPieces, scanOfTable, type TableScan } from "./table-scan.ts";
import { zipEntries } from "./zip-entries.ts";

/**
 * The events of an NPY or NPZ file. An array `[events]` is a column named like the file (or its entry in the NPZ),
 * one of shape `[events, n]` gives columns `name[0]` to `name[n − 1]`, one of records a column a field.
 *
 * @throws FileFormatError for a damaged file and for types that are no numbers or text; UnknownNameError.
 */
export async function readNpyTable(path: string, columns?: readonly string[]): Promise<Table> {
  const all = await allColumns(path);
  const names = columns ? expandNames(columns, Object.keys(all), `column of "${path}"`) : Object.keys(all);
  return tableOfColumns(Object.fromEntries(names.map((name) => [name, all[name]!])));
}

/** The events of an NPY file piece by piece; an NPZ file is unpacked whole. */
export async function scanNpy(path: string, columns?: readonly string[]): Promise<TableScan> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await bytesAt(file, 0, Math.min(size, longestHeader));
    if (head.toString("latin1", 0, 2) === "PK") return scanOfTable(await readNpyTable(path, columns));
    const header = readHeader(head, `"${path}"`);
    const layout = arrayLayout(arrayName(path), header, size - header.start, `"${path}"`);
    if (layout.rows === 0) return scanOfTable(await readNpyTable(path, columns));
    const all = (rows?: number): AsyncGenerator<Table> => npyPieces(path, header.start, layout, rows);
    const kinds = await kindsOfPieces(all(layout.isOpen ? undefined : 1));
    const names = columns
      ? expandNames(columns, Object.keys(kinds), `column of "${path}"`)
      : Object.keys(kinds);
    return {
      rowCount: layout.rows,
      kinds: Object.fromEntries(names.map((name) => [name, kinds[name]!])),
      pieces: all,
    };
  } finally {
    await file.close();
  }
}

const longestHeader = 1 << 20;

/** The first `rows` of an array, piece by piece. */
async function* npyPieces(
  path: string,
  start: number,
  layout: ArrayLayout,
  rows: number = layout.rows,
): AsyncGenerator<Table> {
  const { partCount, columns } = layout;
  const size = layout.rowSize / partCount;
  const pieceRows = rowsOfPieces(layout.rowSize / 8);
  const file = await open(path);
  try {
    for (let first = 0; first < rows; first += pieceRows) {
      const rowCount = Math.min(pieceRows, rows - first);
      const parts: Buffer[] = [];
      for (let part = 0; part < partCount; part++) {
        const at = start + (part * layout.rows + first) * size;
        parts.push(await bytesAt(file, at, rowCount * size));
      }
      const bytes = Buffer.concat(parts);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      yield { rowCount, columns: columns(view, rowCount) };
    }
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new FileFormatError("the file became shorter while it was read.");
    done += bytesRead;
  }
  return bytes;
}

/** The names of the columns of an NPY or NPZ file. */
export async function npyNames(path: string): Promise<string[]> {
  return Object.keys((await scanNpy(path)).kinds);
}

/** An array without a name of its own is called like the file. */
function arrayName(path: string): string {
  return basename(path).replace(/\.npy$/i, "");
}

async function allColumns(path: string): Promise<Record<string, Column>> {
  const bytes = await readFile(path);
  if (bytes.toString("latin1", 0, 2) !== "PK") {
    return arrayColumns(arrayName(path), bytes, `"${path}"`);
  }
  const columns: Record<string, Column> = {};
  let entries: ReadonlyMap<string, Uint8Array>;
  try {
    entries = zipEntries(bytes);
  } catch (error) {
    throw new FileFormatError(
      `"${path}" is a damaged NPZ file: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  for (const [entry, content] of entries) {
    const name = entry.replace(/\.npy$/, "");
    Object.assign(columns, arrayColumns(name, content, `"${path}", array "${name}"`));
  }
  const [first, ...others] = Object.entries(columns);
  const other = others.find(([, column]) => column.length !== first![1].length);
  if (other) {
    throw new DataError(
      `"${path}": the arrays must be equally long, but "${first![0]}" has ${first![1].length} rows and "${other[0]}" ${other[1].length}.`,
    );
  }
  return columns;
}

interface Header {
  readonly descr: string | readonly (readonly [string, string])[];
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the values start. */
  readonly start: number;
}

/** How an array becomes columns. */
interface ArrayLayout {
  readonly rows: number;
  /** Bytes of a row. */
  readonly rowSize: number;
  /** How many parts the file has one after the other, each with a value of every row: columns in Fortran's order. */
  readonly partCount: number;
  /** Whether the values decide between `int32` and doubles. */
  readonly isOpen: boolean;
  /** Some rows as columns, from their bytes in the order of the file. */
  columns(view: DataView, rows: number): Record<string, Column>;
}

function arrayColumns(name: string, bytes: Uint8Array, where: string): Record<string, Column> {
  const header = readHeader(bytes, where);
  const { rows, columns } = arrayLayout(name, header, bytes.byteLength - header.start, where);
  return columns(new DataView(bytes.buffer, bytes.byteOffset + header.start), rows);
}

/** @param byteLength of the values that are there. */
function arrayLayout(name: string, header: Header, byteLength: number, where: string): ArrayLayout {
  const { descr, fortran, shape } = header;
  if (shape.length === 0 || shape.length > 2) {
    throw new FileFormatError(`${where} has ${shape.length} dimensions; expected [events] or [events, n].`);
  }
  const [rows, width = 1] = shape as [number, number?];
  const fields = typeof descr === "string" ? [[name, descr] as const] : descr;
  const readers = fields.map(([, type]) => readerOf(type, where));
  const size = readers.reduce((sum, reader) => sum + reader.size, 0);
  if (byteLength !== rows * width * size || size === 0) {
    throw new FileFormatError(
      `${where}: expected ${rows * width * size} bytes of values, found ${byteLength}: the file is damaged.`,
    );
  }
  const isOpen = fields.some(([, type]) => /u4$/.test(type));
  if (typeof descr !== "string") {
    const columns: ArrayLayout["columns"] = (view, count) => {
      let offset = 0;
      const found: Record<string, Column> = {};
      for (const [k, [field]] of fields.entries()) {
        const reader = readers[k]!;
        const start = offset;
        found[field] = readValues(field, reader, view, count, (i) => i * size + start);
        offset += reader.size;
      }
      return found;
    };
    return { rows, rowSize: size, partCount: 1, isOpen, columns };
  }
  const isTransposed = fortran && shape.length === 2;
  const columns: ArrayLayout["columns"] = (view, count) => {
    const at = (i: number): number =>
      isTransposed ? ((i % width) * count + Math.floor(i / width)) * size : i * size;
    const values = readValues(name, readers[0]!, view, count * width, at);
    return shape.length === 2 ? matrixColumns(name, values, width) : { [name]: values };
  };
  return { rows, rowSize: width * size, partCount: isTransposed ? width : 1, isOpen, columns };
}

function readValues(
  name: string,
  reader: Reader,
  view: DataView,
  count: number,
  at: (index: number) => number,
): Column {
  if (reader.kind === "float32") {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = reader.read(view, at(i)) as number;
    return values;
  }
  if (reader.kind === "float64") {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = reader.read(view, at(i)) as number;
    return values;
  }
  return valuesColumn(
    name,
    Array.from({ length: count }, (_, i) => reader.read(view, at(i))),
  );
}

interface Reader {
  readonly size: number;
  readonly kind: "float32" | "float64" | "other";
  read(view: DataView, at: number): number | bigint | string;
}

/** By NumPy's type code: byte order, kind, size. */
function readerOf(type: string, where: string): Reader {
  const match = /^([<>|=])([fiubSU])(\d+)$/.exec(type);
  const little = match?.[1] !== ">";
  const size = Number(match?.[3]);
  const numbers: Record<string, Reader["read"]> = {
    f4: (view, at) => view.getFloat32(at, little),
    f8: (view, at) => view.getFloat64(at, little),
    i1: (view, at) => view.getInt8(at),
    i2: (view, at) => view.getInt16(at, little),
    i4: (view, at) => view.getInt32(at, little),
    i8: (view, at) => view.getBigInt64(at, little),
    u1: (view, at) => view.getUint8(at),
    u2: (view, at) => view.getUint16(at, little),
    u4: (view, at) => view.getUint32(at, little),
    u8: (view, at) => view.getBigUint64(at, little),
    b1: (view, at) => view.getUint8(at),
  };
  const code = `${match?.[2]}${size}`;
  const read = numbers[code];
  if (read) return { size, read, kind: code === "f4" ? "float32" : code === "f8" ? "float64" : "other" };
  if (match?.[2] === "S") return { size, kind: "other", read: (view, at) => byteText(view, at, size) };
  if (match?.[2] === "U") {
    return { size: 4 * size, kind: "other", read: (view, at) => wideText(view, at, size, little) };
  }
  throw new FileFormatError(
    `${where} holds values of type ${type}; expected numbers of 1 to 8 bytes (no float16) or text.`,
  );
}

function byteText(view: DataView, at: number, size: number): string {
  return new TextDecoder()
    .decode(new Uint8Array(view.buffer, view.byteOffset + at, size))
    .replace(/\0+$/, "");
}

function wideText(view: DataView, at: number, length: number, little: boolean): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    const point = view.getUint32(at + 4 * i, little);
    if (point !== 0) text += String.fromCodePoint(Math.min(point, 0x10ffff));
  }
  return text;
}

/** Magic, version, length, then a Python dictionary as text. */
function readHeader(bytes: Uint8Array, where: string): Header {
  const damaged = new FileFormatError(`${where} is not a NumPy array, or its header is damaged.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 12 || view.getUint8(0) !== 0x93) throw damaged;
  const isLong = view.getUint8(6) >= 2;
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  const begin = isLong ? 12 : 10;
  if (begin + length > bytes.byteLength) throw damaged;
  const text = new TextDecoder().decode(bytes.subarray(begin, begin + length));
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  const simple = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  // Names in quotation marks of either kind, with Python's escapes.
  const fields = [...text.matchAll(/\((?:'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)"),\s*'([^']+)'\)/g)].map(
    (m) => [(m[1] ?? m[2])!.replaceAll(/\\(.)/g, "$1"), m[3]!] as const,
  );
  const sizes = shape
    ?.split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "")
    .map(Number);
  if (!sizes?.every((size) => Number.isSafeInteger(size) && size >= 0)) throw damaged;
  if (simple === undefined && fields.length === 0) throw damaged;
  return {
    descr: simple ?? fields,
    fortran: /'fortran_order':\s*True/.test(text),
    shape: sizes,
    start: begin + length,
  };
}
