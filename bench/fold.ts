/**
 * How fast does `lumin fold` make folds of the full data set of the Higgs challenge, 818,238 events of 35 columns (drawn
 * from the 18,000 real ones)? Beside it DuckDB alone, reading the same file into its own memory with as many threads.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { analysisFile, writeDrawnEvents } from "./events.ts";
import { peakOfCommand, runCommand } from "./process-memory.ts";
import { median, milliseconds, printTable } from "./table.ts";

const eventCount = 818_238;
const turns = 5;
const folder = mkdtempSync(join(tmpdir(), "lumin-bench-"));
try {
  const events = join(folder, "events.csv");
  await writeDrawnEvents(events, eventCount);
  const walls: { readonly fold: number[]; readonly duckdb: number[] } = { fold: [], duckdb: [] };
  const words = (out: string): string[] => {
    rmSync(out, { recursive: true, force: true });
    return ["fold", analysisFile, "--out", out, "--set", `input.files=["${events}"]`];
  };
  const out = join(folder, "folds");
  for (let turn = 0; turn < turns; turn++) {
    walls.duckdb.push(await milliseconds(() => readWithDuckDB(events)));
    const command = words(out);
    walls.fold.push(await milliseconds(() => runCommand(command)));
  }
  const peak = (await peakOfCommand(words(out))).resident;
  const [here, duckdb] = [median(walls.fold), median(walls.duckdb)];
  console.log(
    `lumin fold ${eventCount.toLocaleString("en-US")} events, CSV of ${Math.round(statSync(events).size / 1e6)} MB, to ten folds; peak of all processes ${Math.round(peak / 1e6)} MB.\n`,
  );
  printTable(
    ["s", "lumin fold", "DuckDB reads", "ratio (at most 3)"],
    [[`median of ${turns}`, here / 1000, duckdb / 1000, here / duckdb]],
  );
  if (here > 3 * duckdb || peak > 1e9) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function readWithDuckDB(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE events AS SELECT * FROM read_csv('${path}')`);
  connection.closeSync();
  instance.closeSync();
}
