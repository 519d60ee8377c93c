/** Metrics as text for a terminal. */
import type { BinaryClassificationMetrics, ReportedMeasurement } from "../metrics/index.ts";
import { formatMeasured, formatNumber } from "../plot/index.ts";
import type { Analysis } from "./analysis.ts";
import { type Metrics, type SetMetrics, setTitle } from "./evaluation.ts";

type Row = readonly [label: string, value: string];

/** All sets one after the other, with the cut and where it comes from. */
export function metricsText(metrics: Metrics, analysis: Analysis): string {
  const blocks: string[] = [];
  if (metrics.cut !== null) {
    const rule =
      metrics.cut.rule === "maximum"
        ? ` (maximum of the AMS: no event is predicted above ${analysis.evaluation.cut.minimumPrediction})`
        : "";
    blocks.push(
      `cut: prediction ≥ ${formatNumber(metrics.cut.value, 5)}, chosen on the ${setTitle(metrics.cut.chosenOn)} events${rule}`,
    );
  }
  for (const [name, set] of Object.entries(metrics.sets)) {
    blocks.push(`${setTitle(name)}: ${formatNumber(set.eventCount)} events\n${rowsText(rowsOf(set, name))}`);
  }
  return forTerminal(`${blocks.join("\n\n")}\n`);
}

/** Thousands with commas instead of thin spaces, and a plain minus: easier to search and to paste. */
export function forTerminal(text: string): string {
  return text.replaceAll("\u202f", ",").replaceAll("\u2212", "-");
}

function rowsOf(set: SetMetrics, name: string): readonly Row[] {
  switch (set.task) {
    case "binary":
      return binaryRows(set, name);
    case "multiclass":
      return [
        ["accuracy, weighted", text(set.accuracy)],
        ["log loss, weighted", text(set.logLoss)],
        ["Brier score, weighted", text(set.brier)],
        ...Object.entries(set.auc).map(
          ([label, auc]): Row => [`AUC of ${label} against the rest`, text(auc)],
        ),
        ...(set.signal === undefined
          ? []
          : binaryRows(set.signal, name).map(([label, value]): Row => [`signal: ${label}`, value])),
      ];
    case "regression": {
      const several = Object.keys(set.targets).length > 1;
      return Object.entries(set.targets).flatMap(([target, found]): Row[] => {
        const of = several ? `${target}: ` : "";
        return [
          [`${of}bias`, text(found.bias)],
          [`${of}root mean square`, text(found.rootMeanSquare)],
          [`${of}mean absolute difference`, text(found.meanAbsolute)],
          [`${of}half width of the central 68 %`, text(found.halfWidth68)],
          [`${of}standard deviation of the truth`, formatNumber(found.spread, 4)],
        ];
      });
    }
  }
}

function binaryRows(set: BinaryClassificationMetrics, name: string): readonly Row[] {
  // A maximum over cuts of the events themselves is an optimistic number; it is shown with that name.
  const significance = set.significance.flatMap((each): Row[] => [
    [`AMS at the cut, b_reg = ${each.regularisation}`, text(each.amsAtCut)],
    [
      `AMS, mean over cuts keeping ${percent(set.fractions.from)} to ${percent(set.fractions.to)} %, b_reg = ${each.regularisation}`,
      text(each.amsOverFractions),
    ],
    [
      `highest AMS of any cut, b_reg = ${each.regularisation}`,
      `${text(each.amsMaximum)} at ${formatNumber(each.amsMaximumCut.value, 4)}`,
    ],
  ]);
  const { signal, background } = set.yields;
  const passing = (yields: typeof signal): string =>
    `${formatMeasured(yields.passing.sum, yields.passing.uncertainty)} (${formatNumber(yields.passing.count)} of ${formatNumber(yields.total.count)} events)`;
  return [
    ["AUC, weighted", text(set.auc)],
    ["AUC, unweighted", text(set.aucUnweighted)],
    ["log loss, classes balanced", text(set.logLossBalanced)],
    ["Brier score, weighted", text(set.brier)],
    ["calibration error", text(set.calibrationError)],
    ...significance,
    ["signal at the cut", passing(signal)],
    ["background at the cut", passing(background)],
    ...(set.totals === null && name !== "validation" ? [] : normalisation(set.totals)),
  ];
}

function normalisation(
  totals: { readonly signal?: number; readonly background?: number } | null,
): readonly Row[] {
  if (totals === null) return [];
  const parts = [
    ...(totals.signal === undefined ? [] : [`signal ${formatNumber(totals.signal, 7)}`]),
    ...(totals.background === undefined ? [] : [`background ${formatNumber(totals.background, 10)}`]),
  ];
  return [["weights for AMS and yields scaled to", parts.join(", ")]];
}

function percent(fraction: number): string {
  return String(Number((100 * fraction).toPrecision(6)));
}

function text({ value, uncertainty }: ReportedMeasurement): string {
  return formatMeasured(value, uncertainty);
}

function rowsText(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`).join("\n");
}
