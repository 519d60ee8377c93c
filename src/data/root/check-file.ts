/** What is checked of a ROOT file before its structure is interpreted: its length, and the checksums of its records. */
import { type FileHandle, open } from "node:fs/promises";
import type { RootFile, RootKey } from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import { unpackBlocks } from "./unpack.ts";

/**
 * The header of a file on disk, and the record that describes its classes.
 *
 * @throws FileFormatError for what is no ROOT file, is truncated or was not closed.
 */
export async function checkRootFile(path: string): Promise<void> {
  const file = await opened(path);
  try {
    const { size } = await file.stat();
    const header = await piece(file, 0, Math.min(size, 64));
    if (header.byteLength < 64 || header.getUint32(0) !== 0x726f6f74) {
      throw new FileFormatError(
        size > 0 && size < 64 ? `"${path}" is truncated: it has ${size} bytes.` : notRoot(path),
      );
    }
    // Files beyond 2 GB have 64-bit positions.
    const isLarge = header.getUint32(4) >= 1_000_000;
    const end = isLarge ? Number(header.getBigUint64(12)) : header.getUint32(12);
    if (end > size) {
      throw new FileFormatError(
        `"${path}" is truncated or was not closed: it should have ${end} bytes, but has ${size}.`,
      );
    }
    const seek = isLarge ? Number(header.getBigUint64(45)) : header.getUint32(37);
    const length = isLarge ? header.getUint32(53) : header.getUint32(41);
    if (seek === 0 && length === 0) {
      throw new FileFormatError(`"${path}" was not closed by the program that wrote it.`);
    }
    if (length < 26 || seek + length > end) throw new FileFormatError(`"${path}" is damaged: its header is.`);
    const record = await piece(file, seek, length);
    await checkRecord(record, `"${path}": the description of its classes`);
  } finally {
    await file.close();
  }
}

/** The bytes of an object: whether what is compressed has its checksum. */
export async function checkObject(file: RootFile, key: RootKey, where: string): Promise<DataView> {
  const { fSeekKey: seek, fNbytes: length } = key;
  if (!(seek > 0 && length > 0 && seek + length <= file.fEND)) {
    throw new FileFormatError(`${where} lies outside the file, which is damaged.`);
  }
  const record = await file.readBuffer([seek, length]);
  if (!(record instanceof DataView) || record.byteLength !== length) {
    throw new FileFormatError(`${where}: the file ends before it does.`);
  }
  return checkRecord(record, where);
}

/** A key, then the object, which is compressed if it is shorter than the key says. */
async function checkRecord(record: DataView, where: string): Promise<DataView> {
  const objectLength = record.getInt32(6);
  const keyLength = record.getInt16(14);
  const body = record.byteLength - keyLength;
  if (record.getInt32(0) !== record.byteLength || keyLength < 26 || body < 0 || objectLength < body) {
    throw new FileFormatError(`${where} cannot be read: the file is damaged.`);
  }
  const stored = new DataView(record.buffer, record.byteOffset + keyLength, body);
  if (objectLength === body) return stored;
  try {
    return await unpackBlocks(stored, objectLength);
  } catch (error) {
    throw new FileFormatError(
      `${where} cannot be unpacked (${(error as Error).message}): the file is damaged.`,
    );
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new FileFormatError(`"${path}" ${isMissing ? "does not exist" : "cannot be read"}.`);
  }
}

async function piece(file: FileHandle, position: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return new DataView(bytes.buffer, 0, bytesRead);
}

function notRoot(path: string): string {
  return `"${path}" is not a ROOT file, or is damaged.`;
}
