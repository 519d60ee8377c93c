/** Unpacking what ROOT compressed: blocks of at most 16 MB, each behind nine bytes; their checksums are verified. */
import { complaints, R__unzip } from "#jsroot";
import { lz4ChecksumHolds, xzChecksumHolds } from "./checksums.ts";

/** One compressed block. */
interface Block {
  /** `ZL` zlib, `CS` old deflate, `XZ` LZMA, `L4` LZ4, `ZS` ZSTD. */
  readonly format: string;
  /** With its header. */
  readonly whole: DataView;
  readonly body: DataView;
  /** Unpacked. */
  readonly size: number;
}

/**
 * The `size` bytes that were packed.
 *
 * @throws Error with the reason alone; the caller says where.
 */
export async function unpackBlocks(packed: DataView, size: number): Promise<DataView> {
  const blocks = blocksOf(packed);
  // Before memory is taken: a damaged size may be anything.
  const announced = blocks.reduce((sum, block) => sum + block.size, 0);
  if (announced !== size) throw new Error(`${announced} bytes are announced, ${size} expected`);
  if (blocks.length === 1) return unpackBlock(blocks[0]!);
  const whole = new Uint8Array(size);
  let filled = 0;
  for (const block of blocks) {
    const part = await unpackBlock(block);
    whole.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), filled);
    filled += part.byteLength;
  }
  return new DataView(whole.buffer);
}

function blocksOf(packed: DataView): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < packed.byteLength; ) {
    if (at + 9 > packed.byteLength) throw new Error("a block is cut off");
    const three = (o: number): number =>
      packed.getUint8(o) + (packed.getUint8(o + 1) << 8) + (packed.getUint8(o + 2) << 16);
    const length = three(at + 3);
    if (at + 9 + length > packed.byteLength) throw new Error("a block is cut off");
    blocks.push({
      format: String.fromCharCode(packed.getUint8(at), packed.getUint8(at + 1)),
      whole: new DataView(packed.buffer, packed.byteOffset + at, 9 + length),
      body: new DataView(packed.buffer, packed.byteOffset + at + 9, length),
      size: three(at + 6),
    });
    at += 9 + length;
  }
  return blocks;
}

async function unpackBlock({ format, whole, body, size }: Block): Promise<DataView> {
  if (format === "L4" && !(await lz4ChecksumHolds(body))) throw new Error("its checksum does not hold");
  const bytes = format === "ZL" ? await inflate(body) : await unpackWithLibrary(whole, size);
  if (bytes.byteLength !== size) throw new Error("wrong length");
  if (format === "XZ" && !xzChecksumHolds(body, bytes)) throw new Error("its checksum does not hold");
  return bytes;
}

/** zlib; the checksum at the end is verified. */
async function inflate(body: DataView): Promise<DataView> {
  const bytes = new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new DataView(await new Response(stream).arrayBuffer());
}

async function unpackWithLibrary(whole: DataView, size: number): Promise<DataView> {
  try {
    const bytes = await R__unzip(whole, size, true);
    if (bytes) return bytes;
  } catch (error) {
    // An error of another kind is a decoder's stumble over damaged bytes.
    if (error instanceof Error && error.constructor === Error) throw error;
  } finally {
    complaints.length = 0;
  }
  throw new Error("corrupted input");
}
