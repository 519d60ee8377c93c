/** Every plot with the code that makes it: `npm run gallery` draws them into docs/gallery and writes docs/gallery.md. */
import {
  accumulatedEffects,
  amsScan,
  calibrationBins,
  calibrationError,
  correlationClusters,
  jointDependence,
  kernelDensity,
  oneCycleSchedule,
  partialDependence,
  permutationImportance,
  rankCorrelation,
  resolutionInBins,
  rocAuc,
  rocAucWithUncertainty,
  rocBand,
  rocCurve,
  shapValues,
  summariseDistribution,
  TreeModel,
} from "lumin-hep";
import {
  classHistograms,
  type PlotSettings,
  type PlotSpec,
  plotAmsScan,
  plotAttributions,
  plotContributions,
  plotDendrogram,
  plotDensities,
  plotEffects,
  plotEmbedding,
  plotEvents,
  plotFeature,
  plotFeatureMap,
  plotImportance,
  plotJointDependence,
  plotLearningRates,
  plotLosses,
  plotMetricHistory,
  plotPartialDependence,
  plotPredictions,
  plotReliability,
  plotResolution,
  plotRoc,
  plotSchedule,
  plotStack,
  plotTraining,
  sampleHistograms,
  samplesOf,
} from "lumin-hep/plot";
import { boosting, features, particlesOf, pseudoData, scores, test, training } from "./events.ts";

/** One settings object for all of them; each is also drawn with `style: "plain"` besides. */
export const settings: PlotSettings = {
  experiment: "ATLAS",
  status: "Open Data",
  luminosity: 20.3,
  energy: 8,
  samples: {
    signal: { name: "H → ττ", colour: "#e42536" },
    Signal: { name: "H → ττ", colour: "#e42536" },
    background: { name: "Background", colour: "#5790fc" },
    Background: { colour: "#5790fc" },
    "background, 0 jets": { colour: "#92c5f7" },
    "background, 1 jet": { colour: "#5790fc" },
    "background, 2 jets or more": { colour: "#2f4b7c" },
  },
};

const { of, targets, weights } = test;

// A feature by class: unit area, smooth densities, moments with their errors in the legend
export const feature = (look: PlotSettings): PlotSpec =>
  plotFeature(
    samplesOf(
      of("DER_mass_MMC"),
      Array.from(targets, (t) => ["Background", "Signal"][t]!),
      weights,
    ),
    { ...look, feature: "MMC mass", unit: "GeV", range: [0, 300] },
  );

// Stacked samples, a signal as a line, data, and their ratio: √Σw² bars, and the band of the stack's own statistics
export const stack = (look: PlotSettings): PlotSpec => {
  const scaled = weights.map((w) => w * pseudoData.scale);
  const samples = samplesOf(scores.test, test.processes, scaled);
  const data = { name: "pseudo-data", values: pseudoData.scores };
  const binned = sampleHistograms([...samples, data], { range: [0, 1], binCount: 25 });
  return plotStack(
    {
      stacked: binned.slice(0, -1),
      lines: binned.filter(({ name }) => name === "signal"),
      data: binned.at(-1)!,
    },
    {
      ...look,
      logY: true,
      lineScale: 100,
      labels: { x: "Prediction", y: "Events / 0.04" },
    },
  );
};

// Predictions per sample, the clean end enlarged: signal a hundred times as a line
export const zoom = (look: PlotSettings): PlotSpec => {
  const binned = sampleHistograms(samplesOf(scores.test, test.processes, weights), {
    range: [0, 1],
    binCount: 40,
  });
  return plotStack(
    {
      stacked: binned.filter(({ name }) => name !== "signal"),
      lines: binned.filter(({ name }) => name === "signal"),
    },
    { ...look, lineScale: 100, labels: { x: "Prediction" }, zoom: { x: [0.8, 1] } },
  );
};

// Predictions per class: validation as fills, training as points with √Σw² bars
export const predictions = (look: PlotSettings): PlotSpec =>
  plotPredictions(
    {
      validation: classHistograms(scores.test, targets, weights),
      training: classHistograms(scores.training, training.targets, training.weights),
    },
    { ...look, cut: 0.8 },
  );

// ROC curves with bootstrap bands
export const roc = (look: PlotSettings): PlotSpec => {
  const curve = (label: string, values: Float64Array) => {
    const { value, uncertainty } = rocAucWithUncertainty(values, targets, weights, { replicaCount: 50 });
    const band = rocBand(values, targets, weights, { replicaCount: 50 });
    return { label, ...rocCurve(values, targets, weights), auc: value, aucUncertainty: uncertainty, band };
  };
  return plotRoc(
    [
      curve("boosted trees", scores.test),
      curve(
        "missing momentum",
        of("PRI_met").map((met) => -met),
      ),
    ],
    look,
  );
};

