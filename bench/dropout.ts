/**
 * What does dropout cost, and where are its random bits made more cheaply: outside the graph, or by a hash of an explicit
 * key inside it? A 4×100 network with batches of 256 needs 102,400 of them a step.
 */
import { Stream } from "../src/array/index.ts";
import { Session } from "../src/engine/index.ts";
import { attribute, elementType, encodeModel, type NodeMessage } from "../src/engine/onnx-messages.ts";
import { drawMask } from "../src/model/dropout-masks.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { tabular, timedNetworks } from "./networks.ts";
import { median, milliseconds, printTable } from "./table.ts";
import { BATCH, STEPS, TrainedNetwork } from "./trained-network.ts";

const REPEATS = 25;
const SIZE = 4 * 100 * BATCH;
const KEEP = 0.8;

/** ONNX's number for 32-bit words, which no network of ours uses. */
const UINT32 = 12;

/**
 * A mask of SIZE numbers, 0 or 1, from a key: the index of each, hashed by multiplications and shifted sums. ONNX has no
 * exclusive or before operator set 18, and no operator that makes four bytes of a word.
 */
function hashModel(): Uint8Array {
  const node: NodeMessage[] = [];
  const write = (opType: string, input: readonly string[], attributes: NodeMessage["attribute"] = []) => {
    const output = `value${node.length}`;
    node.push({ name: output, opType, input, output: [output], attribute: attributes });
    return output;
  };
  const initializer = [
    constant(
      "indices",
      Uint32Array.from({ length: SIZE }, (_, i) => Math.imul(i, 0x9e3779b9) >>> 0),
    ),
    ...[0x21f0aaad, 0xd35a2d97].map((factor, i) => constant(`factor${i}`, Uint32Array.of(factor))),
    ...[16, 15].map((shift, i) => constant(`shift${i}`, Uint32Array.of(shift))),
    constant("limit", Uint32Array.of(Math.round(KEEP * 2 ** 32))),
  ];
  let hash = write("Add", ["indices", write("Cast", ["key"], [attribute("to", { i: UINT32 })])]);
  for (const round of [0, 1]) {
    const high = write("BitShift", [hash, `shift${round}`], [attribute("direction", { s: "RIGHT" })]);
    hash = write("Mul", [write("Add", [hash, high]), `factor${round}`]);
  }
  const kept = write("Less", [hash, "limit"]);
  const mask = write("Cast", [kept], [attribute("to", { i: elementType.uint8 })]);
  const type = (elemType: number, size: number) => ({
    tensorType: { elemType, shape: { dim: [{ dimValue: size }] } },
  });
  return encodeModel({
    name: "hash",
    node,
    initializer,
    input: [{ name: "key", type: type(elementType.int32, 1) }],
    output: [{ name: mask, type: type(elementType.uint8, SIZE) }],
  });
}

function constant(name: string, words: Uint32Array) {
  return { name, dims: [words.length], dataType: UINT32, rawData: new Uint8Array(words.buffer) };
}

const body = { depth: 4, width: 100, activation: "swish" } as const;
const [plain, dropping] = [
  await TrainedNetwork.create(timedNetworks.wide),
  await TrainedNetwork.create(tabular("4×100", fullyConnected({ ...body, dropout: 1 - KEEP }), [])),
];
const hash = await Session.create(hashModel());
const random = new Stream(1, "dropout");
const words = new Uint32Array(SIZE / 4);
const times = {
  plain: [] as number[],
  dropping: [] as number[],
  outside: [] as number[],
  inside: [] as number[],
};
for (let repeat = 0; repeat <= REPEATS; repeat++) {
  const measured = {
    plain: await plain.foldTime(STEPS),
    dropping: await dropping.foldTime(STEPS),
    outside: await milliseconds(() => drawMask(words, KEEP, random)),
    inside: await milliseconds(() => hash.run({ key: { data: Int32Array.of(repeat), shape: [1] } })),
  };
  if (repeat === 0) continue;
  for (const name of Object.keys(times) as (keyof typeof times)[]) times[name].push(measured[name]);
}
await hash.release();

console.log(`ms: 4×100, batch ${BATCH}, one thread; medians and least of ${REPEATS} interleaved rounds.\n`);
printTable(
  ["", "median", "least"],
  [
    ["a step without dropout", times.plain],
    ["a step with dropout", times.dropping],
    ["its random bits, made outside", times.outside],
    ["its random bits, hashed in a graph", times.inside],
  ].map(([what, list]) => [what as string, median(list as number[]), Math.min(...(list as number[]))]),
);
