/** What the gallery is drawn of: the Higgs challenge's events, and boosted trees that tell signal from background. */
import { fileURLToPath } from "node:url";
import { type BoostingResult, numbersOf, readTable, Stream, trainBoosting } from "lumin-hep";
import type { EventParticle } from "lumin-hep/plot";

const file = new URL("../higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url);

/** Features that the trees see. */
export const features: readonly string[] = [
  ...["DER_mass_MMC", "DER_mass_transverse_met_lep", "DER_mass_vis", "DER_pt_h", "DER_deltar_tau_lep"],
  ...["DER_pt_ratio_lep_tau", "DER_met_phi_centrality", "PRI_tau_pt", "PRI_lep_pt", "PRI_met", "PRI_jet_num"],
];

const table = await readTable([fileURLToPath(file)]);
const column = (name: string): Float64Array =>
  Float64Array.from(numbersOf(table, name), (value) => (value === -999 ? Number.NaN : value));

/** Half of the events, which the trees have not seen. */
export const test: Half = half(0);

/** The other half. */
export const training: Half = half(1);

function half(remainder: number): Half {
  const rows = Array.from({ length: table.rowCount }, (_, i) => i).filter((i) => i % 2 === remainder);
  const of = (name: string): Float64Array => {
    const values = column(name);
    return Float64Array.from(rows, (i) => values[i]!);
  };
  const labels = table.columns.Label as readonly string[];
  const targets = Uint8Array.from(rows, (i) => (labels[i] === "s" ? 1 : 0));
  const jets = of("PRI_jet_num");
  return {
    of,
    targets,
    weights: of("Weight").map((w) => (w * table.rowCount) / rows.length),
    /** Signal, and background by its number of jets. */
    processes: Array.from(targets, (target, i) =>
      target === 1 ? "signal" : `background, ${["0 jets", "1 jet"][jets[i]!] ?? "2 jets or more"}`,
    ),
    columns: features.map(of),
  };
}

interface Half {
  of(name: string): Float64Array;
  readonly targets: Uint8Array;
  readonly weights: Float64Array;
  readonly processes: readonly string[];
  readonly columns: readonly Float64Array[];
}

const balanced = ({ targets, weights }: Half): Float64Array => {
  const sums = [0, 0];
  targets.forEach((target, i) => {
    sums[target]! += weights[i]!;
  });
  return weights.map((w, i) => (w * weights.length) / 2 / sums[targets[i]!]!);
};

/** Boosted trees and the loss of each round. */
export const boosting: BoostingResult = trainBoosting(
  { columns: training.columns, targets: training.targets, weights: balanced(training) },
  {
    task: "binary",
    rounds: 60,
    maxDepth: 4,
    featureNames: features,
    validation: { columns: test.columns, targets: test.targets, weights: balanced(test) },
  },
);

/** Predictions for both halves. */
export const scores: { readonly test: Float64Array; readonly training: Float64Array } = {
  test: boosting.model.predict(test.columns),
  training: boosting.model.predict(training.columns),
};

/** Events drawn by their weights, as data would come: each counts once, no label is known. */
export const pseudoData: { readonly scores: Float64Array; readonly scale: number } = (() => {
  const stream = new Stream(5, "pseudo-data");
  const greatest = Math.max(...training.weights);
  const kept = scores.training.filter((_, i) => stream.uniform() < training.weights[i]! / greatest);
  const total = test.weights.reduce((a, b) => a + b, 0);
  return { scores: kept, scale: kept.length / total };
})();

/** The objects of an event of the test half. */
export function particlesOf(event: number): EventParticle[] {
  const at = (name: string): number => test.of(name)[event]!;
  const vector = (name: string, kind: string): EventParticle[] => {
    const [pt, phi, eta] = [at(`${kind}_pt`), at(`${kind}_phi`), at(`${kind}_eta`)];
    if (!Number.isFinite(pt)) return [];
    return [{ name, px: pt * Math.cos(phi), py: pt * Math.sin(phi), pz: pt * Math.sinh(eta) }];
  };
  const [met, phi] = [at("PRI_met"), at("PRI_met_phi")];
  return [
    ...vector("hadronic τ", "PRI_tau"),
    ...vector("lepton", "PRI_lep"),
    ...vector("jet", "PRI_jet_leading"),
    ...vector("jet", "PRI_jet_subleading"),
    { name: "missing", px: met * Math.cos(phi), py: met * Math.sin(phi) },
  ];
}
