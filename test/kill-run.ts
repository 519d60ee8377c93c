/** Kills `lumin train` from outside, and compares what it ends with. */
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { descendants, type Finished, type Running } from "./cli-harness.ts";

/** What was there when the processes were killed. */
export interface Killed extends Finished {
  /** Worker processes that were alive. */
  readonly workers: number;
  /** Temporary files of checkpoints that are left: it was killed inside a write. */
  readonly halfCheckpoints: number;
}

/** SIGKILLs the process that listens and the whole group of those that work, at once. */
export async function killAll(running: Running, out: string): Promise<Killed> {
  const below = descendants(running.pid);
  if (below[0] !== undefined) sendKill(-below[0].pid);
  running.signal("SIGKILL");
  const finished = await running.finished;
  const workers = below.filter(({ command }) => command.includes("worker-process")).length;
  return { ...finished, workers, halfCheckpoints: halfCheckpoints(out).length };
}

/** Resolves as soon as a checkpoint of a member is being written; rejects when the run ends before. */
export async function checkpointBegun(running: Running, out: string): Promise<void> {
  await running.says(/^wrote \d+ folds/m);
  let isOver = false;
  void running.finished.then(() => {
    isOver = true;
  });
  const members = join(out, "members");
  while (!existsSync(members) || readdirSync(members).length === 0) {
    if (isOver) throw new Error("it ended before it wrote a checkpoint");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(members, { recursive: true }, (_, name) => {
      if (name === null || !/\.checkpoint\.safetensors\..*\.tmp$/.test(name)) return;
      watcher.close();
      resolve();
    });
    void running.finished.then(() => {
      watcher.close();
      reject(new Error("it ended before it wrote a checkpoint"));
    });
  });
}

/** Resolves when each of the members has a checkpoint, or is finished; rejects when the run ends before. */
export async function membersBegun(running: Running, out: string, memberCount: number): Promise<void> {
  let isOver = false;
  void running.finished.then(() => {
    isOver = true;
  });
  const isBegun = (member: number): boolean =>
    ["checkpoint.safetensors", "result.json"].some((name) =>
      existsSync(join(out, "members", String(member), name)),
    );
  while (!Array.from({ length: memberCount }, (_, member) => member).every(isBegun)) {
    if (isOver) throw new Error("it ended before all members had a checkpoint");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Temporary files of checkpoints below a run's folder. */
export function halfCheckpoints(out: string): string[] {
  const members = join(out, "members");
  if (!existsSync(members)) return [];
  return readdirSync(members, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.checkpoint\.safetensors\..*\.tmp$/.test(name),
  );
}

/** Where the members went on, from what the command wrote: steps done by member. */
export function resumedSteps(stderr: string): Map<number, number> {
  const matches = stderr.matchAll(
    /^member (\d+) goes on from its checkpoint in epoch \d+, ([\d,]+) of [\d,]+ steps are done$/gm,
  );
  return new Map([...matches].map(([, member, done]) => [Number(member), Number(done!.replaceAll(",", ""))]));
}

/** Members that were finished before, from what the command wrote. */
export function keptMembers(stderr: string): number[] {
  return [...stderr.matchAll(/^member (\d+) is finished already, it is kept$/gm)].map(([, member]) =>
    Number(member),
  );
}

/** Steps that the last process ran, by timings.json and the histories of the members. */
export function stepsOfLastProcess(out: string): number {
  const read = <Content>(...path: string[]): Content =>
    JSON.parse(readFileSync(join(out, ...path), "utf8")) as Content;
  const { members } = read<{ members: { member: number; seconds: number | null; firstStep?: number }[] }>(
    "timings.json",
  );
  return members
    .filter(({ seconds }) => seconds !== null)
    .reduce((sum, { member, firstStep = 0 }) => {
      const { stepCount } = read<{ stepCount: number }>("members", String(member), "result.json");
      return sum + stepCount - firstStep;
    }, 0);
}

/** All files of a run with their content; of the report all but the table of times, of timings.json nothing. */
export function contentsOf(out: string): Map<string, string> {
  const entries = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(
    paths.map((path) => {
      const name = path.slice(out.length + 1);
      if (name === "timings.json") return [name, ""];
      const content = readFileSync(path);
      if (name !== "report.html") return [name, content.toString("latin1")];
      return [name, withoutTimes(content.toString("utf8"))];
    }),
  );
}

function withoutTimes(report: string): string {
  const without = report.replace(/<h2>Timings<\/h2>[\s\S]*?<\/table>/, "");
  if (without === report) throw new Error("the report has no table of times");
  return without;
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
