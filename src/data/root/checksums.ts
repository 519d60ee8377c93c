/** The checksums of ROOT files: XXH64 of LZ4 blocks, CRC-32 of LZMA blocks, XXH3 of RNTuple pages. */
import { createXXHash3, createXXHash64 } from "hash-wasm";
import { crc32 } from "../crc32.ts";

type Hasher = Awaited<ReturnType<typeof createXXHash64>>;

let xxHash64: Promise<Hasher> | undefined;
let xxHash3: Promise<Hasher> | undefined;

/** Whether an LZ4 block has the checksum that stands before it, big-endian. */
export async function lz4ChecksumHolds(block: DataView): Promise<boolean> {
  if (block.byteLength < 8) return false;
  xxHash64 ??= createXXHash64();
  const hasher = await xxHash64;
  return digest(hasher, bytesOf(block, 8, block.byteLength - 8)) === block.getBigUint64(0);
}

/**
 * Whether what was unpacked from an XZ stream of one block has the CRC-32 at the block's end. Behind it are the index
 * and a footer of twelve bytes, which tells how long the index is.
 */
export function xzChecksumHolds(stream: DataView, unpacked: DataView): boolean {
  const footer = stream.byteLength - 12;
  if (footer < 24) return false;
  if (stream.getUint8(7) !== 1) return true; // Of another kind, which ROOT does not write.
  const at = footer - 4 * (stream.getUint32(footer + 4, true) + 1) - 4;
  return at >= 12 && stream.getUint32(at, true) === crc32(bytesOf(unpacked, 0, unpacked.byteLength));
}

/** Whether the last eight bytes are the checksum of those before. */
export async function pageChecksumHolds(page: DataView): Promise<boolean> {
  xxHash3 ??= createXXHash3();
  const hasher = await xxHash3;
  const size = page.byteLength - 8;
  return digest(hasher, bytesOf(page, 0, size)) === page.getBigUint64(size, true);
}

/**
 * Whether the anchor of an RNTuple has the checksum at its end, big-endian. A byte count and a version of six bytes stand
 * before what it is of.
 */
export async function anchorChecksumHolds(record: DataView): Promise<boolean> {
  if (record.byteLength < 78) return false;
  xxHash3 ??= createXXHash3();
  const hasher = await xxHash3;
  const size = record.byteLength - 8;
  return digest(hasher, bytesOf(record, 6, size - 6)) === record.getBigUint64(size);
}

function digest(hasher: Hasher, bytes: Uint8Array): bigint {
  return BigInt(`0x${hasher.init().update(bytes).digest("hex")}`);
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
