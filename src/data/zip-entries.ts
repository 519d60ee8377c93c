/** The files in a ZIP archive, each verified by its checksum. */
import { inflateRawSync } from "node:zlib";
import { crc32 } from "./crc32.ts";

const signatures = {
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  entry: 0x02014b50,
  file: 0x04034b50,
};

/** What the directory at the end of an archive says of a file. */
interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * The files by name, in the order of the archive.
 *
 * @throws Error with the reason alone; the caller says which archive.
 */
export function zipEntries(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array>();
  for (const entry of directory(view, bytes)) {
    if (found.has(entry.name)) throw new Error(`it has two files "${entry.name}"`);
    found.set(entry.name, content(view, bytes, entry));
  }
  return found;
}

function directory(view: DataView, bytes: Uint8Array): ZipEntry[] {
  const end = directoryEnd(view);
  let { count, at } = directoryPlace(view, end);
  const entries: ZipEntry[] = [];
  for (; count > 0; count--) {
    if (at + 46 > end || view.getUint32(at, true) !== signatures.entry)
      throw new Error("its directory is damaged");
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > end) throw new Error("its directory is damaged");
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const [size, packedSize, offset] = wideNumbers(
      [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)],
      new DataView(view.buffer, view.byteOffset + at + 46 + nameLength, extraLength),
    );
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: packedSize!,
      size: size!,
      offset: offset!,
    });
    at = next;
  }
  return entries;
}

/** Where the directory's last record is: at the very end, or before a comment. */
function directoryEnd(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 65_535); at--) {
    if (view.getUint32(at, true) === signatures.end) return at;
  }
  throw new Error("it has no directory at its end, as truncated files");
}

/** How many entries there are and where they begin; large archives say so in records before. */
function directoryPlace(view: DataView, end: number): { readonly count: number; readonly at: number } {
  const count = view.getUint16(end + 10, true);
  const at = view.getUint32(end + 16, true);
  if (end < 20 || view.getUint32(end - 20, true) !== signatures.locator64) return { count, at };
  const end64 = Number(view.getBigUint64(end - 12, true));
  if (end64 + 56 > end || view.getUint32(end64, true) !== signatures.end64)
    throw new Error("its directory is damaged");
  return {
    count: Number(view.getBigUint64(end64 + 32, true)),
    at: Number(view.getBigUint64(end64 + 48, true)),
  };
}

/** Numbers that do not fit 32 bits stand, in this order, in the extra field of kind 1. */
function wideNumbers(numbers: readonly number[], extra: DataView): number[] {
  let wide = 0;
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) === 1) wide = at + 4;
  }
  return numbers.map((number) => {
    if (number !== 0xffffffff || wide === 0 || wide + 8 > extra.byteLength) return number;
    wide += 8;
    return Number(extra.getBigUint64(wide - 8, true));
  });
}

function content(view: DataView, bytes: Uint8Array, entry: ZipEntry): Uint8Array {
  const { name, method, crc, packedSize, size, offset } = entry;
  const refuse = (reason: string): never => {
    throw new Error(`its file "${name}" ${reason}`);
  };
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== signatures.file)
    refuse("is not where it should be");
  const nameEnd = offset + 30 + view.getUint16(offset + 26, true);
  if (new TextDecoder().decode(bytes.subarray(offset + 30, nameEnd)) !== name) refuse("has two names");
  const start = nameEnd + view.getUint16(offset + 28, true);
  if (start + packedSize > bytes.length) refuse("is cut off");
  const packed = bytes.subarray(start, start + packedSize);
  if (method !== 0 && method !== 8) refuse(`is packed in a way that is not known (method ${method})`);
  let unpacked = packed;
  try {
    // A size that is too large is no reason to take that much memory: it grows as bytes come.
    if (method === 8) unpacked = inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    refuse("cannot be unpacked");
  }
  if (unpacked.length !== size || crc32(unpacked) !== crc) refuse("has another checksum than it should");
  return unpacked;
}
