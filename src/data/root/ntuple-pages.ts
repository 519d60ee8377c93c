/** The elements of one physical column of an RNTuple: pages, compression, and the encodings of the numbers. */
import type { NtupleColumn, NtupleColumnRange, NtuplePage, RootFile } from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import { pageChecksumHolds } from "./checksums.ts";
import { unpackBlocks } from "./unpack.ts";
import type { NumberKind } from "./value-sink.ts";

/** One element from the (unsplit, little-endian) bytes of a page. */
type ReadElement = (bytes: DataView, index: number) => number | bigint;

interface Encoding {
  readonly kind: NumberKind;
  /** Bytes of an element; 0 where elements are packed into bits. */
  readonly size: number;
  /** First all lowest bytes, then all second ones, and so on. */
  readonly isSplit: boolean;
  /** Signed numbers as 0, −1, 1, −2, … */
  readonly isZigzag: boolean;
  /** Each element is the difference to the one before. */
  readonly isDelta: boolean;
  readonly read: ReadElement;
}

function encoding(
  kind: NumberKind,
  size: number,
  read: ReadElement,
  transform: "none" | "split" | "zigzag" | "delta" = "none",
): Encoding {
  return {
    kind,
    size,
    read,
    isSplit: transform !== "none",
    isZigzag: transform === "zigzag",
    isDelta: transform === "delta",
  };
}

const int8: ReadElement = (bytes, i) => bytes.getInt8(i);
const uint8: ReadElement = (bytes, i) => bytes.getUint8(i);
const int16: ReadElement = (bytes, i) => bytes.getInt16(2 * i, true);
const uint16: ReadElement = (bytes, i) => bytes.getUint16(2 * i, true);
const int32: ReadElement = (bytes, i) => bytes.getInt32(4 * i, true);
const uint32: ReadElement = (bytes, i) => bytes.getUint32(4 * i, true);
const int64: ReadElement = (bytes, i) => bytes.getBigInt64(8 * i, true);
const uint64: ReadElement = (bytes, i) => bytes.getBigUint64(8 * i, true);
const real16: ReadElement = (bytes, i) => halfPrecision(bytes.getUint16(2 * i, true));
const real32: ReadElement = (bytes, i) => bytes.getFloat32(4 * i, true);
const real64: ReadElement = (bytes, i) => bytes.getFloat64(8 * i, true);

/** By the number that the format gives each column type. */
const encodings: Readonly<Record<number, Encoding>> = {
  0: encoding("integer", 0, (bytes, i) => bitsAt(bytes, i, 1)),
  1: encoding("integer", 1, uint8),
  2: encoding("integer", 1, uint8),
  3: encoding("integer", 1, int8),
  4: encoding("integer", 1, uint8),
  5: encoding("integer", 2, int16),
  6: encoding("integer", 2, uint16),
  7: encoding("integer", 4, int32),
  8: encoding("integer", 4, uint32),
  9: encoding("integer", 8, int64),
  10: encoding("integer", 8, uint64),
  11: encoding("float32", 2, real16),
  12: encoding("float32", 4, real32),
  13: encoding("float64", 8, real64),
  14: encoding("integer", 4, uint32),
  15: encoding("integer", 8, uint64),
  17: encoding("integer", 2, uint16, "zigzag"),
  18: encoding("integer", 2, uint16, "split"),
  19: encoding("integer", 4, uint32, "zigzag"),
  20: encoding("integer", 4, uint32, "split"),
  21: encoding("integer", 8, uint64, "zigzag"),
  22: encoding("integer", 8, uint64, "split"),
  24: encoding("float32", 4, real32, "split"),
  25: encoding("float64", 8, real64, "split"),
  26: encoding("integer", 4, uint32, "delta"),
  27: encoding("integer", 8, uint64, "delta"),
};

const real32Truncated = 0x1c;
const real32Quantised = 0x1d;

/** The encoding of a column; none for a type that this reader does not know. */
function encodingOf({
  coltype,
  bitsOnStorage: bits,
  minValue,
  maxValue,
}: NtupleColumn): Encoding | undefined {
  if (coltype === real32Truncated) {
    const view = new DataView(new ArrayBuffer(4));
    return encoding("float32", 0, (bytes, i) => {
      view.setUint32(0, bitsAt(bytes, i, bits) * 2 ** (32 - bits));
      return view.getFloat32(0);
    });
  }
  if (coltype === real32Quantised) {
    const step = ((maxValue ?? 0) - (minValue ?? 0)) / (2 ** bits - 1);
    return encoding("float32", 0, (bytes, i) => (minValue ?? 0) + bitsAt(bytes, i, bits) * step);
  }
  return encodings[coltype];
}

