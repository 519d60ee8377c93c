/**
 * How long is a step of a real training, with everything: reading folds, augmentation, shuffling, schedules,
 * callbacks, validation, keeping the best weights? One member in this process, PyTorch's bare step beside it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldTrainEnsemble, HEPAugFoldYielder, oneCycle } from "../src/index.ts";
import { paperNetwork, writeHiggsFolds } from "./higgs-folds.ts";
import { median, milliseconds, printTable } from "./table.ts";
import { startTorch } from "./torch.ts";

const EVENTS = 200_000;
const BATCH = 256;
const REPEATS = 5;
const folder = mkdtempSync(join(tmpdir(), "lumin-bench-"));
const torch = await startTorch();
try {
  const { path } = await writeHiggsFolds(folder, EVENTS);
  const foldSize = EVENTS / 10;
  const steps = 9 * Math.floor(foldSize / BATCH);
  const ours: number[] = [];
  const beside: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const time = await milliseconds(async () => {
      const folds = await HEPAugFoldYielder.open(path);
      const { results } = await foldTrainEnsemble(folds, paperNetwork(folds), {
        memberCount: 1,
        epochs: 1,
        batchSize: BATCH,
        seed: repeat,
        outputDirectory: join(folder, `run-${repeat}`),
        callbacks: [oneCycle({ learningRates: [1e-4, 1e-2, 0] })],
      });
      folds.close();
      if (!Number.isFinite(results[0]?.validationLoss)) throw new Error("internal: nothing was trained");
    });
    ours.push(time / steps);
    beside.push(
      (await torch?.stepTime("dense", foldSize, Math.floor(foldSize / BATCH), "wall")) ?? Number.NaN,
    );
  }
  console.log(
    `ms a step with everything: dense 6×33, batch ${BATCH}, ${EVENTS} drawn events in ten folds, one epoch of`,
  );
  console.log(
    `${steps} steps and its validation, opening and closing included; medians of ${REPEATS} interleaved rounds.`,
  );
  console.log(
    torch ? `${torch.description} The bare step, without any of that.\n` : "python3 has no torch here.\n",
  );
  printTable(
    ["", "ours, everything", "PyTorch, bare step", "ratio"],
    [["dense 6×33", median(ours), median(beside), median(ours) / median(beside)]],
  );
} finally {
  torch?.stop();
  rmSync(folder, { recursive: true, force: true });
}
