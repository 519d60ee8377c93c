/** Named arrays in the safetensors format: a JSON header, then the numbers. */
import { FileFormatError } from "../errors/index.ts";

/** An array as stored: float32, row-major. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Arrays of the types that are stored. */
export type StoredArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

const arrayTypes = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;

function typeOf(data: StoredArray): keyof typeof arrayTypes {
  const names = Object.keys(arrayTypes) as (keyof typeof arrayTypes)[];
  return names.find((name) => data instanceof arrayTypes[name])!;
}

/** The bytes of a safetensors file; the order of the entries is kept, so equal contents give equal bytes. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: StoredArray }>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: typeOf(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The numbers begin at a multiple of 8 bytes: the format allows spaces at the header's end.
  const encoded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(32);
  encoded.set(text);
  const bytes = new Uint8Array(8 + encoded.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  let position = 8 + encoded.length;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * The float32 arrays of a safetensors file.
 * @throws FileFormatError if the bytes are cut off, are no such file or hold other types; `where` names the file.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  where: string,
): { readonly tensors: Record<string, StoredTensor>; readonly metadata: Record<string, string> } {
  const { tensors, metadata } = decodeSafetensorArrays(bytes, where);
  for (const [name, { data }] of Object.entries(tensors)) {
    if (!(data instanceof Float32Array))
      throw unreadable(where, `"${name}" has numbers of type ${typeOf(data)}, only F32 is read`);
  }
  return { tensors: tensors as Record<string, StoredTensor>, metadata };
}

/**
 * The arrays of a safetensors file, of all types that are stored.
 * @throws FileFormatError if the bytes are cut off or are no such file; `where` names the file.
 */
export function decodeSafetensorArrays(
  bytes: Uint8Array,
  where: string,
): {
  readonly tensors: Record<string, { readonly shape: readonly number[]; readonly data: StoredArray }>;
  readonly metadata: Record<string, string>;
} {
  const refuse = (what: string): never => {
    throw unreadable(where, what);
  };
  if (bytes.length < 8) return refuse(`it has ${bytes.length} bytes, the header's length alone takes 8`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8)
    return refuse(`its header is said to take ${length} bytes, but the file has ${bytes.length}`);
  let header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    return refuse("its header is no JSON");
  }
  if (typeof header !== "object" || header === null) return refuse("its header is no JSON object");
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, never>;
  const tensors: Record<string, { shape: number[]; data: StoredArray }> = {};
  for (const [name, entry] of Object.entries(entries as typeof header)) {
    const { dtype, shape, data_offsets } = entry ?? {};
    if (!areSizes(shape) || !areSizes(data_offsets) || data_offsets.length !== 2)
      refuse(`what its header says of "${name}" is damaged`);
    if (!Object.hasOwn(arrayTypes, dtype))
      refuse(`"${name}" has numbers of type ${dtype}, only ${Object.keys(arrayTypes).join(", ")} are read`);
    const Numbers = arrayTypes[dtype as keyof typeof arrayTypes];
    const [start, end] = data_offsets;
    if (8 + length + end > bytes.length) refuse(`the numbers of "${name}" are cut off`);
    if (shape.reduce((n, s) => n * s, 1) * Numbers.BYTES_PER_ELEMENT !== end - start)
      refuse(`"${name}" has a shape that does not fit its length`);
    const copy = new Uint8Array(bytes.subarray(8 + length + start, 8 + length + end));
    tensors[name] = { shape, data: new Numbers(copy.buffer) };
  }
  return { tensors, metadata };
}

function areSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function unreadable(where: string, what: string): FileFormatError {
  return new FileFormatError(`"${where}" is no readable safetensors file: ${what}.`);
}
