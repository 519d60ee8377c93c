/** The report of a run: one HTML page with everything in it, to be read without a network. */
import { LuminError } from "../errors/index.ts";
import { formatMeasured, formatNumber } from "./format.ts";
import { html, Markup, nothing, reportStyle, table } from "./html.ts";
import { fontFaces } from "./page-fonts.ts";
import { renderSvg } from "./render.ts";
import type { RunReport, TimingRow } from "./report-data.ts";
import { type Figure, figuresOf } from "./report-figures.ts";
import {
  cutSection,
  discriminationSection,
  featureSection,
  interactiveScript,
  sectionStyle,
} from "./report-sections.ts";
import type { PlotSettings } from "./settings.ts";
import { decimalLabel } from "./ticks.ts";

/** What may accompany the report's data. */
export interface ReportOptions {
  /** Clock times; they differ from run to run, so they are not part of the data. */
  readonly timings?: readonly TimingRow[];
  readonly palette?: readonly string[];
  /**
   * Looks of all figures; what the report itself says of experiment, status and note wins. Titles and logarithmic axes
   * belong to one picture, and are left out.
   */
  readonly plots?: PlotSettings;
}

/**
 * A self-contained HTML page: headline numbers, notes, figures, yields, settings, provenance.
 * The same data give the same bytes. A figure whose data cannot be drawn is replaced by the reason;
 * parts that are absent from the data are absent from the page.
 *
 * @example
 * await writeFile("report.html", await reportHtml(report, { timings }));
 */
export async function reportHtml(report: RunReport, options: ReportOptions = {}): Promise<string> {
  const { timings = [] } = options;
  const figures = await figureMarkup(report, options);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.title}</title>
<style>${await fontFaces()}${reportStyle}${hasSections(report) ? sectionStyle : nothing}</style>
</head>
<body>
<header>
${kicker({ ...options.plots, ...report })}<h1>${report.title}</h1>
${report.summary ? html`<p class="summary">${report.summary}</p>` : nothing}
</header>
<main>
${headline(report)}${notes(report)}${figures}${cutSection(report)}${yields(report)}${confusion(report)}${furtherTables(report)}${featureSection(report)}${discriminationSection(report)}${settings(report)}${timingTable(timings)}${provenance(report)}</main>
<footer>Written by LUMIN${report.provenance.versions["lumin-hep"] ? ` ${report.provenance.versions["lumin-hep"]}` : ""}. The page holds everything it shows and loads nothing.</footer>
${interactiveScript(report, options.palette ?? options.plots?.palette)}</body>
</html>
`;
  return page.text;
}

function hasSections({ features, cutScan, discrimination }: RunReport): boolean {
  return [features, cutScan, discrimination].some((part) => part !== undefined);
}

function kicker(report: Pick<RunReport, "experiment" | "status">): Markup {
  if (!report.experiment && !report.status) return nothing;
  return html`<p class="kicker"><b>${report.experiment ?? ""}</b> <i>${report.status ?? ""}</i></p>
`;
}

function headline(report: RunReport): Markup {
  if (report.headline.length === 0) return nothing;
  const cards = report.headline.map((number) => {
    const [value = "", uncertainty] = formatMeasured(number.value, number.uncertainty).split(" ± ");
    return html`<div><dt>${number.label}</dt><dd class="value">${value}${
      uncertainty ? html` <span>± ${uncertainty}</span>` : nothing
    }</dd>${number.detail ? html`<dd>${number.detail}</dd>` : nothing}<dd>${number.events}</dd></div>
`;
  });
  return html`<dl class="numbers">
${cards}</dl>
`;
}

function notes(report: RunReport): Markup {
  const lines = report.notes ?? [];
  if (lines.length === 0) return nothing;
  return html`<ul class="notes">
${lines.map((line) => html`<li>${line}</li>\n`)}</ul>
`;
}

async function figureMarkup(report: RunReport, options: ReportOptions): Promise<Markup> {
  const { title: _title, labels: _labels, logX: _logX, logY: _logY, ...plots } = options.plots ?? {};
  const looks: PlotSettings = {
    width: 480,
    height: 360,
    ...plots,
    ...(options.palette ? { palette: options.palette } : {}),
    ...(report.experiment ? { experiment: report.experiment } : {}),
    ...(report.status ? { status: report.status } : {}),
    ...(report.note ? { note: report.note } : {}),
  };
  const pictures: Markup[] = [];
  for (const figure of figuresOf(report)) {
    pictures.push(html`<figure id="${figure.id}">
