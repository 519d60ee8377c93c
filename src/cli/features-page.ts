/** What the report of a feature selection says. */
import { type FeaturesReport, formatMeasured, formatNumber } from "../plot/index.ts";
import type { Analysis } from "./analysis.ts";
import type { FeaturesResult } from "./command-features.ts";

/** The score of forests in words. */
export function scoreName({ target, weights }: Analysis): string {
  const weighted = weights.column === undefined ? "" : "weighted ";
  if (target.task === "regression") return `${weighted}R²`;
  return target.task === "binary" ? `${weighted}AUC` : `mean ${weighted}AUC`;
}

/** The report from the results. */
export function featuresReport(result: FeaturesResult): FeaturesReport {
  const { analysis, selection, comparison, continuous, categorical, notes, counts } = result;
  const { ranking, bootstraps, correlation, dependence, removed, forest } = selection;
  const names = [...continuous, ...categorical];
  const score = scoreName(analysis);
  const outcome = (name: string): string => {
    if (names.includes(name)) return "selected";
    const step = removed.find((one) => one.name === name)?.step;
    switch (step) {
      case "correlation":
        return "a monotone function of another, nearly";
      case "dependence":
        return "predictable from others";
      case undefined:
        return "part of a vector that is left out";
      default:
        return "not important often enough";
    }
  };
  const rowsOf = (step: string, trials: typeof correlation.trials): FeaturesReport["trials"] =>
    trials.map(({ name, score: own, isRemoved }) => [
      name,
      step,
      formatMeasured(own.mean, own.standardError),
      isRemoved ? "removed" : "stays: the score would fall",
    ]);
  const features = forest.maxFeatures === "sqrt" ? "√ of the" : `${100 * forest.maxFeatures.part} % of the`;
  return {
    title: "Feature selection",
    summary: `${names.length} of ${correlation.names.length} features are kept. Forests were trained and scored on the ${formatNumber(counts.training)} training events; the cost is measured on the ${formatNumber(counts.validation)} validation events, which took no part.`,
    headline: [
      {
        label: "features",
        value: names.length,
        detail: `of ${correlation.names.length}`,
      },
      {
        label: `${score}, all features`,
        value: comparison.all,
        detail: "forests, validation events",
      },
      {
        label: `${score}, selected features`,
        value: comparison.selected,
        detail: "forests, validation events",
      },
      {
        label: "cost of the selection",
        value: comparison.cost,
        uncertainty: comparison.uncertainty,
        detail: `${score} lost; paired bootstrap. Below 0: better without the others`,
      },
    ],
    notes: [
      ...notes,
      `Forests of ${forest.trees} trees, at least ${forest.minLeafEvents} events a leaf, ${features} features tried a split.`,
      "A forest judges the features as they are. A network may use what a forest cannot, such as directions in components: compare the two with lumin train.",
    ],
    importances: ranking.features.map(({ name, importance, standardError }) => ({
      name,
      value: importance,
      uncertainty: standardError,
    })),
    correlation: { names: correlation.names, root: correlation.clusters.root, height: 0.2 },
    dependence: { names: dependence.names, values: dependence.dependence, predictors: dependence.predictors },
    features: ranking.features.map(({ name, importance, standardError }) => ({
      name,
      importance,
      uncertainty: standardError,
      keptFraction: bootstraps.find((one) => one.name === name)?.keptFraction ?? 0,
      outcome: outcome(name),
    })),
    trials: [
      ...rowsOf("rank correlation", correlation.trials),
      ...rowsOf("mutual dependence", dependence.trials),
    ],
    footer: `Written by LUMIN, seed ${analysis.seed}.`,
  };
}
