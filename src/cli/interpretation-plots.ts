/** Pictures of what `lumin explain` finds. */
import {
  type PlotSettings,
  type PlotSpec,
  plotAttributions,
  plotEffects,
  plotImportance,
  plotJointDependence,
  plotPartialDependence,
} from "../plot/index.ts";
import type { Interpretation } from "./interpretation.ts";

/** One picture: what it is of, in a word that may stand in a file's name, and how it is drawn. */
export interface InterpretationPlot {
  readonly name: string;
  readonly plot: (settings: PlotSettings) => PlotSpec;
}

/** The pictures of a method's numbers, at least one. */
export function interpretationPlots(found: Interpretation): InterpretationPlot[] {
  const prediction = found.output === undefined ? "Prediction" : `Prediction of ${found.output}`;
  switch (found.method) {
    case "importance": {
      const x = importanceLabel(found);
      return [
        {
          name: "importance",
          plot: (settings) => plotImportance(found.importances, withLabels(settings, { x })),
        },
      ];
    }
    case "shap":
    case "gradients": {
      const x = `Attribution to the ${found.unit === "score" ? "score" : prediction.toLowerCase()}`;
      return [
        { name: found.method, plot: (settings) => plotAttributions(found, withLabels(settings, { x })) },
      ];
    }
    case "effects": {
      const y = `Effect on the ${prediction.toLowerCase()}`;
      return [
        ...found.effects.map((each) => ({
          name: each.feature,
          plot: (settings: PlotSettings) => plotEffects(each, withLabels(settings, { y })),
        })),
        ...planePlots(found.pair, "Effect of both"),
      ];
    }
    case "dependence":
      return [
        ...found.dependences.map((each) => ({
          name: each.feature,
          plot: (settings: PlotSettings) =>
            plotPartialDependence(each, withLabels(settings, { y: prediction })),
        })),
        ...planePlots(found.pair, prediction),
      ];
  }
}

/** What importances say, for the axis. */
export function importanceLabel({
  metric,
  unit,
}: Pick<Extract<Interpretation, { method: "importance" }>, "metric" | "unit">): string {
  if (metric === "rocAuc") return `${unit === "relative" ? "Relative loss" : "Loss"} of AUC when shuffled`;
  return `How much worse ${metric} gets when shuffled`;
}

function planePlots(
  plane: Extract<Interpretation, { method: "effects" }>["pair"],
  right: string,
): InterpretationPlot[] {
  if (plane === undefined) return [];
  return [
    {
      name: plane.features.join("-"),
      plot: (settings) => plotJointDependence(plane, withLabels(settings, { right })),
    },
  ];
}

/** The usual words, where the settings have no others. */
function withLabels(settings: PlotSettings, labels: NonNullable<PlotSettings["labels"]>): PlotSettings {
  return { ...settings, labels: { ...labels, ...settings.labels } };
}
