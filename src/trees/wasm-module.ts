/** A WebAssembly module from instructions: the little of the binary format that the loops of trees need. */

/** The parts of the WebAssembly interface that are used; every runtime that this package supports has it. */
interface WebAssemblyNamespace {
  Memory: new (limits: {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace })
  .WebAssembly;

/** Bytes of code. */
export type Code = readonly number[];

const i32 = 0x7f;
const v128 = 0x7b;

/** The instructions in use, as bytes. */
export const op = {
  get: (local: number): Code => [0x20, local],
  set: (local: number): Code => [0x21, local],
  tee: (local: number): Code => [0x22, local],
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: [0x6a] as Code,
  and: [0x71] as Code,
  or: [0x72] as Code,
  xor: [0x73] as Code,
  shiftLeft: [0x74] as Code,
  shiftRight: [0x76] as Code,
  lessUnsigned: [0x49] as Code,
  load: [0x28, 2, 0] as Code,
  loadFrom: (offset: number): Code => [0x28, 2, ...unsigned(offset)],
  storeAt: (offset: number): Code => [0x36, 2, ...unsigned(offset)],
  loadDouble: [0x2b, 3, 0] as Code,
  lessOrEqualDoubles: [0x65] as Code,
  unequalDoubles: [0x62] as Code,
  /** The first of two values where the third is true. */
  select: [0x1b] as Code,
  loadByte: [0x2d, 0, 0] as Code,
  loadPair: (offset: number): Code => [0xfd, 0, 3, ...unsigned(offset)],
  storePair: (offset: number): Code => [0xfd, 11, 3, ...unsigned(offset)],
  addPairs: [0xfd, 0xf0, 0x01] as Code,
  /** Repeats while the code leaves a true value. */
  loopWhile: (code: Code): Code => [0x03, 0x40, ...code, 0x0d, 0, 0x0b],
} as const;

/** A function of whole numbers that returns nothing; locals come after the parameters. */
export interface WasmFunction {
  readonly parameters: number;
  readonly integerLocals: number;
  readonly pairLocals: number;
  readonly code: Code;
}

/** Memory of at least so many bytes with the functions that work on it. */
export function instantiate(
  byteLength: number,
  functions: readonly WasmFunction[],
): { readonly buffer: ArrayBuffer; readonly run: readonly ((...values: number[]) => void)[] } {
  const memory = new Memory({ initial: Math.ceil(byteLength / 65536) + 1 });
  const instance = new Instance(new Module(moduleBytes(functions)), { host: { memory } });
  const run = functions.map((_, i) => instance.exports[`f${i}`] as (...values: number[]) => void);
  return { buffer: memory.buffer, run };
}

function moduleBytes(functions: readonly WasmFunction[]): Uint8Array {
  const types = functions.map(({ parameters }) => [
    0x60,
    parameters,
    ...Array<number>(parameters).fill(i32),
    0,
  ]);
  const bodies = functions.map(({ integerLocals, pairLocals, code }) => {
    const body = [2, integerLocals, i32, pairLocals, v128, ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...name("host"), ...name("memory"), 2, 0, 1]]),
    ...section(
      3,
      functions.map((_, i) => [i]),
    ),
    ...section(
      7,
      functions.map((_, i) => [...name(`f${i}`), 0, i]),
    ),
    ...section(10, bodies),
  ]);
}

function section(id: number, entries: readonly Code[]): Code {
  const content = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): Code {
  return [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))];
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  const ends = value >> 6 === 0 || value >> 6 === -1;
  return ends ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
