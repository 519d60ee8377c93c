/** The examples from code: each reaches its stated quality on real events. */
import { expect, test } from "vitest";
import { adult } from "../examples/adult/adult.ts";
import { aligned } from "../examples/higgs/aligned.ts";
import { higgs } from "../examples/higgs/higgs.ts";
import { missingMomentum } from "../examples/higgs/missing-momentum.ts";
import { multiclass } from "../examples/higgs/multiclass.ts";
import { tauEnergyScale } from "../examples/higgs/parametrised.ts";
import { pivot } from "../examples/higgs/pivot.ts";
import { visibleMass } from "../examples/higgs/visible-mass.ts";

test("adult census: the AUC on the test rows is at least 0.91", async () => {
  const { auc, eventCount } = await adult({ members: 2, workers: 0 });
  expect(eventCount).toBe(16_281);
  expect(auc).toBeGreaterThan(0.91);
});

test("Higgs: three networks reach a weighted out-of-fold AUC of 0.924", async () => {
  const { auc, ams } = await higgs({ members: 3, epochs: 8, workers: 0 });
  expect(auc).toBeGreaterThan(0.924);
  expect(ams).toBeGreaterThan(3);
});

test("aligned events: one network does better than on events as they come", async () => {
  const found = await aligned({ epochs: 8 });
  expect(found.aligned).toBeGreaterThan(0.92);
  expect(found.aligned).toBeGreaterThan(found.asTheyCome);
});

test("several classes: training with weights is judged better by weights, and differs from training without", async () => {
  const { weighted, unweighted } = await multiclass({ epochs: 6 });
  expect(weighted.logLoss).toBeLessThan(0.85 * unweighted.logLoss);
  expect(weighted.accuracy).toBeGreaterThan(unweighted.accuracy + 0.05);
});

test("visible mass: the network's error is at most half of a linear fit's", async () => {
  const { network, linear } = await visibleMass({ epochs: 10 });
  expect(network / linear).toBeLessThan(0.5);
});

test("missing momentum: the network's errors are at most 0.9 of a linear fit's", async () => {
  const { network, linear } = await missingMomentum({ epochs: 10 });
  for (const [i, error] of network.entries()) expect(error / linear[i]!).toBeLessThan(0.9);
});

test("tau energy scale: a network that is told the right one does clearly better than one told a wrong one", async () => {
  const { told, misled } = await tauEnergyScale({ epochs: 6 });
  expect(told).toBeLessThan(misled - 0.02);
});

test("pivot: predictions tell less than half as much of the background's mass, at a tolerable loss of AUC", async () => {
  const { plain, pivoted } = await pivot({ epochs: 8, workers: 0 });
  expect(pivoted.dependence).toBeLessThan(0.5 * plain.dependence);
  expect(pivoted.auc).toBeGreaterThan(plain.auc - 0.1);
});
