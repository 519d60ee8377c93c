/** How long does prediction with eight-fold augmentation take? 50,000 events in memory, one member, one thread. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { augmentationPlan, augmentedInputs, Ensemble, FoldYielder, Model } from "../src/index.ts";
import { paperNetwork, writeHiggsFolds } from "./higgs-folds.ts";
import { median, milliseconds, printTable } from "./table.ts";

const EVENTS = 50_000;
const REPEATS = 7;
const folder = mkdtempSync(join(tmpdir(), "lumin-bench-"));
try {
  const { events, scaler, path } = await writeHiggsFolds(folder, EVENTS);
  const folds = await FoldYielder.open(path);
  const builder = paperNetwork(folds);
  const ensemble = new Ensemble([
    { member: 0, model: Model.fresh(builder, 1), weight: 1, validationLoss: 1, validationFold: 0 },
  ]);
  const plan = augmentationPlan([...events.continuousFeatures, ...events.categoricalFeatures], scaler);
  const augmented: number[] = [];
  const plain: number[] = [];
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const eight = await milliseconds(() => ensemble.predict(augmentedInputs(events.features, plan), EVENTS));
    const one = await milliseconds(() => ensemble.predict(events.inputs, EVENTS));
    if (repeat === 0) continue; // compiles
    augmented.push(eight / 1000);
    plain.push(one / 1000);
  }
  console.log(
    `s to predict ${EVENTS} events with one dense 6×33 network on one thread, medians of ${REPEATS};`,
  );
  console.log("Python LUMIN 0.5.1 takes 1.6 s with augmentation on such a machine.\n");
  printTable(
    ["", `${plan.count} augmentations`, "none", "µs an event and view"],
    [["dense 6×33", median(augmented), median(plain), (median(augmented) * 1e6) / EVENTS / plan.count]],
  );
  folds.close();
  await ensemble.release();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
