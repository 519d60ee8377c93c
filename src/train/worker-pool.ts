/** Worker processes: jobs side by side, each in a process that can be killed and fails alone. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { compiledFile } from "../data/compiled-file.ts";
import { InterruptedError, TrainingError } from "../errors/index.ts";
import { errorFromData, type Job, type Reply } from "./worker-protocol.ts";

/** A process that ended in the middle of a job. */
export interface LostWorker {
  /** Index of the job. */
  readonly job: number;
  /** What ended it, for example "SIGKILL" or "exit code 134". */
  readonly reason: string;
  /** How many processes this job has lost so far. */
  readonly losses: number;
  /** Whether the job is started again on a new process. */
  readonly restarted: boolean;
  /** The last lines that the process wrote to its standard error. */
  readonly lastWords: string;
}

/** How jobs are run and what is heard of them. */
export interface PoolOptions<Message, Result> {
  /** Number of processes; no more than there are jobs. */
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
  /** How often a job is started again after its process died. Default 2. */
  readonly retries?: number;
  /** What a job is called in messages. */
  readonly nameOf?: (job: number) => string;
  /** Called for every message of a job. */
  onMessage?(job: number, message: Message): void;
  /** Called as soon as a job is done, in the order in which they end; awaited before the pool ends. */
  onResult?(job: number, result: Result): Promise<void> | void;
  /** Called when a process ended that should not have. */
  onLost?(lost: LostWorker): void;
}

/**
 * Runs the jobs in worker processes and gives their results in the order of the jobs.
 *
 * A job whose process dies is started again on a new one. A job that throws ends everything: the other
 * processes end as soon as their engine's call is done, and the error is thrown again here, with its class.
 * Only an aborted signal kills processes at once. Processes end when the parent does, however that happens.
 *
 * @throws TrainingError when the process of a job has died `retries + 1` times.
 * @throws InterruptedError when the signal is aborted.
 */
export function runJobs<Message, Result>(
  jobs: readonly Job[],
  options: PoolOptions<Message, Result>,
): Promise<Result[]> {
  return new Pool(jobs, options).run();
}

/** A process that is asked to end is killed after this time: calls of the engine take about a second at most. */
const graceMilliseconds = 3000;

interface Worker {
  readonly child: ChildProcess;
  job: number | undefined;
  lastWords: string;
}

class Pool<Message, Result> {
  readonly #jobs: readonly Job[];
  readonly #options: PoolOptions<Message, Result>;
  readonly #file: string;
  readonly #waiting: number[];
  readonly #results: Result[] = [];
  readonly #losses: number[];
  readonly #workers = new Set<Worker>();
  readonly #deliveries: Promise<void>[] = [];
  #open: number;
  #settled = false;
  #resolve: (results: Result[]) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(jobs: readonly Job[], options: PoolOptions<Message, Result>) {
    this.#jobs = jobs;
    this.#options = options;
    this.#file = fileURLToPath(compiledFile("worker-process", import.meta.url));
    this.#waiting = jobs.map((_, index) => index);
    this.#losses = jobs.map(() => 0);
    this.#open = jobs.length;
  }

  async run(): Promise<Result[]> {
    const { signal, workers } = this.#options;
    const killAll = (): void => this.#killAll();
    const abort = (): void => {
      this.#killAll();
      this.#fail(new InterruptedError("workers: interrupted."));
    };
    const done = new Promise<Result[]>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    process.once("exit", killAll);
    signal?.addEventListener("abort", abort);
    try {
      if (signal?.aborted) abort();
      else if (this.#jobs.length === 0) this.#resolve([]);
      for (let i = 0; i < Math.min(workers, this.#jobs.length) && !this.#settled; i++) this.#start();
      return await done;
    } finally {
      this.#settled = true;
      await Promise.all([...this.#workers].map((worker) => this.#stop(worker)));
      process.off("exit", killAll);
      signal?.removeEventListener("abort", abort);
      await Promise.allSettled(this.#deliveries);
    }
  }

  #start(): void {
    const child = fork(this.#file, [], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const worker: Worker = { child, job: undefined, lastWords: "" };
    this.#workers.add(worker);
    child.stdout?.on("data", (chunk: Buffer) => process.stderr.write(chunk));
    child.stderr?.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      worker.lastWords = (worker.lastWords + chunk.toString("utf8")).slice(-2000);
    });
    child.on("message", (reply: Reply) => this.#hear(worker, reply));
    child.on("error", (error) => {
      // Without a process there will be no exit; other errors are sends to a process that is dying.
      if (child.pid === undefined) this.#lose(worker, error.message);
    });
    child.on("exit", (code, signal) => this.#lose(worker, signal ?? `exit code ${code}`));
    this.#next(worker);
  }

  #next(worker: Worker): void {
    worker.job = this.#waiting.shift();
    if (worker.job === undefined) {
      void this.#stop(worker);
    } else {
      worker.child.send(this.#jobs[worker.job]!, () => undefined);
    }
  }

  #hear(worker: Worker, reply: Reply): void {
    const { job } = worker;
    if (this.#settled || job === undefined) return;
    try {
      if (reply.kind === "message") this.#options.onMessage?.(job, reply.message as Message);
      else if (reply.kind === "error") this.#fail(errorFromData(reply.error));
      else this.#finish(worker, job, reply.result as Result);
    } catch (error) {
      this.#fail(error);
    }
  }

  #finish(worker: Worker, job: number, result: Result): void {
    this.#results[job] = result;
    const delivery = Promise.resolve(this.#options.onResult?.(job, result));
    this.#deliveries.push(delivery);
    delivery.catch((error: unknown) => this.#fail(error));
    this.#open -= 1;
    this.#next(worker);
    if (this.#open === 0) {
      Promise.all(this.#deliveries).then(
        () => this.#resolve(this.#results),
        () => undefined,
      );
    }
  }

  #lose(worker: Worker, reason: string): void {
    const { job } = worker;
    if (!this.#workers.delete(worker) || this.#settled || job === undefined) return;
    worker.job = undefined; // A result that was still under way must not count twice.
    this.#losses[job]! += 1;
    const losses = this.#losses[job]!;
    const restarted = losses <= (this.#options.retries ?? 2);
    try {
      this.#options.onLost?.({ job, reason, losses, restarted, lastWords: worker.lastWords.trim() });
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (restarted) {
      this.#waiting.unshift(job);
      this.#start();
    } else {
      const name = this.#options.nameOf?.(job) ?? `job ${job}`;
      const words = worker.lastWords.trim().split("\n").at(-1);
      this.#fail(
        new TrainingError(
          `workers: the process of ${name} died ${losses} times, at last by ${reason}${words ? ` ("${words}")` : ""}. If memory ran out, use fewer workers; what is finished is kept, and the same command goes on from there.`,
        ),
      );
    }
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
  }

  /** Asks a process to end: it hears that between two calls of the engine. Resolves when it has ended. */
  #stop({ child }: Worker): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      return Promise.resolve();
    }
    if (child.connected) child.disconnect();
    return new Promise((resolve) => {
      const kill = setTimeout(() => child.kill("SIGKILL"), graceMilliseconds);
      child.once("exit", () => {
        clearTimeout(kill);
        resolve();
      });
    });
  }

  #killAll(): void {
    for (const { child } of this.#workers) child.kill("SIGKILL");
  }
}
