/** How much memory a graph needs at least, so that one that cannot run is refused while it is traced. */
import { ShapeError } from "../errors/index.ts";
import type { PrimitiveName } from "../tensor/primitives.ts";
import { shapeText, type Tensor } from "../tensor/tensor.ts";
import type { Device } from "./device.ts";

/** What is given, or becomes part of something else when it is written, takes no memory of its own. */
const costless: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(["input", "constant", "customGradient", "reshape", "transpose", "broadcastTo"] as const),
]);

/** Bytes of a value; sizes that are only known at run time count as 1. */
function bytesOf(tensor: Tensor): number {
  const { op, shape, dtype, rank } = tensor;
  // Products of the events' matrices may be summed over the events as they are made.
  if (costless.has(op) || (op === "matmul" && rank > 2)) return 0;
  const count = shape.reduce<number>((n, size) => (typeof size === "number" ? n * size : n), 1);
  return count * (dtype === "float32" || dtype === "int32" ? 4 : 1);
}

/** The most that a graph's values take at once, in bytes, and the largest of them. */
export interface NeededMemory {
  readonly bytes: number;
  readonly largest: Tensor | undefined;
}

/**
 * What the values under `outputs` take when each is made in turn and given up after its last use: less than any
 * engine needs.
 */
export function neededMemory(outputs: readonly Tensor[]): NeededMemory {
  const lastUse = new Map<Tensor, number>();
  const stack = [...outputs];
  for (const output of outputs) lastUse.set(output, Number.POSITIVE_INFINITY);
  while (stack.length > 0) {
    const tensor = stack.pop()!;
    for (const input of tensor.inputs) {
      const before = lastUse.get(input);
      lastUse.set(input, Math.max(before ?? 0, tensor.id));
      if (before === undefined) stack.push(input);
    }
  }
  let [now, bytes, largest] = [0, 0, undefined as Tensor | undefined];
  for (const tensor of [...lastUse.keys()].sort((a, b) => a.id - b.id)) {
    // The value may be written over one that is no longer needed.
    for (const input of new Set(tensor.inputs)) if (lastUse.get(input) === tensor.id) now -= bytesOf(input);
    const own = bytesOf(tensor);
    now += own;
    bytes = Math.max(bytes, now);
    if (largest === undefined || own > bytesOf(largest)) largest = tensor;
  }
  return { bytes, largest };
}

/** What WebAssembly can address. */
const memoryOfWebAssembly = 2 ** 32;

/** Bytes that are free for a graph on a device; of a graphics processor nothing is known. */
export function freeMemory(device: Device): number {
  if (device === "wasm") return memoryOfWebAssembly;
  return device === "cpu" ? process.availableMemory() : Number.POSITIVE_INFINITY;
}

/** @throws ShapeError if the values under `outputs` do not fit into `free` bytes. */
export function checkMemory(what: string, outputs: readonly Tensor[], free: number): void {
  const { bytes, largest } = neededMemory(outputs);
  if (bytes <= free || largest === undefined) return;
  const place = largest.place === "" ? "" : `of "${largest.place}" `;
  const from = largest.inputs.map(({ shape }) => shapeText(shape)).join(" and ");
  throw new ShapeError(
    `${what}: its arrays take ${gigabytes(bytes)} GB at once, but ${gigabytes(free)} GB of memory are free here. ` +
      `The largest is the ${largest.op} ${place}${shapeText(largest.shape)} from ${from}. ` +
      "Use smaller batches, layers or sequences.",
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toPrecision(3);
}
