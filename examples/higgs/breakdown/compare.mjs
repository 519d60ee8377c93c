/** Scores of all steps on the same events, and what each step brings, with paired uncertainties. */
import { amsOverFractions, amsScan, renormalise, rocAuc } from "lumin-hep";
import { bootstrapDeviations } from "lumin-hep/array";

/** Class sums of weights in the challenge's whole training set. */
const totals = { signal: 691.9886, background: 410999.8473 };

/**
 * Weighted AUC and mean AMS (b_reg = 10, over cuts that keep 12 to 18 %) of each step, and their differences to the
 * step before. All steps score the same events, and each bootstrap replica draws the same events for all: what the
 * steps have in common cancels in the differences.
 *
 * @param {readonly Float64Array[]} predictions of each step
 * @param {Float32Array} targets
 * @param {Float64Array} weights
 * @param {{ replicaCount: number, seed: number }} bootstrap
 */
export function compare(predictions, targets, weights, bootstrap) {
  const scoresOf = (own) => {
    const scaled = renormalise(targets, own, totals);
    return predictions.map((each) => ({
      auc: rocAuc(each, targets, own),
      ams: amsOverFractions(amsScan(each, targets, scaled, { regularisation: 10 })),
    }));
  };
  const flat = (scores) => [
    ...scores.flatMap(({ auc, ams }) => [auc, ams]),
    ...scores.flatMap(({ auc, ams }, i) =>
      i === 0 ? [0, 0] : [auc - scores[i - 1].auc, ams - scores[i - 1].ams],
    ),
  ];
  const values = flat(scoresOf(weights));
  const deviations = bootstrapDeviations(
    targets.length,
    (counts) => flat(scoresOf(weights.map((weight, i) => weight * counts[i]))),
    bootstrap,
  );
  const at = (i) => ({ value: values[i], uncertainty: deviations[i] });
  const half = 2 * predictions.length;
  return predictions.map((_, i) => ({
    auc: at(2 * i),
    ams: at(2 * i + 1),
    aucGain: at(half + 2 * i),
    amsGain: at(half + 2 * i + 1),
  }));
}
