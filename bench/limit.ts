/** The arithmetic limit of this core: the rate of one large float32 product in ONNX Runtime on one thread. */
import { functionModel, Session } from "../src/engine/index.ts";
import { input, matmul } from "../src/tensor/index.ts";

import { processorTime } from "./processor-time.ts";

const SIZE = 1024;

/** Measures how fast this core multiplies 1024 × 1024 matrices. */
export class ArithmeticLimit {
  readonly #session: Session;
  readonly #matrix: Float32Array = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % 17) / 17 - 0.5);

  private constructor(session: Session) {
    this.#session = session;
  }

  static async create(): Promise<ArithmeticLimit> {
    const left = input("left", [SIZE, SIZE]);
    const right = input("right", [SIZE, SIZE]);
    const model = functionModel({ inputs: [left, right], outputs: { product: matmul(left, right) } });
    return new ArithmeticLimit(await Session.create(model));
  }

  /** Floating-point operations a millisecond of processor time, from one product. */
  async rate(): Promise<number> {
    const matrix = { data: this.#matrix, shape: [SIZE, SIZE] };
    const start = processorTime();
    await this.#session.run({ left: matrix, right: matrix });
    return (2 * SIZE ** 3) / (processorTime() - start);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