/** How the numbers of a column are kept. @throws FileFormatError for a type that is not known. */
export function columnKind(column: NtupleColumn, where: string): NumberKind {
  const { kind } = encodingOf(column) ?? {};
  if (!kind)
    throw new FileFormatError(`${where}: values of RNTuple column type ${column.coltype} cannot be read.`);
  return kind;
}

/** Whether all values that a column can store are whole numbers of 32 bits, with a sign. */
export function fitsInt32(column: NtupleColumn): boolean {
  const { kind, size, isZigzag } = encodingOf(column) ?? {};
  return kind === "integer" && (size! < 4 || column.coltype === 7 || (size === 4 && isZigzag === true));
}

/**
 * Hands over the elements of a column within one cluster, in order.
 *
 * @throws FileFormatError for damaged pages.
 */
export async function readElements(
  file: RootFile,
  column: NtupleColumn,
  range: NtupleColumnRange,
  take: (value: number | bigint) => void,
  where: string,
): Promise<void> {
  const rule = encodingOf(column);
  if (!rule)
    throw new FileFormatError(`${where}: values of RNTuple column type ${column.coltype} cannot be read.`);
  for (const page of range.pages) {
    const count = Number(page.numElements);
    const packed = await readPage(file, page, where);
    const size = Math.ceil((count * column.bitsOnStorage) / 8);
    const stored = packed.byteLength === size ? packed : await unpack(packed, size, where);
    const bytes = rule.isSplit ? unsplit(stored, rule.size) : stored;
    let previous = 0n;
    for (let i = 0; i < count; i++) {
      const value = rule.read(bytes, i);
      if (rule.isDelta) {
        previous += BigInt(value);
        take(previous);
      } else {
        take(rule.isZigzag ? unzigzag(value) : value);
      }
    }
  }
}

async function readPage(
  file: RootFile,
  { locator, hasChecksum }: NtuplePage,
  where: string,
): Promise<DataView> {
  const offset = Number(locator.offset);
  const size = locator.size + (hasChecksum ? 8 : 0);
  if (offset + size > file.fEND) {
    throw new FileFormatError(`${where}: a page lies outside the file, which is damaged.`);
  }
  const view = await file.readBuffer([offset, size]);
  if (!(view instanceof DataView) || view.byteLength !== size) {
    throw new FileFormatError(`${where}: the file ends before its pages do.`);
  }
  if (!hasChecksum) return view;
  if (!(await pageChecksumHolds(view))) {
    throw new FileFormatError(`${where}: the checksum of a page does not hold: the file is damaged.`);
  }
  return new DataView(view.buffer, view.byteOffset, locator.size);
}

async function unpack(packed: DataView, size: number, where: string): Promise<DataView> {
  try {
    return await unpackBlocks(packed, size);
  } catch {
    throw new FileFormatError(`${where}: a page cannot be unpacked: the file is damaged.`);
  }
}

function unsplit(bytes: DataView, size: number): DataView {
  const count = bytes.byteLength / size;
  const whole = new Uint8Array(bytes.byteLength);
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) whole[size * i + byte] = bytes.getUint8(byte * count + i);
  }
  return new DataView(whole.buffer);
}

function unzigzag(value: number | bigint): number | bigint {
  if (typeof value === "bigint") return (value >> 1n) ^ -(value & 1n);
  return (value >>> 1) ^ -(value & 1);
}

/** Element `index` of numbers packed into `bits` bits each, the lowest bit first. */
function bitsAt(bytes: DataView, index: number, bits: number): number {
  let value = 0;
  for (let done = 0; done < bits; ) {
    const at = index * bits + done;
    const inByte = at & 7;
    const taken = Math.min(8 - inByte, bits - done);
    value += ((bytes.getUint8(at >>> 3) >>> inByte) & ((1 << taken) - 1)) * 2 ** done;
    done += taken;
  }
  return value;
}

function halfPrecision(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
