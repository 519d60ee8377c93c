/**
 * How long does the permutation importance of a ten-member ensemble take? 50,000 events of 31 features, each member
 * asked for every event, one permutation a feature in each of ten folds; in this process, and in two others.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Ensemble, FoldYielder, featureImportance, Model } from "../src/index.ts";
import { paperNetwork, writeHiggsFolds } from "./higgs-folds.ts";
import { milliseconds, printTable } from "./table.ts";

const EVENTS = 50_000;
const REPEATS = 3;
const folder = mkdtempSync(join(tmpdir(), "lumin-bench-"));
try {
  const { path } = await writeHiggsFolds(folder, EVENTS);
  const folds = await FoldYielder.open(path);
  const builder = paperNetwork(folds);
  const directory = join(folder, "ensemble");
  await Ensemble.fromModels(Array.from({ length: 10 }, (_, member) => Model.fresh(builder, 1, member))).save(
    directory,
  );
  const times = { here: [] as number[], outside: [] as number[] };
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [workers, kept] of [
      [0, times.here],
      [2, times.outside],
    ] as const) {
      const took = await milliseconds(() =>
        featureImportance({ directory }, folds, { metric: "rocAuc", workers }),
      );
      kept.push(took / 1000);
    }
  }
  console.log(
    `s for the permutation importance of ten dense 6×33 networks on ${EVENTS} events of ${folds.featureCount} features,`,
  );
  console.log(`best of ${REPEATS}; one-minute load at the end ${loadavg()[0]!.toFixed(1)}.\n`);
  printTable(
    ["", "one process", "two workers"],
    [["10 members", Math.min(...times.here), Math.min(...times.outside)]],
  );
  folds.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