// Background rejection against signal efficiency
export const rejection = (look: PlotSettings): PlotSpec =>
  plotRoc([{ label: "boosted trees", ...rocCurve(scores.test, targets, weights) }], {
    ...look,
    axes: "rejection",
  });

// AMS against the cut
export const ams = (look: PlotSettings): PlotSpec =>
  plotAmsScan(
    {
      scans: [10, 100].map((regularisation) => {
        const { thresholds, ams, maximum } = amsScan(scores.test, targets, weights, { regularisation });
        return { regularisation, thresholds, ams, maximum };
      }),
      cut: 0.85,
    },
    look,
  );

// Reliability: the fraction of signal where a probability is predicted, with the classes as in the training
export const reliability = (look: PlotSettings): PlotSpec => {
  const sums = [0, 1].map((code) => weights.reduce((sum, w, i) => sum + (targets[i] === code ? w : 0), 0));
  const balanced = weights.map((w, i) => w / sums[targets[i]!]!);
  const bins = calibrationBins(scores.test, targets, balanced);
  const error = calibrationError(scores.test, targets, balanced);
  return plotReliability([{ label: "boosted trees", error, bins }], look);
};

// Kernel densities with bootstrap bands
export const densities = (look: PlotSettings): PlotSpec => {
  const grid = Array.from({ length: 100 }, (_, i) => 2 * i);
  const densityOf = (name: string, target: number) => {
    const rows = Array.from(targets.keys())
      .filter((i) => targets[i] === target)
      .slice(0, 800);
    const mass = Float64Array.from(rows, (i) => of("DER_mass_vis")[i]!);
    const own = Float64Array.from(rows, (i) => weights[i]!);
    const moments = summariseDistribution(mass, own, { replicaCount: 50 });
    return { name, ...kernelDensity(mass, grid, own, { replicaCount: 50 }), moments };
  };
  return plotDensities([densityOf("background", 0), densityOf("signal", 1)], {
    ...look,
    feature: "Visible mass",
    unit: "GeV",
  });
};

// Events in three projections
export const events = (look: PlotSettings): PlotSpec =>
  plotEvents(
    [3, 41].map((event) => ({ label: `event ${event}`, particles: particlesOf(event) })),
    look,
  );

// Loss against epoch of an ensemble: members thin, their mean thick
export const losses = (look: PlotSettings): PlotSpec =>
  plotLosses(
    [0, 1, 2].map((member) => ({
      member,
      trainingLoss: boosting.history.map(
        ({ trainingLoss }, i) => trainingLoss + 0.004 * Math.sin(i + 2 * member),
      ),
      validationLoss: boosting.history.map(
        ({ validationLoss }, i) => validationLoss + 0.008 * Math.cos(i + member),
      ),
    })),
    look,
  );

const history = boosting.history.map(({ round, trainingLoss, validationLoss }) => ({
  epoch: round,
  ...{ trainingLoss, validationLoss, metrics: { rocAuc: 1 - validationLoss / 3 } },
}));

// A metric against epoch, with its best value
export const metric = (look: PlotSettings): PlotSpec =>
  plotMetricHistory([history], "rocAuc", { ...look, best: "highest" });

// Overtraining at a glance: `plotTraining` gives several plots, this is the ratio of the losses
export const ratio = (look: PlotSettings): PlotSpec => plotTraining([history], look)[1]!;

// Loss against learning rate
export const learningRates = (look: PlotSettings): PlotSpec => {
  const rates = Array.from({ length: 80 }, (_, i) => 1e-5 * 10 ** (i / 16));
  const mean = rates.map((rate) => 0.69 - 0.25 / (1 + (3e-3 / rate) ** 1.5) + (rate / 0.3) ** 2);
  const deviation = rates.map((rate) => 0.008 + rate / 20);
  return plotLearningRates({ rates, mean, deviation, suggested: 4e-3, sweeps: { length: 10 } }, look);
};

// A schedule of learning rate and momentum
export const schedule = (look: PlotSettings): PlotSpec => {
  const cycle = oneCycleSchedule({ learningRates: [1e-4, 1e-2, 0], momenta: [0.95, 0.85] });
  const steps = Array.from({ length: 500 }, (_, i) => cycle(i, 500));
  return plotSchedule(
    { learningRate: steps.map((s) => s.learningRate!), momentum: steps.map((s) => s.momentum!) },
    look,
  );
};

