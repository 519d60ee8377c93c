/** Bins of the prediction for the report: chosen on one set of events, filled with another. */
import { ams, binnedSignificance, binsBySignificance, renormalise } from "../metrics/index.ts";
import { formatMeasured, formatNumber, type ReportTable } from "../plot/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import { binaryView, classTotals } from "./binary-view.ts";
import type { ScoredSet } from "./evaluation.ts";
import type { ScoredSets } from "./run-figures.ts";

const maximumBins = 6;

/**
 * Up to six bins that maximise the expected significance of the training events, out of fold, with what the validation
 * events predict in each: no event chooses the bin that it is counted in.
 */
export function binTable(analysis: Analysis, { validation, outOfFold }: ScoredSets): ReportTable | undefined {
  const chosen = viewOf(analysis, outOfFold);
  const filled = viewOf(analysis, validation);
  if (chosen === undefined || filled === undefined || validation === undefined) return undefined;
  const regularisation = analysis.evaluation.ams.regularisation[0] ?? 0;
  const { backgroundUncertainty } = analysis.evaluation.ams;
  const options = { regularisation, backgroundUncertainty };
  const inner = binsBySignificance(chosen.predictions, chosen.targets, chosen.weights, {
    ...options,
    maximumBins,
  }).subarray(1, -1);
  // Other events may lie outside the predictions of these.
  const edges = Float64Array.of(0, ...inner, 1);
  const found = binnedSignificance(filled.predictions, filled.targets, filled.weights, edges, options);
  const names = classNames(analysis.target);
  const bins = Array.from({ length: edges.length - 1 }, (_, bin) => {
    const cells = names.map(() => ({ sum: 0, squares: 0 }));
    for (const [event, prediction] of filled.predictions.entries()) {
      const isLast = bin === edges.length - 2;
      if (prediction < edges[bin]! || (prediction >= edges[bin + 1]! && !isLast)) continue;
      const cell = cells[validation.targets[event]!]!;
      cell.sum += filled.weights[event]!;
      cell.squares += filled.weights[event]! ** 2;
    }
    return cells;
  });
  const all = { s: 0, b: 0 };
  for (const [bin, signal] of found.signal.entries()) {
    all.s += signal;
    all.b += found.background[bin]!;
  }
  const label = `AMS (b_reg = ${regularisation})`;
  return {
    heading: `Bins of the prediction (validation, ${formatNumber(filled.targets.length)} events)`,
    columns: ["Bin", ...names.map((name) => `Yield of ${name}`), label],
    rows: bins.map((cells, bin) => [
      `${formatNumber(edges[bin]!, 3)} to ${formatNumber(edges[bin + 1]!, 3)}`,
      ...cells.map(({ sum, squares }) => formatMeasured(sum, Math.sqrt(squares))),
      formatNumber(found.bins[bin]!, 3),
    ]),
    note: `The edges maximise the expected significance of the training events, scored out of fold. All bins together have an AMS of ${formatNumber(found.significance, 3)}, without bins it is ${formatNumber(ams({ ...all, ...options }), 3)}; uncertainties of yields are √Σw².`,
  };
}

function viewOf(analysis: Analysis, set: ScoredSet | undefined) {
  const view = set && binaryView(analysis, set);
  if (view === undefined) return undefined;
  const { predictions, targets } = view;
  const totals = view.renormalise ? classTotals(analysis) : undefined;
  const weights =
    totals === undefined
      ? (view.weights ?? new Float64Array(targets.length).fill(1))
      : renormalise(targets, view.weights, totals);
  return { predictions, targets, weights };
}
