/** Pieces of HTML: text escaped by default, tables, and the style sheet of reports. */

/** A piece of markup, as opposed to text that has to be escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A template for markup: what is put in is escaped unless it is markup itself; lists are joined.
 *
 * @example
 * html`<p>${"m < 125 GeV"}</p>`.text // "<p>m &lt; 125 GeV</p>"
 */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (Markup | string | number | readonly Markup[])[]
): Markup {
  const texts = parts.map((part, i) => {
    const value = values[i] ?? "";
    if (value instanceof Markup) return part + value.text;
    if (typeof value === "object") return part + value.map((markup) => markup.text).join("");
    return part + escaped(String(value));
  });
  return new Markup(texts.join(""));
}

/** No markup at all. */
export const nothing: Markup = new Markup("");

/** A column of a table: its heading, and whether its cells are numbers, which are set to the right. */
export interface TableColumn {
  readonly heading: string | Markup;
  readonly isNumeric?: boolean;
}

/** A table that scrolls by itself on a narrow screen. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly (string | Markup)[])[],
  style = "",
): Markup {
  const cell = (tag: "th" | "td", content: string | Markup, column: TableColumn | undefined): Markup =>
    new Markup(`<${tag}${column?.isNumeric ? ' class="number"' : ""}>${html`${content}`.text}</${tag}>`);
  const head = columns.some((column) => column.heading !== "")
    ? html`<thead><tr>${columns.map((column) => cell("th", column.heading, column))}</tr></thead>`
    : nothing;
  const body = rows.map(
    (row) => html`<tr>${row.map((content, i) => cell("td", content, columns[i]))}</tr>
`,
  );
  return html`<div class="scroll"><table class="${style}">${head}<tbody>
${body}</tbody></table></div>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Style of a report: one column on a phone, two figures abreast on a desk, and on paper. */
export const reportStyle: Markup = new Markup(`
:root { color-scheme: light; --ink: #1a1a1a; --soft: #5c6168; --line: #d9dce1; --tint: #f5f6f8; --accent: #2b5cb8; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 66rem; background: white; color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  font-variant-numeric: lining-nums; }
header { border-bottom: 2px solid var(--ink); padding-bottom: .75rem; margin-bottom: 1.5rem; }
.kicker { margin: 0; color: var(--soft); font-size: .9rem; }
.kicker b { color: var(--ink); }
h1 { margin: .1rem 0 .25rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; text-wrap: balance; }
.summary { margin: .25rem 0 0; max-width: 44rem; color: var(--soft); }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; line-height: 1.3; break-after: avoid; }
h3 { margin: 0 0 .4rem; font-size: .95rem; break-after: avoid; }
p { text-wrap: pretty; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); gap: .75rem; margin: 0; }
.numbers > div { background: var(--tint); border-left: 3px solid var(--accent); border-radius: 2px; padding: .7rem .9rem; break-inside: avoid; }
.numbers dt { font-size: .88rem; color: var(--soft); }
.numbers dd { margin: 0; font-size: .82rem; line-height: 1.4; color: var(--soft); }
.numbers dd.value { font-size: 1.5rem; line-height: 1.35; color: var(--ink); font-variant-numeric: tabular-nums; white-space: nowrap; }
.numbers .value span { font-size: 1rem; color: var(--soft); }
.notes { margin: 1rem 0 0; padding-left: 1.1rem; max-width: 46rem; }
.notes li { margin: .25rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr)); gap: 1.5rem 1.75rem; }
figure { margin: 0; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; max-width: 34rem; }
figcaption { margin-top: .35rem; font-size: .86rem; line-height: 1.45; color: var(--soft); max-width: 32rem; }
figcaption b { color: var(--ink); }
.missing { padding: 1rem; border: 1px dashed var(--line); font-size: .9rem; }
.scroll { overflow-x: auto; break-inside: avoid; }
table { border-collapse: collapse; font-size: .88rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; border-bottom: 1px solid var(--ink); vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); vertical-align: top; }
th, td { padding: .3rem 1.25rem .3rem 0; }
th:last-child, td:last-child { padding-right: .25rem; }
.number { text-align: right; white-space: nowrap; }
table.pairs td:first-child { color: var(--soft); white-space: nowrap; }
table.pairs { width: 100%; }
code { font: .82em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.groups { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1.5rem 2rem; align-items: start; }
.groups > section { break-inside: avoid; }
footer { margin-top: 2.5rem; padding-top: .6rem; border-top: 1px solid var(--line); font-size: .82rem; color: var(--soft); }
@media (max-width: 30rem) { body { padding: 1.25rem .9rem 2rem; } h1 { font-size: 1.4rem; } th, td { padding-right: .8rem; } }
@media print {
  @page { size: A4; margin: 15mm 14mm; }
  html { font-size: 9pt; }
  body { padding: 0; max-width: none; }
  .numbers > div { background: none; border: 1px solid var(--line); border-left: 3px solid var(--accent); }
  .numbers { grid-template-columns: repeat(3, 1fr); }
  .figures { grid-template-columns: 1fr 1fr; gap: 6mm; }
  .groups { grid-template-columns: 1fr 1fr; }
  h2 { margin-top: 7mm; }
}
`);
