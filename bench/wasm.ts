/**
 * How much slower is WebAssembly, which browsers run, than native code? One thread each, PyTorch on the same core, and
 * TensorFlow.js on the same WebAssembly. The engine is the same in Node and in Chromium (V8).
 */
import { type NetworkName, timedNetworks } from "./networks.ts";
import { median, printTable } from "./table.ts";
import { startTensorFlow } from "./tensorflow.ts";
import { startTorch } from "./torch.ts";
import { BATCH, ROWS, STEPS, TrainedNetwork } from "./trained-network.ts";

const REPEATS = 15;
/** WebAssembly is compiled in two stages; the second is done while it runs. */
const WARM_UP = 10;
/** TensorFlow.js takes tens of milliseconds a step. */
const TENSORFLOW_STEPS = 10;

const names: readonly NetworkName[] = ["dense", "wide"];
const torch = await startTorch();
const tensorFlow = await startTensorFlow();
const rounds = [];
for (const name of names) {
  rounds.push({
    name,
    native: await TrainedNetwork.create(timedNetworks[name], { device: "cpu" }),
    wasm: await TrainedNetwork.create(timedNetworks[name], { device: "wasm" }),
    times: {
      native: [] as number[],
      wasm: [] as number[],
      torch: [] as number[],
      tensorFlow: [] as number[],
    },
  });
}
for (let repeat = 0; repeat < WARM_UP + REPEATS; repeat++) {
  for (const { name, native, wasm, times } of rounds) {
    const measured = {
      native: await native.foldTime(STEPS),
      wasm: await wasm.foldTime(STEPS),
      torch: (await torch?.stepTime(name, ROWS, STEPS)) ?? Number.NaN,
      tensorFlow:
        name === "wide" && typeof tensorFlow !== "string"
          ? await tensorFlow.stepTime(TENSORFLOW_STEPS)
          : Number.NaN,
    };
    if (repeat < WARM_UP) continue;
    times.native.push(measured.native);
    times.wasm.push(measured.wasm);
    times.torch.push(measured.torch);
    times.tensorFlow.push(measured.tensorFlow);
  }
}
torch?.stop();

console.log(
  `ms of processor time a training step: batch ${BATCH}, Adam, event weights, a fold of ${STEPS} steps in a call, one thread;`,
);
console.log(`medians of ${REPEATS} interleaved rounds.`);
console.log(torch?.description ?? "python3 has no torch here: no comparison.");
console.log(
  typeof tensorFlow === "string"
    ? `\n!!! NO COMPARISON WITH TENSORFLOW.JS: ${tensorFlow} !!!\n`
    : `TensorFlow.js ${tensorFlow.version}, WebAssembly backend, for 4×100.\n`,
);
printTable(
  [
    "",
    "native",
    "WebAssembly",
    "PyTorch",
    "TensorFlow.js",
    "WebAssembly / native",
    "WebAssembly / PyTorch",
    "TensorFlow.js / WebAssembly",
  ],
  rounds.map(({ name, times }) => {
    const [native, wasm, beside, tensor] = [
      median(times.native),
      median(times.wasm),
      median(times.torch),
      median(times.tensorFlow),
    ];
    return [
      timedNetworks[name].title,
      native,
      wasm,
      beside,
      tensor,
      wasm / native,
      wasm / beside,
      tensor / wasm,
    ];
  }),
);
