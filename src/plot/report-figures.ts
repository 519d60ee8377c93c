/** The figures of a report: which, with what captions, from which data. */
import { plotAmsScan } from "./ams-scan.ts";
import { plotAttributions } from "./attributions.ts";
import { plotEffects } from "./effects.ts";
import { plotImportance } from "./importance.ts";
import { plotLosses } from "./losses.ts";
import { plotPredictions } from "./predictions.ts";
import { plotReliability } from "./reliability.ts";
import type { RunReport } from "./report-data.ts";
import { plotResolution } from "./resolution.ts";
import { plotRoc } from "./roc.ts";
import { plotSchedule } from "./schedule.ts";
import type { PlotSettings } from "./settings.ts";
import type { PlotSpec } from "./spec.ts";

/** One figure of the page. */
export interface Figure {
  readonly id: string;
  readonly heading: string;
  readonly caption: string;
  readonly plot: (options: PlotSettings) => PlotSpec;
}

/** The figures of a report, in the order of the page. */
export function figuresOf(report: RunReport): Figure[] {
  return [
    ...classFigures(report),
    ...binaryFigures(report),
    ...regressionFigures(report),
    ...calibrationFigures(report),
    ...trainingFigures(report),
    ...interpretationFigures(report),
  ];
}

function binaryFigures({ rocCurves, predictions, amsScans, cut, classResponses }: RunReport): Figure[] {
  const figures: Figure[] = [];
  const marks = typeof cut === "number" ? { cut } : {};
  if (rocCurves && classResponses === undefined) {
    figures.push({
      id: "roc",
      heading: "ROC curve",
      caption:
        "Shares of the signal and background weight above a cut on the prediction; AUC is the area under the curve, with weights.",
      plot: (looks) => plotRoc(rocCurves, looks),
    });
    figures.push({
      id: "rejection",
      heading: "Background rejection",
      caption: "The same curves as inverse background efficiency against signal efficiency.",
      plot: (looks) => plotRoc(rocCurves, { ...looks, axes: "rejection" }),
    });
  }
  if (predictions) {
    const training = predictions.training ? ", over them training events scored out of fold (points)" : "";
    const caption = `Validation events (steps)${training}; each class and sample has unit area, bars are √Σw².`;
    const line = typeof cut === "number" ? " The dashed line is the chosen cut." : "";
    figures.push({
      id: "prediction",
      heading: "Prediction by class",
      caption: caption + line,
      plot: (looks) => plotPredictions(predictions, { ...looks, ...marks }),
    });
    figures.push({
      id: "prediction-log",
      heading: "Prediction by class, logarithmic",
      caption: caption + line,
      plot: (looks) => plotPredictions(predictions, { ...looks, ...marks, logY: true }),
    });
  }
  if (amsScans) {
    figures.push({
      id: "ams",
      heading: "AMS against cut",
      caption:
        "Approximate median significance of the events at or above the cut; diamonds mark the maxima. A maximum is picked with hindsight and reads high; the AMS at the chosen cut is the number to quote.",
      plot: (looks) => plotAmsScan({ scans: amsScans, ...marks }, looks),
    });
  }
  return figures;
}

function classFigures({ rocCurves, classResponses = [] }: RunReport): Figure[] {
  const figures = classResponses.map(
    ({ class: name, predictions }, i): Figure => ({
      id: `class-${i}`,
      heading: `Prediction of ${name}`,
      caption: `Probability of ${name} for validation events of each class; each class has unit area, bars are √Σw².`,
      plot: (looks) =>
        plotPredictions(predictions, { ...looks, labels: { x: `Predicted probability of ${name}` } }),
    }),
  );
  if (rocCurves === undefined || classResponses.length === 0) return figures;
  const labels = { x: "Efficiency of all other classes", y: "Efficiency of the class" };
  return [
    {
      id: "roc",
      heading: "ROC curves, each class against the rest",
      caption:
        "Shares of the weight of the class and of all others above a cut on its predicted probability; validation events.",
      plot: (looks) => plotRoc(rocCurves, { ...looks, labels }),
    },
    ...figures,
  ];
}

function regressionFigures({ regressions = [] }: RunReport): Figure[] {
  return regressions.flatMap(({ target, differences, profile }, i): Figure[] => [
    {
      id: `differences-${i}`,
      heading: `Prediction − truth of ${target}`,
      caption: `Validation events (steps)${differences.training ? ", over them training events scored out of fold (points)" : ""}; unit area, bars are √Σw². What lies outside is in the outermost bins.`,
      plot: (looks) =>
        plotPredictions(differences, { ...looks, labels: { x: `Prediction − truth of ${target}` } }),
    },
    {
      id: `resolution-${i}`,
      heading: `Bias and resolution of ${target}`,
      caption:
        "Mean of prediction − truth, and half the width of its central 68 % (the standard deviation, where weights are negative), in bins of the truth with about the same number of validation events (the outermost 2 % are left out).",
      plot: (looks) => plotResolution(profile, looks),
    },
  ]);
}

function trainingFigures({ histories, schedule }: RunReport): Figure[] {
  const figures: Figure[] = [];
  if (histories) {
    figures.push({
      id: "losses",
      heading: "Loss against epoch",
      caption:
        histories.length > 1
          ? "Each member (thin) and the mean over members (thick, as far as all of them trained)."
          : "Training and validation loss.",
      plot: (looks) => plotLosses(histories, looks),
    });
  }
  if (schedule) {
    figures.push({
      id: "schedule",
      heading: "Schedule",
      caption: "What the optimiser was given at each step of training.",
      plot: (looks) => plotSchedule(schedule, looks),
    });
  }
  return figures;
}

function calibrationFigures({ reliability }: RunReport): Figure[] {
  if (reliability === undefined) return [];
  return [
    {
      id: "reliability",
      heading: "Calibration",
      caption:
        "Fraction of signal among the events of each tenth of the prediction, with the classes in the proportions of the training; bars are bootstrap uncertainties. The error is the mean distance from the diagonal, by weight.",
      plot: (looks) => plotReliability(reliability, looks),
    },
  ];
}

function interpretationFigures({ importances, attributions, effects = [] }: RunReport): Figure[] {
  const figures: Figure[] = [];
  if (importances) {
    figures.push({
      id: "importance",
      heading: "Importance of features",
      caption: `${importances.label}, with standard errors over the folds; ${importances.events}. Of features that know the same, each may look unimportant.`,
      // As high as the rows need.
      plot: ({ height: _, ...looks }) =>
        plotImportance(importances.rows, {
          ...looks,
          limit: 20,
          labels: { x: importances.label },
        }),
    });
  }
  if (attributions) {
    figures.push({
      id: "attributions",
      heading: "SHAP values",
      caption:
        "What each feature adds to the prediction of single events, counted from the mean prediction; colours are the feature's value.",
      plot: ({ height: _, ...looks }) => plotAttributions(attributions, looks),
    });
  }
  for (const [i, effect] of effects.entries()) {
    figures.push({
      id: `effect-${i}`,
      heading: `Effect of ${effect.feature}`,
      caption: "Accumulated local effect on the prediction, with its bootstrap uncertainty.",
      plot: (looks) => plotEffects(effect, looks),
    });
  }
  return figures;
}
