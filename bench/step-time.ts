/**
 * How long is one training step, and how long until the first? Ours for a whole fold in one call and step by step,
 * PyTorch's on the same core, and the time that the products alone would take at the speed of one large product
 * (the arithmetic limit). `node bench/dist/bench/step-time.js dense gru` times some of the networks.
 */
import { unknownName } from "../src/errors/index.ts";
import { ArithmeticLimit } from "./limit.ts";
import { type NetworkName, networkNames, stepOperations, timedNetworks } from "./networks.ts";
import { processorTime } from "./processor-time.ts";
import { median, printTable } from "./table.ts";
import { startTorch } from "./torch.ts";
import { BATCH, ROWS, STEPS, TrainedNetwork } from "./trained-network.ts";

const REPEATS = 15;
/** Networks of many milliseconds a step are timed for fewer of them. */
const roundSteps: Readonly<Record<NetworkName, number>> = {
  dense: STEPS,
  wide: STEPS,
  winner: 10,
  gru: 30,
  conv: 20,
  attention: 20,
};

/** Compiles the networks; the first one also loads ONNX Runtime. */
async function timeFirstSteps(names: readonly NetworkName[]) {
  const rounds = [];
  for (const name of names) {
    const start = processorTime();
    const network = await TrainedNetwork.create(timedNetworks[name]);
    await network.firstStep();
    const firstStep = processorTime() - start;
    rounds.push({ name, network, firstStep, times: { rate: [], fold: [], single: [], torch: [] } as Times });
  }
  return rounds;
}

interface Times {
  /** Floating-point operations a millisecond, measured just before. */
  readonly rate: number[];
  readonly fold: number[];
  readonly single: number[];
  readonly torch: number[];
}

const asked = process.argv.slice(2);
const names = (asked.length > 0 ? asked : networkNames).map((name) => {
  const known = networkNames.find((other) => other === name);
  if (known === undefined) throw unknownName("network", name, networkNames);
  return known;
});
const rounds = await timeFirstSteps(names);
const torch = await startTorch();
const limit = await ArithmeticLimit.create();

// Interleaved, so that what else the machine does falls on all alike; the first round warms up.
for (let repeat = 0; repeat <= REPEATS; repeat++) {
  for (const { name, network, times } of rounds) {
    const rate = await limit.rate();
    const fold = await network.foldTime(roundSteps[name]);
    const single = await network.singleTime();
    const beside = (await torch?.stepTime(name, ROWS, roundSteps[name])) ?? Number.NaN;
    if (repeat === 0) continue;
    times.rate.push(rate);
    times.fold.push(fold);
    times.single.push(single);
    times.torch.push(beside);
  }
}
torch?.stop();
await limit.release();

const rate = median(rounds.flatMap(({ times }) => times.rate));
console.log(
  `ms of processor time a training step: batch ${BATCH}, Adam, event weights, shuffled events out of ${ROWS}, one thread;`,
);
console.log(
  `medians of ${REPEATS} interleaved rounds. One core multiplies at ${(rate / 1e6).toFixed(0)} GFLOP/s.`,
);
console.log(`${torch?.description ?? "python3 has no torch here: no comparison."}\n`);
printTable(
  [
    "",
    "fold in a call",
    "step by step",
    "PyTorch",
    "limit",
    "fold / PyTorch",
    "fold / limit",
    "least: fold / PyTorch",
    "least: fold / limit",
    "to the first step",
  ],
  rounds.map(({ name, firstStep, times }) => {
    const [fold, beside] = [median(times.fold), median(times.torch)];
    const least = stepOperations(timedNetworks[name], BATCH) / median(times.rate);
    const single = median(times.single);
    // What else the machine does only ever takes time away: the least of all rounds says most on a busy one.
    const quickest = Math.min(...times.fold);
    const atBest = stepOperations(timedNetworks[name], BATCH) / Math.max(...times.rate);
    const ratios = [fold / beside, fold / least, quickest / Math.min(...times.torch), quickest / atBest];
    return [timedNetworks[name].title, fold, single, beside, least, ...ratios, firstStep];
  }),
);