${await picture(figure, looks)}
<figcaption><b>${figure.heading}.</b> ${figure.caption}</figcaption>
</figure>
`);
  }
  if (pictures.length === 0) return nothing;
  return html`<h2>Figures</h2>
<div class="figures">
${pictures}</div>
`;
}

async function picture(figure: Figure, looks: PlotSettings): Promise<Markup> {
  try {
    return new Markup(await renderSvg(figure.plot(looks), { idPrefix: figure.id }));
  } catch (error) {
    if (!(error instanceof LuminError)) throw error;
    return html`<p class="missing">No picture: ${error.message}</p>`;
  }
}

function yields(report: RunReport): Markup {
  const rows = report.yields ?? [];
  if (rows.length === 0) return nothing;
  const hasEfficiency = rows.some((row) => typeof row.efficiency === "number");
  const cut = typeof report.cut === "number" ? ` (prediction ≥ ${formatNumber(report.cut, 4)})` : "";
  const columns = [
    { heading: "Events" },
    { heading: "Class" },
    { heading: html`Yield Σ<i>w</i> ± √Σ<i>w</i>²`, isNumeric: true },
    { heading: "Events passing", isNumeric: true },
    ...(hasEfficiency ? [{ heading: "Efficiency", isNumeric: true }] : []),
  ];
  const cells = rows.map((row) => [
    row.events,
    row.class,
    formatMeasured(row.yield, row.uncertainty),
    formatNumber(row.count),
    ...(hasEfficiency
      ? [
          typeof row.efficiency === "number"
            ? `${decimalLabel(100 * row.efficiency, row.efficiency < 0.1 ? 2 : 1)} %`
            : "–",
        ]
      : []),
  ]);
  return html`<h2>Yields at the cut${cut}</h2>
${table(columns, cells)}`;
}

function confusion({ confusion: found }: RunReport): Markup {
  if (found === undefined) return nothing;
  const { classes, shares, events } = found;
  const columns = [
    { heading: "True class" },
    ...classes.map((name) => ({ heading: `→ ${name}`, isNumeric: true })),
  ];
  const rows = shares.map((row, i) => [
    classes[i]!,
    ...row.map((share) => (Number.isFinite(share) ? `${decimalLabel(100 * share, 1)} %` : "–")),
  ]);
  return html`<h2>Which class has the highest prediction (${events}, by weight)</h2>
${table(columns, rows)}`;
}

function furtherTables({ tables = [] }: RunReport): Markup {
  return html`${tables.map(
    ({ heading, columns, rows, note }) => html`<h2>${heading}</h2>
${table(
  columns.map((column, i) => ({ heading: column, isNumeric: i > 0 })),
  rows.map((row) => [...row]),
)}${note === undefined ? nothing : html`<p>${note}</p>\n`}`,
  )}`;
}

function settings(report: RunReport): Markup {
  const groups = report.settings ?? [];
  if (groups.length === 0) return nothing;
  return html`<h2>Model and training</h2>
<div class="groups">
${groups.map(
  (group) => html`<section><h3>${group.heading}</h3>
${table(
  [{ heading: "" }, { heading: "", isNumeric: false }],
  group.rows.map(([name, value]) => [name, settingText(value)]),
  "pairs",
)}</section>
`,
)}</div>
`;
}

function settingText(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" && Number.isInteger(value) ? formatNumber(value) : String(value);
}

function timingTable(timings: readonly TimingRow[]): Markup {
  if (timings.length === 0) return nothing;
  return html`<h2>Timings</h2>
${table(
  [{ heading: "Phase" }, { heading: "Time [s]", isNumeric: true }, { heading: "" }],
  timings.map((row) => [row.label, formatNumber(row.seconds, 3), row.detail ?? ""]),
)}`;
}

function provenance(report: RunReport): Markup {
  const { seed, versions, files } = report.provenance;
  const fileTable =
    files.length === 0
      ? nothing
      : table(
          [{ heading: "Data file" }, { heading: "Events", isNumeric: true }, { heading: "Fingerprint" }],
          files.map((file) => [
            file.name,
            formatNumber(file.eventCount),
            html`<code>${file.fingerprint}</code>`,
          ]),
        );
  const pairs: [string, string][] = [
    ["Seed", String(seed)],
    ...Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return html`<h2>Provenance</h2>
${fileTable}<div class="groups" style="margin-top:1rem"><section>${table(
    [{ heading: "" }, { heading: "" }],
    pairs,
    "pairs",
  )}</section></div>
`;
}
