/**
 * Trains the standard step 10,000 times in a process of its own, with 200 programs made and released in between,
 * and prints the resident memory in MiB after 1,000 and after all calls as JSON. Run with --expose-gc.
 *
 * Each is the median of ten readings, 100 calls apart: a single one is off by up to 15 MiB, as the allocator holds pages
 * back or has just returned some.
 */
import { Stream } from "../../dist/array/index.js";
import { ModelBuilder } from "../../dist/model/index.js";
import { fullyConnected } from "../../dist/nn/index.js";

const BATCH = 256;
const ROWS = 2_000;
const FEATURES = 33;
const CALLS = 10_000;
const PROGRAMS = 200;

const random = new Stream(1, "events");
const fold = {
  table: Float32Array.from({ length: ROWS * FEATURES }, () => random.normal()),
  rows: ROWS,
  targets: Float32Array.from({ length: ROWS }, () => random.integer(2)),
  weights: new Float32Array(ROWS).fill(1),
};
const builder = new ModelBuilder({
  task: { kind: "binary" },
  features: {
    continuousFeatures: Array.from({ length: FEATURES }, (_, i) => `x${i}`),
    categoricalFeatures: [],
    categorySizes: [],
  },
  body: fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }),
});
let state = builder.initialState(1, 0);

async function step(program, batchSize) {
  ({ state } = await program.run(state, {
    ...fold,
    order: random.permutation(ROWS).subarray(0, batchSize),
    learningRates: Float32Array.of(1e-3),
    momenta: Float32Array.of(0.9),
    random,
  }));
}

/** Another batch size: a model of its own, not the one that the other program keeps compiled. */
async function makeAndRelease() {
  const program = await builder.compileTraining({ batchSize: BATCH - 1, meanWeight: 1 });
  await step(program, BATCH - 1);
  await program.release();
}

async function residentMemory() {
  globalThis.gc();
  // What the garbage held outside the heap is freed after the collection.
  await new Promise(setImmediate);
  globalThis.gc();
  return process.memoryUsage().rss / 2 ** 20;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

// Native memory grows once by some 10 MiB in the first hundred programs of a process, then never again.
for (let i = 0; i < PROGRAMS; i++) await makeAndRelease();
const program = await builder.compileTraining({ batchSize: BATCH, meanWeight: 1 });
const early = [];
const last = [];
for (let call = 1; call <= CALLS; call++) {
  await step(program, BATCH);
  if (call % (CALLS / PROGRAMS) === 0) await makeAndRelease();
  if (call % 100 !== 0) continue;
  if (call >= 1_000 && call < 2_000) early.push(await residentMemory());
  if (call > CALLS - 1_000) last.push(await residentMemory());
}
await program.release();
process.stdout.write(`${JSON.stringify({ early: median(early), last: median(last) })}\n`);
