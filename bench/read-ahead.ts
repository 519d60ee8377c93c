/**
 * What does reading the next fold in a thread save where no fold stays in memory? Time of an epoch with all folds in memory,
 * with the next one read ahead, and with each read when it is needed, side by side.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  FoldYielder,
  type FoldYielderOptions,
  fullyConnected,
  ModelBuilder,
  Stream,
  writeFoldFile,
} from "../src/index.ts";
import { trainMember } from "../src/train/index.ts";
import { median, printTable } from "./table.ts";

const [EVENTS, FEATURES, FOLDS, EPOCHS, REPEATS] = [250_000, 30, 5, 2, 3];
const settings = {
  "in memory": { cacheBytes: 2 ** 30 },
  "read ahead": { cacheBytes: 0 },
  "read when needed": { cacheBytes: 0, readAhead: false },
} satisfies Record<string, FoldYielderOptions>;
const networks = { "1×8": [1, 8, 4096], "3×32": [3, 32, 1024] } as const;

const folder = mkdtempSync(join(tmpdir(), "lumin-read-ahead-"));
try {
  const path = join(folder, "folds.h5");
  const stream = new Stream(1, "read ahead");
  await writeFoldFile(path, {
    folds: Array.from({ length: FOLDS }, (_, k) =>
      Int32Array.from({ length: EVENTS / FOLDS }, (_, i) => FOLDS * i + k),
    ),
    continuousFeatures: Array.from({ length: FEATURES }, (_, i) => `f${i}`),
    categoricalFeatures: [],
    categories: [],
    targetFeatures: ["target"],
    weightFeature: "weight",
    features: Float32Array.from({ length: EVENTS * FEATURES }, () => stream.normal()),
    targets: Float32Array.from({ length: EVENTS }, (_, i) => i % 2),
    weights: new Float64Array(EVENTS).fill(1),
    columns: {},
  });
  const rows: (string | number)[][] = [];
  for (const [name, [depth, width, batchSize]] of Object.entries(networks)) {
    const times = Object.fromEntries(Object.keys(settings).map((key) => [key, [] as number[]]));
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const [key, options] of Object.entries(settings)) {
        times[key]!.push(await secondsOfAnEpoch(path, options, [depth, width, batchSize]));
      }
    }
    rows.push([`${name}, batch ${batchSize}`, ...Object.values(times).map(median)]);
  }
  console.log(
    `Seconds of the second epoch, ${EVENTS / FOLDS} events × ${FEATURES} features a fold, ${FOLDS - 1} folds; medians of ${REPEATS} interleaved rounds.\n`,
  );
  printTable(["network", ...Object.keys(settings)], rows);
} finally {
  rmSync(folder, { recursive: true });
}

async function secondsOfAnEpoch(
  path: string,
  options: FoldYielderOptions,
  [depth, width, batchSize]: readonly [number, number, number],
): Promise<number> {
  const folds = await FoldYielder.open(path, options);
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth, width }),
  });
  const ends: number[] = [];
  const watch = { name: "watch", onEpochEnd: () => void ends.push(performance.now()) };
  await trainMember(folds, builder, [watch], { member: 0, seed: 1, epochs: EPOCHS, batchSize });
  folds.close();
  return (ends[1]! - ends[0]!) / 1000;
}
