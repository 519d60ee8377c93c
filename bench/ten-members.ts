/**
 * How long does the paper's ensemble take at the paper's size? `lumin train` as a user types it, on 250,000 drawn
 * events: a fifth for validation, ten members of 180,000 events each, 15 epochs, augmentation, two workers.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analysisFile, writeDrawnEvents } from "./events.ts";
import { peakOfCommand } from "./process-memory.ts";
import { milliseconds, printTable } from "./table.ts";

const WORKERS = 2;
const folder = mkdtempSync(join(tmpdir(), "lumin-bench-"));
try {
  const events = join(folder, "events.csv");
  await writeDrawnEvents(events, 250_000);
  const run = join(folder, "run");
  let peak = { resident: 0, processCount: 0 };
  const wall = await milliseconds(async () => {
    peak = await peakOfCommand([
      ...["train", analysisFile, "--out", run, "--workers", String(WORKERS)],
      ...["--set", `input.files=["${events}"]`],
    ]);
  });
  console.log(
    "lumin train examples/higgs/higgs.yaml on 250,000 drawn events, everything from reading to report;",
  );
  console.log("Python LUMIN 0.5.1 takes 56 s for one member on one core of such a machine.\n");
  printTable(
    ["workers", "wall s", "peak memory of all processes, MiB", "processes"],
    [[String(WORKERS), wall / 1000, peak.resident / 2 ** 20, String(peak.processCount)]],
  );
  const { phases } = JSON.parse(readFileSync(join(run, "timings.json"), "utf8")) as {
    phases: { label: string; seconds: number }[];
  };
  console.log(
    `\nof which ${phases.map(({ label, seconds }) => `${label} ${seconds.toFixed(1)} s`).join(", ")}.`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
