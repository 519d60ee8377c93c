/** The memory of a process and all its descendants, sampled while it runs (Linux). */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./events.ts";

/** The largest resident memory seen, all processes together. */
export interface PeakMemory {
  /** Bytes; programs and libraries, which the processes share, count once. */
  readonly resident: number;
  /** Processes at that moment. */
  readonly processCount: number;
}

/**
 * Runs the compiled command line and gives the most memory that all its processes had. Looking on slows it down: a
 * process stands still while its pages are counted. Where time counts, `runCommand`.
 */
export async function peakOfCommand(words: readonly string[]): Promise<PeakMemory> {
  let memory: ReturnType<typeof watchMemory> | undefined;
  await runCommand(words, (processId) => {
    memory = watchMemory(processId);
  });
  return memory!.stop();
}

/** Runs the compiled command line to its end. */
export async function runCommand(
  words: readonly string[],
  onStart: (processId: number) => void = () => {},
): Promise<void> {
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...words], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString()}`.slice(-2000);
  });
  onStart(child.pid!);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`lumin ${words[0]} ended with code ${code}: ${complaint}`);
}

/** Samples until `stop` is called. */
export function watchMemory(processId: number): { readonly stop: () => PeakMemory } {
  let peak: PeakMemory = { resident: 0, processCount: 0 };
  const sample = () => {
    const processes = descendants(processId).map(memoryOf);
    const own = processes.reduce((sum, { anonymous }) => sum + anonymous, 0);
    const resident = own + Math.max(...processes.map(({ mapped }) => mapped));
    if (resident > peak.resident) peak = { resident, processCount: processes.length };
  };
  const timer = setInterval(sample, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

function descendants(processId: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = /^PPid:\s+(\d+)/m.exec(fileOf(Number(entry), "status"))?.[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const found = [processId];
  for (const id of found) {
    for (const [child, parent] of parents) if (parent === id) found.push(child);
  }
  return found;
}

/** Bytes that are of no file, of shared pages the process's part, and bytes of files. */
function memoryOf(processId: number): { readonly anonymous: number; readonly mapped: number } {
  const rollup = fileOf(processId, "smaps_rollup");
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0) * 1024;
  return {
    anonymous: bytesOf("Pss_Anon") + bytesOf("Pss_Shmem"),
    mapped: bytesOf("Rss") - bytesOf("Anonymous"),
  };
}

/** The process may end between being listed and being read. */
function fileOf(processId: number, name: "status" | "smaps_rollup"): string {
  try {
    return readFileSync(`/proc/${processId}/${name}`, "utf8");
  } catch {
    return "";
  }
}
