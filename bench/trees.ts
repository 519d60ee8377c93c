/**
 * Trees against scikit-learn and XGBoost, one thread each: a forest of 100 trees on 50,000 × 30, boosting of 100 rounds of
 * depth 6 on 250,000 × 30. CPU seconds, smallest of three. Needs Debian's python3-sklearn and python3-xgboost.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stream } from "../src/array/index.ts";
import { rocAuc } from "../src/metrics/index.ts";
import { columnsOfMatrix, type TreeEnsemble, trainBoosting, trainForest } from "../src/trees/index.ts";

const [eventCount, width, trainingCount] = [300_000, 30, 250_000];

/** Twenty normal columns, ten of them again as their exponential, and a signal that depends on nine. */
function makeEvents(): { readonly matrix: Float32Array; readonly targets: Uint8Array } {
  const stream = new Stream(1, "bench");
  const matrix = new Float32Array(eventCount * width);
  const targets = new Uint8Array(eventCount);
  for (let i = 0; i < eventCount; i++) {
    const x = matrix.subarray(i * width, (i + 1) * width);
    for (let f = 0; f < 20; f++) x[f] = stream.normal();
    for (let f = 20; f < width; f++) x[f] = Math.exp(stream.normal());
    const [a, b, c, d, e, f, g, h] = x as unknown as readonly number[] as [
      ...[number, number, number, number, number, number, number, number],
    ];
    const score =
      a * b + 0.7 * c - 0.5 * d * d + Math.sin(2 * e) + 0.3 * f * g * h + 0.2 * Math.log(x[20]!) + 0.4;
    targets[i] = stream.uniform() < 1 / (1 + Math.exp(-1.5 * score)) ? 1 : 0;
  }
  return { matrix, targets };
}

const { matrix, targets } = makeEvents();
const test = columnsOfMatrix(matrix.subarray(trainingCount * width), width);
const testTargets = targets.subarray(trainingCount);

function measure(train: () => TreeEnsemble): { readonly seconds: number; readonly auc: number } {
  let best = Number.POSITIVE_INFINITY;
  let auc = 0;
  for (let repeat = 0; repeat < 3; repeat++) {
    const before = process.cpuUsage();
    const model = train();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
    auc = rocAuc(model.predict(test), testTargets);
  }
  return { seconds: best, auc };
}

const part = (count: number) => ({
  columns: columnsOfMatrix(matrix.subarray(0, count * width), width),
  targets: targets.subarray(0, count),
});
const [few, many] = [part(50_000), part(trainingCount)];
const own = {
  forest: measure(() => trainForest(few, { task: "binary" }).model),
  boosting: measure(() => trainBoosting(many, { task: "binary", maxDepth: 6 }).model),
};
const folder = mkdtempSync(join(tmpdir(), "lumin-trees-"));
try {
  writeFileSync(join(folder, "X.bin"), matrix);
  writeFileSync(join(folder, "y.bin"), targets);
  const output = execFileSync("/usr/bin/python3", [join("bench", "trees.py"), folder], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  console.log("             seconds   theirs    ratio      AUC   theirs");
  for (const line of output.trim().split("\n")) {
    const { name, seconds, auc } = JSON.parse(line) as {
      name: keyof typeof own;
      seconds: number;
      auc: number;
    };
    const { [name]: mine } = own;
    const numbers = [mine.seconds.toFixed(2), seconds.toFixed(2), (mine.seconds / seconds).toFixed(2)];
    const cells = [...numbers, mine.auc.toFixed(4), auc.toFixed(4)].map((cell) => cell.padStart(9));
    console.log(`${name.padEnd(11)}${cells.join("")}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
