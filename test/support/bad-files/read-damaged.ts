/** Runs read.mjs, going on behind a case that crashed or hung, and collects what came of each case. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { formats } from "./formats.mjs";

/** What came of reading a damaged file. */
interface Case {
  readonly index: number;
  /** `same`: as the intact one. `raw error`: none of ours. `nameless`: ours, without the file. */
  readonly outcome:
    | "refused"
    | "same"
    | "other values"
    | "other length"
    | "raw error"
    | "nameless"
    | "crash"
    | "hang";
  readonly note: string;
}

interface Line extends Partial<Case> {
  readonly ready?: true;
  readonly begins?: number;
  readonly ends?: number;
  readonly mebibytes?: number;
}

const secondsPerCase = 20;
const mebibytesMore = 300;
const script = join(import.meta.dirname, "read.mjs");

/** The formats that are read. */
export const formatNames: readonly string[] = Object.keys(formats);

/**
 * Reads `count` truncations and `count` copies with one changed byte of the files of some formats, and expects of each
 * that it is refused in a sentence of ours that names the file, or read without harm.
 */
export async function expectNoHarm(names: readonly string[], count: number): Promise<void> {
  const cases: Case[] = [];
  while (cases.length < 2 * count * names.length) {
    const run = await runFrom(names, count, cases.length);
    if (run.before === 0) throw new Error(`the intact files were not read: ${run.complaint}`);
    expect(run.after - run.before, "MiB more than for the intact files").toBeLessThan(mebibytesMore);
    cases.push(...run.cases);
  }
  for (const [i, name] of names.entries()) {
    const own = cases.slice(2 * count * i, 2 * count * (i + 1));
    const bad = own.filter((each, k) => isHarm(each.outcome, k < count, formats[name]!));
    expect(bad, name).toEqual([]);
    // Something must have been damaged at all.
    expect(own.filter(({ outcome }) => outcome !== "same").length).toBeGreaterThan(0);
  }
}

function isHarm(
  outcome: Case["outcome"],
  isCut: boolean,
  { checked = false, open = false }: { readonly checked?: boolean; readonly open?: boolean },
): boolean {
  if (outcome === "refused" || outcome === "same") return false;
  if (outcome === "other values") return checked || (isCut && !open);
  return outcome !== "other length" || !open;
}

interface Run {
  readonly cases: readonly Case[];
  /** Mebibytes with the intact file read, and at the end. */
  readonly before: number;
  readonly after: number;
  readonly complaint: string;
}

function runFrom(names: readonly string[], count: number, first: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "lumin-bad-files-"));
  const child = spawn(process.execPath, [script, String(count), String(first), folder, ...names], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const cases: Case[] = [];
  let [before, after, complaint] = [0, 0, ""];
  let open: number | undefined;
  let isHung = false;
  let timer: NodeJS.Timeout | undefined;
  const watch = (seconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isHung = true;
      child.kill("SIGKILL");
    }, seconds * 1000);
  };
  watch(60);
  child.stderr.on("data", (piece: Buffer) => {
    complaint = (complaint + piece.toString()).slice(-2000);
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    if (line.mebibytes !== undefined) after = Math.max(after, line.mebibytes);
    if (line.ready) before = line.mebibytes!;
    if (line.begins !== undefined) {
      open = line.begins;
      watch(secondsPerCase);
    }
    if (line.ends !== undefined) {
      cases.push({ index: line.ends, outcome: line.outcome!, note: line.note ?? "" });
      open = undefined;
    }
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
      if (open !== undefined) {
        const outcome = isHung ? "hang" : "crash";
        cases.push({ index: open, outcome, note: `${code ?? signal}: ${complaint}` });
      }
      resolve({ cases, before, after, complaint });
    });
  });
}