// Importances with their errors and a threshold
export const importance = (look: PlotSettings): PlotSpec => {
  const auc = (values: Float64Array): number => rocAuc(values, targets, weights);
  const { importance, standardError } = permutationImportance(boosting.model, test.columns, auc);
  const rows = features.map((name, i) => ({ name, value: importance[i]!, uncertainty: standardError[i]! }));
  return plotImportance(rows, { ...look, threshold: 0.005, labels: { x: "Loss of AUC when shuffled" } });
};

// Dendrogram of rank correlation
export const dendrogram = (look: PlotSettings): PlotSpec => {
  const clusters = correlationClusters(rankCorrelation(test.columns, weights), features.length);
  return plotDendrogram(clusters.root, features, { ...look, height0: 0.2 });
};

// Heat map of features against features
export const featureMap = (look: PlotSettings): PlotSpec => {
  const rho = rankCorrelation(test.columns, weights);
  const rows = features.map((_, i) => rho.subarray(i * features.length, (i + 1) * features.length));
  return plotFeatureMap(features, rows, look);
};

const inputs = Float32Array.from(
  { length: 2000 * features.length },
  (_, i) => test.columns[i % features.length]![Math.floor(i / features.length)]!,
);

// Partial dependence with curves of single events
export const dependence = async (look: PlotSettings): Promise<PlotSpec> => {
  const model = new TreeModel(boosting.model);
  const options = { eventCount: 300, curveCount: 30 };
  return plotPartialDependence(
    await partialDependence(model, { features, inputs }, "DER_mass_MMC", options),
    look,
  );
};

// Partial dependence on two features
export const plane = async (look: PlotSettings): Promise<PlotSpec> => {
  const model = new TreeModel(boosting.model);
  const pair = ["DER_mass_MMC", "DER_mass_transverse_met_lep"] as const;
  return plotJointDependence(
    await jointDependence(model, { features, inputs }, pair, { eventCount: 200 }),
    look,
  );
};

// Accumulated local effect with its bootstrap band
export const effects = async (look: PlotSettings): Promise<PlotSpec> => {
  const events = { features, inputs, weights: Float32Array.from(weights.subarray(0, 2000)) };
  return plotEffects(await accumulatedEffects(new TreeModel(boosting.model), events, "DER_mass_MMC"), look);
};

// SHAP values of single events
export const attributions = (look: PlotSettings): PlotSpec => {
  const few = test.columns.map((column) => column.slice(0, 250));
  const { values } = shapValues(boosting.model, few);
  const known = Array.from(few[0]!.keys()).flatMap((event) => few.map((column) => column[event]!));
  const cloud = { features, values, inputs: known };
  return plotAttributions(cloud, { ...look, labels: { x: "SHAP value, added to the log-odds" } });
};

// Learnt vectors of a categorical feature
export const embedding = (look: PlotSettings): PlotSpec => {
  const data = [0.71, -0.32, 0.12, 0.05, -0.93, 0.44, -0.38, 0.21, 0.9, -0.52, 0.48, -0.7];
  return plotEmbedding(
    { shape: [4, 3], data },
    { ...look, feature: "Number of jets", categories: ["0", "1", "2", "≥ 3"] },
  );
};

// What blocks of a network give its output: medians, quartiles, 5 % and 95 %
export const contributions = (look: PlotSettings): PlotSpec =>
  plotContributions(
    {
      of: "output 0",
      parts: [
        { name: "block 0: momenta", mean: 0.61, quantiles: [0.04, 0.27, 0.55, 0.86, 1.4] },
        { name: "block 1: masses", mean: 1.12, quantiles: [0.1, 0.6, 1.05, 1.55, 2.3] },
        { name: "block 2: jets", mean: 0.33, quantiles: [0.02, 0.1, 0.26, 0.5, 0.9] },
      ],
    },
    look,
  );

// Bias and resolution of a regression in bins of the truth
export const resolution = (look: PlotSettings): PlotSpec => {
  const truth = of("DER_mass_vis");
  const differences = of("DER_mass_MMC").map((mass, i) => mass * 0.65 - truth[i]!);
  const known = Array.from(differences.keys()).filter((i) => Number.isFinite(differences[i]!));
  const pick = (values: Float64Array): Float64Array => Float64Array.from(known, (i) => values[i]!);
  const edges = [40, 60, 70, 80, 90, 110, 150];
  const bins = resolutionInBins(pick(differences), pick(truth), edges, undefined, { replicaCount: 50 });
  return plotResolution(
    {
      target: "visible mass [GeV]",
      bins: bins.flatMap((bin, i) =>
        bin ? [{ low: edges[i]!, high: edges[i + 1]!, bias: bin.bias, resolution: bin.halfWidth68 }] : [],
      ),
    },
    look,
  );
};
