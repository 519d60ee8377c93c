/** SHAP values of an ensemble of trees. */
import { type Ensemble, TreeModel } from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { columnsOfMatrix, shapValues } from "../trees/index.ts";
import { type Attributions, combineAttributions } from "./attributions.ts";
import { checkOutput } from "./predictor.ts";

/**
 * Exact SHAP values of the members' scores (log-odds of boosted classifiers, shares of forests), Σ wᵢ times those of
 * each member: they and the base add up to the weighted mean score, which is given as prediction.
 *
 * @param inputs pre-processed, [events, features].
 * @throws ConfigurationError for a member that is no tree model, or an output that there is not.
 */
export function treeAttributions(ensemble: Ensemble, inputs: Float32Array, output = 0): Attributions {
  checkOutput("treeAttributions", output, ensemble.outputCount);
  const width = ensemble.featureCount;
  const columns = columnsOfMatrix(inputs, width);
  const eventCount = inputs.length / width;
  const parts = ensemble.members.map(({ model, weight }) => {
    if (!(model instanceof TreeModel)) {
      throw new ConfigurationError(
        `treeAttributions: a member of the kind "${model.kind}" is no tree model. Take it out with ensemble.without(…).`,
      );
    }
    const { trees, outputCount } = model;
    const { values, expected } = shapValues(trees, columns);
    const scores = trees.scores(columns);
    const attributions: Attributions = {
      features: trees.featureNames ?? columns.map((_, column) => `feature ${column}`),
      values: Float64Array.from({ length: eventCount * width }, (_, i) => values[i * outputCount + output]!),
      base: new Float64Array(eventCount).fill(expected[output]!),
      prediction: Float64Array.from({ length: eventCount }, (_, i) => scores[i * outputCount + output]!),
    };
    return { share: weight, attributions };
  });
  return combineAttributions(parts);
}
