/** How long does a picture take? Specifications to SVG: the first one, which loads Vega, and then the best of ten each. */
import { loadavg } from "node:os";
import { Stream } from "../src/array/index.ts";
import { correlationClusters, rankCorrelation } from "../src/features/index.ts";
import { rocAuc, rocCurve } from "../src/metrics/index.ts";
import {
  classHistograms,
  type PlotSpec,
  plotAttributions,
  plotDendrogram,
  plotFeature,
  plotFeatureMap,
  plotImportance,
  plotPredictions,
  plotRoc,
  plotStack,
  renderSvg,
  sampleHistograms,
  samplesOf,
} from "../src/plot/index.ts";
import { median, milliseconds, printTable } from "./table.ts";

const [eventCount, width, repeats] = [20_000, 30, 10];
const stream = new Stream(1, "plots");
const names = Array.from({ length: width }, (_, f) => `feature ${f}`);
const columns = names.map(() => Float64Array.from({ length: eventCount }, () => stream.normal()));
const targets = Uint8Array.from(columns[0]!, (x) => Number(x + stream.normal() > 0));
const scores = Float64Array.from(columns[0]!, (x) => 1 / (1 + Math.exp(-2 * x)));
const weights = Float64Array.from(targets, () => 0.5 + stream.uniform());
const processes = Array.from(targets, (target, i) => (target === 1 ? "signal" : ["top", "Z", "W"][i % 3]!));
const rho = rankCorrelation(columns);
const binned = sampleHistograms(samplesOf(scores, processes, weights), { range: [0, 1], binCount: 40 });
const shown = names.slice(0, 15);
const values = Float64Array.from({ length: 250 * shown.length }, () => stream.normal());

const specs: Readonly<Record<string, () => PlotSpec>> = {
  "ROC curve": () =>
    plotRoc([
      { label: "scores", ...rocCurve(scores, targets, weights), auc: rocAuc(scores, targets, weights) },
    ]),
  predictions: () => plotPredictions({ validation: classHistograms(scores, targets, weights) }),
  feature: () => plotFeature(samplesOf(columns[0]!, processes, weights), { feature: "mass", unit: "GeV" }),
  "stack with ratio": () =>
    plotStack({
      stacked: binned.filter(({ name }) => name !== "signal"),
      lines: binned.filter(({ name }) => name === "signal"),
      data: binned[0]!,
    }),
  importance: () => plotImportance(names.map((name, f) => ({ name, value: 1 / (1 + f), uncertainty: 0.01 }))),
  dendrogram: () => plotDendrogram(correlationClusters(rho, width, 0.8).root, names),
  "30 × 30 map": () =>
    plotFeatureMap(
      names,
      names.map((_, f) => rho.subarray(f * width, (f + 1) * width)),
    ),
  "3750 attributions": () => plotAttributions({ features: shown, values, inputs: values }),
};

const first = await milliseconds(() => renderSvg(specs["ROC curve"]!()));
const rows: [string, number, number][] = [];
for (const [name, make] of Object.entries(specs)) {
  const spec = make();
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) times.push(await milliseconds(() => renderSvg(spec)));
  rows.push([name, Math.min(...times), median(times)]);
}
console.log(
  `ms from specification to SVG; the first one, which loads Vega, ${first.toFixed(0)}; one-minute load ${loadavg()[0]!.toFixed(1)}.\n`,
);
printTable(["", "best", "median"], rows);
