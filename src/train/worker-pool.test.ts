import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { compiledFile } from "../data/compiled-file.ts";
import { DataError, InterruptedError, TrainingError } from "../errors/index.ts";
import { type LostWorker, runJobs } from "./worker-pool.ts";

const tasks = new URL("../../test/support/pool-tasks.mjs", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "lumin-pool-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const doubling = (value: number[], wait = 0) => ({ module: tasks, name: "double", payload: { value, wait } });

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function endOf(pid: number, within: number): Promise<boolean> {
  for (let waited = 0; waited < within && isAlive(pid); waited += 20) await sleep(20);
  return !isAlive(pid);
}

describe("the pool", () => {
  test("gives results in the order of the jobs, typed arrays included, with any number of workers", async () => {
    for (const workers of [1, 2, 8]) {
      // With two, the first is still at it when the other process has done all else, however late that one starts.
      const delay = workers === 2 ? 3000 : 20;
      const jobs = [doubling([1, 2], delay), doubling([3]), doubling([4]), doubling([5])];
      const finished: number[] = [];
      const started: unknown[] = [];
      const results = await runJobs<unknown, { doubled: Float32Array; pid: number }>(jobs, {
        workers,
        onMessage: (job, message) => void started.push([job, message]),
        onResult: (job) => void finished.push(job),
      });
      expect(results.map((result) => result.doubled)).toEqual(
        [[2, 4], [6], [8], [10]].map((x) => Float32Array.from(x)),
      );
      expect(new Set(results.map((result) => result.pid)).size).toBe(Math.min(workers, 4));
      expect(started).toContainEqual([0, { started: [1, 2] }]);
      if (workers === 1) expect(finished).toEqual([0, 1, 2, 3]);
      if (workers === 2) expect(finished.at(-1)).toBe(0);
      for (const { pid } of results) expect(await endOf(pid, 1000)).toBe(true);
    }
  });

  test("starts a job again when its process was killed, and says so", async () => {
    const lost: LostWorker[] = [];
    const results = await runJobs<unknown, unknown>(
      [
        doubling([1]),
        { module: tasks, name: "dieOnce", payload: { marker: join(folder, "twice"), deaths: 2 } },
        doubling([2]),
      ],
      { workers: 2, onLost: (event) => void lost.push(event) },
    );
    expect(results[1]).toBe("lived");
    expect(results[2]).toMatchObject({ doubled: Float32Array.of(4) });
    expect(lost).toEqual([
      { job: 1, reason: "SIGKILL", losses: 1, restarted: true, lastWords: "" },
      { job: 1, reason: "SIGKILL", losses: 2, restarted: true, lastWords: "" },
    ]);
  });

  test("gives up on a job that kills its process three times", async () => {
    const promise = runJobs(
      [{ module: tasks, name: "dieOnce", payload: { marker: join(folder, "often"), deaths: 9 } }],
      { workers: 1 },
    );
    await expect(promise).rejects.toBeInstanceOf(TrainingError);
    await expect(promise).rejects.toThrow(
      "workers: the process of job 0 died 3 times, at last by SIGKILL. If memory ran out, use fewer workers; what is finished is kept, and the same command goes on from there.",
    );
  });

  test("an error crosses the border with class and message and ends the other jobs", async () => {
    const pids: number[] = [];
    const promise = runJobs<{ pid: number }, unknown>(
      [
        { module: tasks, name: "forever", payload: undefined },
        { module: tasks, name: "fail", payload: { kind: "DataError", message: "fold 3: no events." } },
      ],
      { workers: 2, onMessage: (_, { pid }) => void pids.push(pid) },
    );
    await expect(promise).rejects.toBeInstanceOf(DataError);
    await expect(promise).rejects.toThrow("fold 3: no events.");
    for (const pid of pids) expect(await endOf(pid, 1000)).toBe(true);
    await expect(
      runJobs([{ module: tasks, name: "fail", payload: { kind: "RangeError", message: "far" } }], {
        workers: 1,
      }),
    ).rejects.toBeInstanceOf(RangeError);
  });

  test("a call under way is finished before a process ends because another job failed", async () => {
    const marker = join(folder, "call");
    const pids: number[] = [];
    const promise = runJobs<{ pid: number }, unknown>(
      [
        { module: tasks, name: "block", payload: { marker, milliseconds: 700 } },
        { module: tasks, name: "failWhenBlocked", payload: { marker } },
      ],
      { workers: 2, onMessage: (_, { pid }) => void pids.push(pid) },
    );
    await expect(promise).rejects.toThrow("later");
    expect(readFileSync(marker, "utf8")).toBe("whole");
    // All processes have ended when the pool has.
    expect(pids.map(isAlive)).toEqual([false]);
  });

  test("a process that does not end by itself is killed after a time of grace", async () => {
    const marker = join(folder, "never");
    const pids: number[] = [];
    const promise = runJobs<{ pid: number }, unknown>(
      [
        { module: tasks, name: "block", payload: { marker, milliseconds: 60_000 } },
        { module: tasks, name: "failWhenBlocked", payload: { marker } },
      ],
      { workers: 2, onMessage: (_, { pid }) => void pids.push(pid) },
    );
    await expect(promise).rejects.toThrow("later");
    expect(pids.map(isAlive)).toEqual([false]);
    expect(existsSync(marker)).toBe(false);
  });

  test("an aborted signal kills the processes at once", async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const promise = runJobs<{ pid: number }, unknown>(
      [0, 1].map(() => ({ module: tasks, name: "forever", payload: undefined })),
      {
        workers: 2,
        signal: controller.signal,
        onMessage: (_, { pid }) => {
          pids.push(pid);
          if (pids.length === 2) controller.abort();
        },
      },
    );
    await expect(promise).rejects.toBeInstanceOf(InterruptedError);
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(await endOf(pid, 500)).toBe(true);
    await expect(runJobs([doubling([1])], { workers: 1, signal: controller.signal })).rejects.toBeInstanceOf(
      InterruptedError,
    );
  });

  test("an error thrown while a result is taken ends the pool", async () => {
    await expect(
      runJobs([doubling([1])], {
        workers: 1,
        onResult: async () => {
          await sleep(5);
          throw new DataError("the disk is full.");
        },
      }),
    ).rejects.toThrow("the disk is full.");
  });

  test("no jobs, no processes", async () => {
    expect(await runJobs([], { workers: 4 })).toEqual([]);
  });

  test("processes end when their parent is killed", async () => {
    const pool = compiledFile("worker-pool", import.meta.url).href;
    const program = `
      const { runJobs } = await import(${JSON.stringify(pool)});
      const job = { module: ${JSON.stringify(tasks)}, name: "forever" };
      await runJobs([job, job], { workers: 2, onMessage: (_, { pid }) => console.log(pid) });`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pids: number[] = [];
    for await (const chunk of parent.stdout) {
      pids.push(...String(chunk).trim().split("\n").map(Number));
      if (pids.length === 2) break;
    }
    parent.kill("SIGKILL");
    expect(pids.every((pid) => pid > 1)).toBe(true);
    for (const pid of pids) expect(await endOf(pid, 2000)).toBe(true);
  });
});

test("a missing compiled file is explained", () => {
  expect(() => compiledFile("no-such-file", "file:///somewhere/src/train/worker-pool.ts")).toThrow(
    'workers: the compiled file /somewhere/dist/train/no-such-file.js does not exist, and a worker process cannot run TypeScript sources. Run "npm run build", or train with workers: 0.',
  );
  expect(compiledFile("worker-process", "file:///app/dist/train/worker-pool.js").href).toBe(
    "file:///app/dist/train/worker-process.js",
  );
});
