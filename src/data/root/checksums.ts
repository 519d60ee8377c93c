/** The checksums of ROOT files: XXH64 of LZ4 blocks, XXH3 of RNTuple pages. */
import { createXXHash3, createXXHash64 } from "hash-wasm";

type Hasher = Awaited<ReturnType<typeof createXXHash64>>;

let xxHash64: Promise<Hasher> | undefined;
let xxHash3: Promise<Hasher> | undefined;

/** Whether every LZ4 block of compressed data has the checksum that stands before it. */
export async function lz4ChecksumsHold(packed: DataView): Promise<boolean> {
  xxHash64 ??= createXXHash64();
  const hasher = await xxHash64;
  for (let at = 0; at + 17 <= packed.byteLength; ) {
    const length = packed.getUint8(at + 3) + (packed.getUint8(at + 4) << 8) + (packed.getUint8(at + 5) << 16);
    if (length < 8 || at + 9 + length > packed.byteLength) return false;
    // Big-endian, before the block.
    const stored = packed.getBigUint64(at + 9);
    if (digest(hasher, bytesOf(packed, at + 17, length - 8)) !== stored) return false;
    at += 9 + length;
  }
  return true;
}

/** Whether the last eight bytes are the checksum of those before. */
export async function pageChecksumHolds(page: DataView): Promise<boolean> {
  xxHash3 ??= createXXHash3();
  const hasher = await xxHash3;
  const size = page.byteLength - 8;
  return digest(hasher, bytesOf(page, 0, size)) === page.getBigUint64(size, true);
}

function digest(hasher: Hasher, bytes: Uint8Array): bigint {
  return BigInt(`0x${hasher.init().update(bytes).digest("hex")}`);
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
