/**
 * TensorFlow.js beside us: its WebAssembly backend trains the same network in this process. It is no dependency: npm puts
 * it into a temporary folder, when this is run first.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Stream } from "../src/array/index.ts";
import { processorTime } from "./processor-time.ts";
import { BATCH, ROWS } from "./trained-network.ts";

const VERSION = "4.22.0";
const packages = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"];

/** What of TensorFlow.js is used. */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  env(): { set(flag: string, value: boolean): void };
  tensor2d(data: Float32Array, shape: [number, number]): Tensor;
  tensor1d(data: Int32Array | Float32Array, dtype?: string): Tensor;
  variable(initial: Tensor): Tensor;
  gather(x: Tensor, indices: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
  softplus(x: Tensor): Tensor;
  mean(x: Tensor): Tensor;
  tidy<Result>(run: () => Result): Result;
  train: { adam(rate: number): { minimize(loss: () => Tensor, returnCost: boolean): Tensor | null } };
}

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** A 4×100 Swish network of 33 inputs in training. */
export class TensorFlowNetwork {
  readonly version: string = VERSION;
  readonly #tf: TensorFlow;
  readonly #random = new Stream(1, "tensorflow");
  readonly #table: Tensor;
  readonly #targets: Tensor;
  readonly #weights: Tensor;
  readonly #layers: readonly (readonly [weight: Tensor, bias: Tensor])[];
  readonly #adam: ReturnType<TensorFlow["train"]["adam"]>;

  constructor(tf: TensorFlow) {
    this.#tf = tf;
    const drawn = (count: number, scale: number) =>
      Float32Array.from({ length: count }, () => scale * this.#random.normal());
    const sizes = [33, 100, 100, 100, 100, 1];
    this.#table = tf.tensor2d(drawn(ROWS * 33, 1), [ROWS, 33]);
    this.#targets = tf.tensor2d(
      Float32Array.from({ length: ROWS }, () => (this.#random.uniform() < 0.34 ? 1 : 0)),
      [ROWS, 1],
    );
    this.#weights = tf.tensor2d(
      Float32Array.from({ length: ROWS }, () => 0.5 + this.#random.uniform()),
      [ROWS, 1],
    );
    this.#layers = sizes.slice(1).map((outputs, i) => {
      const inputs = sizes[i]!;
      const weight = tf.tensor2d(drawn(inputs * outputs, Math.sqrt(2 / inputs)), [inputs, outputs]);
      return [tf.variable(weight), tf.variable(tf.tensor1d(new Float32Array(outputs)))];
    });
    this.#adam = tf.train.adam(1e-3);
  }

  /** Milliseconds of processor time a step: shuffled, gathered, trained. */
  async stepTime(steps: number): Promise<number> {
    const start = processorTime();
    const order = this.#random.permutation(ROWS);
    for (let i = 0; i < steps; i++) this.#step(order.subarray(i * BATCH, (i + 1) * BATCH));
    const last = this.#step(order.subarray(0, BATCH));
    const [loss] = await last.data();
    last.dispose();
    if (!Number.isFinite(loss)) throw new Error("internal: the loss of TensorFlow.js is not finite");
    return (processorTime() - start) / (steps + 1);
  }

  /** The weighted cross-entropy of logits, softplus(z) − y·z, and a step of Adam. */
  #step(events: Int32Array): Tensor {
    const tf = this.#tf;
    return tf.tidy(() => {
      const indices = tf.tensor1d(Int32Array.from(events), "int32");
      const [targets, weights] = [tf.gather(this.#targets, indices), tf.gather(this.#weights, indices)];
      const table = tf.gather(this.#table, indices);
      return this.#adam.minimize(() => {
        let x = table;
        this.#layers.forEach(([weight, bias], i) => {
          x = tf.add(tf.matMul(x, weight), bias);
          if (i < this.#layers.length - 1) x = tf.mul(x, tf.sigmoid(x));
        });
        return tf.mean(tf.mul(weights, tf.sub(tf.softplus(x), tf.mul(targets, x))));
      }, true)!;
    });
  }
}

/** A network of TensorFlow.js on one thread of WebAssembly, or a sentence that says why there is none. */
export async function startTensorFlow(): Promise<TensorFlowNetwork | string> {
  const folder = join(tmpdir(), `lumin-bench-tensorflow-${VERSION}`);
  try {
    if (!existsSync(join(folder, "installed"))) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
      console.log(`installing TensorFlow.js ${VERSION} into ${folder} …`);
      const wanted = packages.map((name) => `${name}@${VERSION}`);
      await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", ...wanted], { cwd: folder });
      writeFileSync(join(folder, "installed"), "");
    }
    const load = createRequire(join(folder, "package.json"));
    const tf = load("@tensorflow/tfjs") as TensorFlow;
    load("@tensorflow/tfjs-backend-wasm");
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    if (!(await tf.setBackend("wasm"))) return "its WebAssembly backend does not start here";
    await tf.ready();
    return new TensorFlowNetwork(tf);
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
      .trim()
      .split("\n")
      .slice(0, 2)
      .join(" ");
  }
}
