/** The program of a report's interactive parts: plain JavaScript that draws numbers which are in the page. */

/**
 * Draws the distributions of the feature that is chosen, and what passes the cut that is set. Elements are found by id;
 * the numbers are the JSON of the element `report-data`.
 */
export const reportScript: string = `"use strict";
(() => {
const data = JSON.parse(document.getElementById("report-data").textContent);
const colours = data.palette;
const W = 620, H = 300, left = 64, right = 14, top = 14, bottom = 44;
const text = (value) => String(value).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const short = (v) => { const a = Math.abs(v); return v === 0 ? "0" : a >= 1e5 || a < 1e-3 ? v.toExponential(1).replace("-", "\\u2212") : String(Number(v.toPrecision(3))).replace("-", "\\u2212"); };
function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * (high - low); i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}
function frame(x0, x1, y1, xTitle, yTitle, inner, names) {
  const px = (v) => left + (v - x0) / (x1 - x0) * (W - left - right);
  const py = (v) => H - bottom - v / y1 * (H - top - bottom);
  const xs = names ? names.map((name, i) => [i + 0.5, name]) : ticks(x0, x1, 6).map((v) => [v, short(v)]);
  const marks = xs.map(([v, label]) => (names ? "" : '<path d="M' + px(v) + " " + (H - bottom) + 'v-7M' + px(v) + " " + top + 'v7"/>') + '<text x="' + px(v) + '" y="' + (H - bottom + 16) + '" text-anchor="middle">' + text(label) + "</text>")
    .concat(ticks(0, y1, 5).map((v) => '<path d="M' + left + " " + py(v) + 'h7M' + (W - right) + " " + py(v) + 'h-7"/><text x="' + (left - 7) + '" y="' + (py(v) + 4) + '" text-anchor="end">' + short(v) + "</text>"));
  return '<svg viewBox="0 0 ' + W + " " + H + '" role="img" aria-label="' + text(xTitle) + '">' + inner(px, py)
    + '<g class="axes"><rect x="' + left + '" y="' + top + '" width="' + (W - left - right) + '" height="' + (H - top - bottom) + '"/>' + marks.join("") + '</g><text class="title" x="' + (W - right) + '" y="' + (H - 8) + '" text-anchor="end">' + text(xTitle)
    + '</text><text class="title" transform="translate(14 ' + top + ') rotate(-90)" text-anchor="end">' + text(yTitle) + "</text></svg>";
}
function drawFeature() {
  const { classes, features } = data.features;
  const feature = features[document.getElementById("feature-choice").value];
  const names = feature.categories;
  const edges = names ? names.map((_, i) => i).concat(names.length) : feature.edges;
  const heights = feature.shares.map((shares) => shares.map((s, i) => names ? s : s / (edges[i + 1] - edges[i])));
  const high = 1.08 * Math.max(...heights.flat(), 1e-300);
  const picture = frame(edges[0], edges[edges.length - 1], high, feature.name, names ? "Share of the class" : "Density", (px, py) =>
    heights.map((bins, k) => {
      let path = "M" + px(edges[0]) + " " + py(0);
      bins.forEach((h, i) => { path += "V" + py(Math.max(h, 0)) + "H" + px(edges[i + 1]); });
      path += "V" + py(0);
      const c = colours[k % colours.length];
      return '<path d="' + path + '" fill="' + c + '" fill-opacity="0.18" stroke="' + c + '" stroke-width="1.75"/>';
    }).join(""), names);
  document.getElementById("feature-picture").innerHTML = picture;
  document.getElementById("feature-legend").innerHTML = classes.map((name, k) =>
    '<span><i style="background:' + colours[k % colours.length] + '"></i>' + text(name) + (feature.missing[k] > 0 ? " <small>(" + (100 * feature.missing[k]).toFixed(1) + " % without a value)</small>" : "") + "</span>").join("");
}
function drawCut() {
  const scan = data.cutScan, { cuts } = scan;
  const at = Number(document.getElementById("cut-choice").value);
  const measured = (v, u) => { if (v === null) return "undefined"; const d = u > 0 ? Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(u)))) : 2; return v.toFixed(d).replace(/\\B(?=(\\d{3})+(?!\\d))(?<!\\.\\d*)/g, "\\u202f") + " \\u00b1 " + u.toFixed(d); };
  const high = 1.12 * Math.max(...scan.significances.flatMap((one, k) => one.ams.map((v, i) => v === null || k !== scan.ruling ? 0 : v + (one.uncertainties[i] || 0))), 1e-9);
  document.getElementById("cut-picture").innerHTML = frame(cuts[0], cuts[cuts.length - 1], high, "Cut on the prediction", "AMS [\\u03c3]", (px, py) =>
    scan.significances.map((one, k) => {
      const points = cuts.map((c, i) => [px(c), one.ams[i], one.uncertainties[i] || 0]).filter((p) => p[1] !== null);
      const y = (v) => py(Math.min(Math.max(v, 0), high)).toFixed(1);
      const c = colours[k % colours.length];
      const line = points.map((p, i) => (i ? "L" : "M") + p[0].toFixed(1) + " " + y(p[1])).join("");
      const band = points.map((p, i) => (i ? "L" : "M") + p[0].toFixed(1) + " " + y(p[1] + p[2])).join("") + points.slice().reverse().map((p) => "L" + p[0].toFixed(1) + " " + y(p[1] - p[2])).join("") + "Z";
      return '<path d="' + band + '" fill="' + c + '" fill-opacity="0.2"/><path d="' + line + '" fill="none" stroke="' + c + '" stroke-width="2"/>';
    }).join("") + '<path d="M' + px(cuts[at]) + " " + py(0) + "V" + py(high) + '" stroke="#1a1a1a" stroke-dasharray="5 4"/>');
  document.getElementById("cut-legend").innerHTML = scan.significances.map((one, k) => '<span><i style="background:' + colours[k % colours.length] + '"></i>' + text(one.label) + "</span>").join("");
  document.getElementById("cut-value").textContent = cuts[at].toFixed(3);
  const rows = scan.significances.map((one) => "<tr><td>" + text(one.label) + '</td><td class="number">' + (one.ams[at] === null ? "undefined" : measured(one.ams[at], one.uncertainties[at] || 0)) + '</td><td></td><td></td></tr>')
    .concat(scan.processes.map((p) => "<tr><td>" + text(p.name) + (p.isSignal ? " (signal)" : "") + '</td><td class="number">' + measured(p.sums[at], p.uncertainties[at]) + '</td><td class="number">' + p.counts[at] + '</td><td class="number">' + (100 * p.sums[at] / p.sums[0]).toFixed(2) + " %</td></tr>"));
  document.getElementById("cut-table").innerHTML = rows.join("");
}
for (const [id, draw] of [["feature-choice", drawFeature], ["cut-choice", drawCut]]) {
  const element = document.getElementById(id);
  if (element) { element.addEventListener("input", draw); draw(); }
}
})();`;
