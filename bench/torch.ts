/** PyTorch beside us: bench/torch_step.py as a child process that times steps when asked. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { NetworkName } from "./networks.ts";

/** A running PyTorch; `undefined` is what `startTorch` gives where python3 has no torch. */
export class Torch {
  readonly version: string;
  /** What multiplies its matrices: "OpenBLAS"; "BLAS" is the reference, which no comparison should be made with. */
  readonly blas: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(
    { torch, blas }: { readonly torch: string; readonly blas: string },
    process: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
  ) {
    this.version = torch;
    this.blas = blas;
    this.#process = process;
    this.#lines = lines;
  }

  /** One line on what is compared with. */
  get description(): string {
    const slow =
      this.blas === "BLAS"
        ? "\n!!! That is the reference BLAS: PyTorch is many times slower than it should be. Install libopenblas0-pthread. !!!"
        : "";
    return `PyTorch ${this.version}, eager, one thread, with ${this.blas}.${slow}`;
  }

  /** Milliseconds a step, over `steps` steps on a fold of `rows` events: of processor time, or by the clock. */
  async stepTime(
    network: NetworkName,
    rows: number,
    steps: number,
    clock: "processor" | "wall" = "processor",
  ): Promise<number> {
    this.#process.stdin.write(`${JSON.stringify({ network, rows, steps })}\n`);
    const { value } = await this.#lines.next();
    return ((JSON.parse(value) as Record<typeof clock, number>)[clock] * 1000) / steps;
  }

  /** Ends the process. */
  stop(): void {
    this.#process.stdin.end();
  }
}

/** Starts PyTorch with one thread; undefined where neither `python3` nor the system's own has torch. */
export async function startTorch(): Promise<Torch | undefined> {
  return (await start("python3")) ?? (await start("/usr/bin/python3"));
}

async function start(python: string): Promise<Torch | undefined> {
  // A forced kernel choice of OpenBLAS would slow the other side down.
  const { OPENBLAS_CORETYPE: _, ...rest } = process.env;
  const compiled = import.meta.url.endsWith(".js");
  const script = new URL(compiled ? "../../torch_step.py" : "./torch_step.py", import.meta.url);
  const child = spawn(python, [fileURLToPath(script)], {
    env: { ...rest, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
    stdio: "pipe",
  });
  child.stderr.resume();
  child.stdin.on("error", () => {});
  const missing = new Promise<undefined>((resolve) => child.once("error", () => resolve(undefined)));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), missing]);
  if (first === undefined || first.done) return undefined;
  return new Torch(JSON.parse(first.value) as { torch: string; blas: string }, child, lines);
}
