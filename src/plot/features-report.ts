/** The page of a feature selection: what was kept and why, with pictures. */
import { type DendrogramBranch, plotDendrogram } from "./dendrogram.ts";
import { plotFeatureMap } from "./feature-map.ts";
import { formatMeasured, formatNumber } from "./format.ts";
import { html, Markup, nothing, reportStyle, table } from "./html.ts";
import { type ImportanceRow, plotImportance } from "./importance.ts";
import { fontFaces } from "./page-fonts.ts";
import { renderSvg } from "./render.ts";
import type { PlotSpec, Values } from "./spec.ts";

/** What the page shows. */
export interface FeaturesReport {
  readonly title: string;
  readonly summary: string;
  readonly headline: readonly {
    readonly label: string;
    readonly value: number;
    readonly uncertainty?: number;
    readonly detail: string;
  }[];
  readonly notes: readonly string[];
  readonly importances: readonly ImportanceRow[];
  readonly correlation: {
    readonly names: readonly string[];
    readonly root: DendrogramBranch;
    readonly height: number;
  };
  readonly dependence: {
    readonly names: readonly string[];
    readonly values: Values;
    readonly predictors: readonly Values[];
  };
  /** One row a feature. */
  readonly features: readonly {
    readonly name: string;
    readonly importance: number;
    readonly uncertainty: number;
    readonly keptFraction: number;
    readonly outcome: string;
  }[];
  /** Retrainings without a feature: name, step, score, outcome. */
  readonly trials: readonly (readonly [string, string, string, string])[];
  readonly footer: string;
}

/** A self-contained HTML page; the same data give the same bytes. */
export async function featuresReportHtml(report: FeaturesReport): Promise<string> {
  const { importances, correlation, dependence } = report;
  const figures: Markup[] = [];
  const add = async (name: string, spec: () => PlotSpec, caption: string): Promise<void> => {
    const svg = await renderSvg(spec(), { idPrefix: `figure-${figures.length + 1}` });
    figures.push(html`<figure>${new Markup(svg)}<figcaption><b>${name}.</b> ${caption}</figcaption></figure>
`);
  };
  await add(
    "Importance",
    () =>
      plotImportance(importances, { width: 620, limit: 40, labels: { x: "Loss of score when shuffled" } }),
    "Mean loss of the score on events that the forests have not seen, when the values of the feature are shuffled; lines are standard errors over the forests.",
  );
  if (correlation.names.length > 1) {
    await add(
      "Rank correlation",
      () => plotDendrogram(correlation.root, correlation.names, { width: 620, height0: correlation.height }),
      "Features joined at a small 1 − |ρ| (Spearman, average linkage) are nearly monotone functions of each other; of those left of the line one may be enough.",
    );
  }
  if (dependence.names.length > 1) {
    await add(
      "Mutual dependence",
      () =>
        plotFeatureMap(dependence.names, dependence.predictors, {
          total: { label: "R²", values: dependence.values },
        }),
      "R²: how well a forest predicts the feature of the row from all others. The cells say what that R² loses when the feature of the column is shuffled.",
    );
  }
  const numeric = (heading: string) => ({ heading, isNumeric: true });
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.title}</title>
<style>${await fontFaces()}${reportStyle}
figure svg { max-width: 46rem; } .figures { grid-template-columns: 1fr; }</style>
</head>
<body>
<header>
<h1>${report.title}</h1>
<p class="summary">${report.summary}</p>
</header>
<main>
<dl class="numbers">
${report.headline.map(({ label, value, uncertainty, detail }) => {
  const [shown = "", error] = formatMeasured(value, uncertainty).split(" ± ");
  return html`<div><dt>${label}</dt><dd class="value">${shown}${error ? html` <span>± ${error}</span>` : nothing}</dd><dd>${detail}</dd></div>
`;
})}</dl>
${
  report.notes.length > 0
    ? html`<ul class="notes">
${report.notes.map((note) => html`<li>${note}</li>\n`)}</ul>
`
    : nothing
}<h2>Features</h2>
${table(
  [{ heading: "feature" }, numeric("importance"), numeric("kept by bootstraps"), { heading: "outcome" }],
  report.features.map(({ name, importance, uncertainty, keptFraction, outcome }) => [
    name,
    formatMeasured(importance, uncertainty),
    `${formatNumber(100 * keptFraction)} %`,
    outcome,
  ]),
)}<h2>Pictures</h2>
<div class="figures">
${figures}</div>
${
  report.trials.length > 0
    ? html`<h2>Retraining without a feature</h2>
${table([{ heading: "feature" }, { heading: "because of" }, numeric("score without it"), { heading: "outcome" }], report.trials)}`
    : nothing
}</main>
<footer>${report.footer} The page holds everything it shows and loads nothing.</footer>
</body>
</html>
`;
  return page.text;
}
