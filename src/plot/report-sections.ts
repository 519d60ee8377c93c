/** The interactive sections of a report, and the tables about importance and discrimination. */
import { formatMeasured, formatNumber } from "./format.ts";
import { html, Markup, nothing, table } from "./html.ts";
import { scriptJson } from "./plot-page.ts";
import type { RunReport } from "./report-data.ts";
import { reportScript } from "./report-script.ts";
import { defaultPalette } from "./settings.ts";

/** Distributions of one feature at a time, chosen from a list. */
export function featureSection({ features: found }: RunReport): Markup {
  if (found === undefined || found.features.length === 0) return nothing;
  return html`<h2 id="features">Features</h2>
<section class="interactive">
<p><label>Feature <select id="feature-choice">${found.features.map(
    ({ name }, i) => html`<option value="${i}">${name}</option>`,
  )}</select></label> <span id="feature-legend" class="legend"></span></p>
<div id="feature-picture"></div>
<p class="note">${found.events}; each class has unit area. The features stand in the order of their importance; the outermost 1 % at either end are left out.</p>
<noscript><p class="missing">The distributions are drawn by a script in this page; the browser runs none.</p></noscript>
</section>
`;
}

/** What passes the cut that a slider sets. */
export function cutSection({ cutScan }: RunReport): Markup {
  if (cutScan === undefined || cutScan.cuts.length < 2) return nothing;
  const { cuts, chosen, events } = cutScan;
  const distance = (i: number): number => Math.abs(cuts[i]! - (chosen ?? 0.5));
  const start = cuts.reduce((best, _, i) => (distance(i) < distance(best) ? i : best), 0);
  return html`<h2 id="cut">Cut</h2>
<section class="interactive">
<p><label>Cut <input id="cut-choice" type="range" min="0" max="${cuts.length - 1}" value="${start}"></label> <output id="cut-value"></output> <span id="cut-legend" class="legend"></span></p>
<div id="cut-picture"></div>
<div class="scroll"><table><thead><tr><th>At the cut</th><th class="number">AMS or yield ± uncertainty</th><th class="number">Events</th><th class="number">Efficiency</th></tr></thead><tbody id="cut-table"></tbody></table></div>
<p class="note">${events}; the slider begins at the chosen cut. Bands and uncertainties of the AMS are bootstrap standard deviations, those of yields √Σw². Looking for the highest AMS here is choosing with hindsight.</p>
<noscript><p class="missing">The slider needs a script in this page; the browser runs none.</p></noscript>
</section>
`;
}

/** Whether training and validation events can be told apart. */
export function discriminationSection({ discrimination }: RunReport): Markup {
  if (discrimination === undefined) return nothing;
  const { first, second, auc, standardError, pValue, features } = discrimination;
  const verdict =
    pValue < 0.001 ? "They differ" : pValue < 0.05 ? "They may differ" : "A forest cannot tell them apart";
  return html`<h2 id="discrimination">${first} against ${second}</h2>
<p>${verdict}: AUC ${formatMeasured(auc, standardError)} on unseen events (0.5: no difference), p-value ${formatNumber(pValue, 2)} with permuted labels.</p>
${table(
  [
    { heading: "Most different features" },
    { heading: "Loss of AUC when shuffled", isNumeric: true },
    { heading: "Largest distance of the distributions", isNumeric: true },
  ],
  features.map(({ name, importance, distance }) => [
    name,
    formatNumber(importance, 2),
    formatNumber(distance, 2),
  ]),
)}`;
}

/** The program with its numbers, where there is something to draw. */
export function interactiveScript(
  { features, cutScan }: RunReport,
  palette: readonly string[] = defaultPalette,
): Markup {
  if (features === undefined && cutScan === undefined) return nothing;
  const heights = cutScan?.significances.map(({ ams }) => Math.max(...ams.map((value) => value ?? 0))) ?? [];
  // The lowest curve rules the height: without a regularisation the AMS of the last few events runs away.
  const ruling = heights.indexOf(Math.min(...heights));
  const data = { palette, features, cutScan: cutScan && { ...cutScan, ruling } };
  return html`<script type="application/json" id="report-data">${new Markup(scriptJson(data))}</script>
<script>${new Markup(reportScript)}</script>
`;
}

/** Looks of the interactive sections. */
export const sectionStyle: Markup = new Markup(`
.interactive { max-width: 46rem; }
.interactive svg { display: block; width: 100%; height: auto; font-size: 12px; }
.interactive svg .axes rect, .interactive svg .axes path { fill: none; stroke: var(--ink); stroke-width: 1; }
.interactive svg text { fill: var(--ink); }
.interactive svg .title { font-size: 13px; }
.interactive select, .interactive input { font: inherit; vertical-align: middle; }
.interactive input[type=range] { width: min(20rem, 60vw); }
.interactive output { font-variant-numeric: tabular-nums; margin-right: 1rem; }
.legend span { display: inline-block; margin-right: 1rem; font-size: .88rem; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; border-radius: 2px; vertical-align: -.05em; }
.legend small, .note { color: var(--soft); }
.note { font-size: .86rem; line-height: 1.45; }
nav { margin: 1rem 0 0; font-size: .88rem; }
nav a { margin-right: 1rem; color: var(--accent); }
`);
