/** Typed arrays as text, for JSON files: little-endian bytes in base64. */
import { FileFormatError } from "../errors/index.ts";

type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Int16Array | Uint8Array;

const types = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i16: Int16Array,
  u8: Uint8Array,
} as const;

/** A typed array as `type:base64`. */
export function packNumbers(values: TypedArray): string {
  const name = Object.entries(types).find(([, type]) => values instanceof type)![0];
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8190) {
    text += btoa(String.fromCharCode(...bytes.subarray(i, i + 8190)));
  }
  return `${name}:${text}`;
}

/** Numbers of double precision, in single precision where nothing is lost. */
export function packSmallest(values: Float64Array): string {
  const single = Float32Array.from(values);
  const isExact = single.every((value, i) => Object.is(value, values[i]));
  return packNumbers(isExact ? single : values);
}

/** What `packNumbers` packed, as plain numbers. @throws {FileFormatError} for anything else. */
export function unpackNumbers(where: string, text: unknown): TypedArray {
  const [name = "", content = ""] = typeof text === "string" ? text.split(":") : [];
  try {
    const type = types[name as keyof typeof types];
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    return new type(bytes.buffer);
  } catch {
    throw new FileFormatError(`${where}: expected packed numbers, "f64:" and base64.`);
  }
}
