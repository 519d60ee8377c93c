/** Does a device train? Steps of a standard network on it, compared with the float64 reference, and their time. */
import { Stream } from "../array/index.ts";
import { type Device, referenceSession, runtimeVersion } from "../engine/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { ModelBuilder } from "./builder.ts";
import {
  compileTraining,
  type FoldCall,
  type TrainingProgram,
  type TrainingState,
} from "./training-program.ts";

/** What trying a device found. */
export interface DeviceCheck {
  readonly device: Device;
  /** Version of the ONNX Runtime that ran it. */
  readonly runtime: string;
  /** The largest difference of a weight from the reference after the compared steps, over the largest change. */
  readonly weightDeviation: number;
  /** The largest relative difference of a loss. */
  readonly lossDeviation: number;
  /** Whether both deviations are within what float32 explains. */
  readonly agrees: boolean;
  /** Milliseconds of one training step with 256 events, in the fastest of several rounds. */
  readonly stepMilliseconds: number;
}

/** What float32 explains, as in the tests: 1e-4 of the weights' changes, 1e-5 of a loss. */
const tolerance = { weights: 1e-4, loss: 1e-5 };

/** The network of the paper's study of the Higgs challenge: six dense layers, 31 quantities and the number of jets. */
const standard: ModelBuilder = new ModelBuilder({
  task: { kind: "binary" },
  features: {
    continuousFeatures: Array.from({ length: 31 }, (_, i) => `quantity${i}`),
    categoricalFeatures: ["jets"],
    categorySizes: [4],
  },
  body: fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }),
  // Unlike Adam's, this step is proportional to the gradient, also where that is nearly nothing.
  optimiser: { name: "sgd", learningRate: 0.1, momentum: 0.9 },
});

/**
 * Trains the standard network (six dense layers of 33, 31 inputs and a category) on the device.
 * @throws ConfigurationError if the device does not work here.
 */
export async function checkDevice(device: Device): Promise<DeviceCheck> {
  const runtime = await runtimeVersion(device);
  const { weightDeviation, lossDeviation } = await compare(device);
  const agrees = weightDeviation <= tolerance.weights && lossDeviation <= tolerance.loss;
  return { device, runtime, weightDeviation, lossDeviation, agrees, stepMilliseconds: await time(device) };
}

async function compare(device: Device): Promise<{ weightDeviation: number; lossDeviation: number }> {
  const options = { batchSize: 16, meanWeight: 1, loss: await standard.resolveLoss() };
  const run = async (program: TrainingProgram) => {
    const result = await program.run(standard.initialState(1, 0), drawnCall(64, 16, 2));
    await program.release();
    return result;
  };
  const start = standard.initialState(1, 0).parameters;
  const expected = await run(
    await compileTraining(standard, options, (step) => Promise.resolve(referenceSession(step))),
  );
  const found = await run(await compileTraining(standard, { ...options, device }));
  let [change, difference] = [0, 0];
  for (let i = 0; i < start.length; i++) {
    const value = expected.state.parameters[i]!;
    change = Math.max(change, Math.abs(value - start[i]!));
    difference = Math.max(difference, Math.abs(value - found.state.parameters[i]!));
  }
  const losses = Array.from(expected.losses, (loss, i) => Math.abs(found.losses[i]! - loss) / loss);
  return { weightDeviation: difference / change, lossDeviation: Math.max(...losses) };
}

async function time(device: Device): Promise<number> {
  const [batchSize, steps, budget] = [256, 20, 3000];
  const program = await compileTraining(standard, {
    batchSize,
    meanWeight: 1,
    loss: await standard.resolveLoss(),
    device,
  });
  let state: TrainingState = standard.initialState(1, 0);
  const call = drawnCall(5000, batchSize, steps);
  let fastest = Number.POSITIVE_INFINITY;
  const begin = performance.now();
  // WebAssembly is compiled once more while it runs; and others may use the machine now and then.
  for (let round = 0; round < 2 || (round < 100 && performance.now() - begin < budget); round++) {
    const start = performance.now();
    state = (await program.run(state, call)).state;
    fastest = Math.min(fastest, (performance.now() - start) / steps);
  }
  await program.release();
  return fastest;
}

/** Steps on drawn events with weights; the last column is a category. */
function drawnCall(rows: number, batchSize: number, steps: number): FoldCall {
  const random = new Stream(1, "device check");
  const columns = standard.featureCount;
  return {
    table: Float32Array.from({ length: rows * columns }, (_, i) =>
      i % columns === columns - 1 ? random.integer(4) : random.normal(),
    ),
    rows,
    targets: Float32Array.from({ length: rows }, () => random.integer(2)),
    weights: Float32Array.from({ length: rows }, () => 0.5 + random.uniform()),
    order: Int32Array.from({ length: batchSize * steps }, () => random.integer(rows)),
    learningRates: new Float32Array(steps).fill(standard.learningRate),
    momenta: new Float32Array(steps).fill(standard.momentum),
    random,
  };
}
