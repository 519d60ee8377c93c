/** The report: complete, closed, and the same bytes for the same data. */
import { describe, expect, test } from "vitest";
import { syntheticReport } from "../../test/plot/synthetic-report.ts";
import { html } from "./html.ts";
import { compactReport, type RunReport, reportHtml } from "./index.ts";

const report = syntheticReport(7, 6000);
const timings = [{ label: "Training", seconds: 24.83, detail: "10 members" }];
const page = await reportHtml(report, { timings });

const bare: RunReport = {
  title: "Nothing yet",
  provenance: { seed: 1, versions: {}, files: [] },
  headline: [],
};

describe("reportHtml", () => {
  test("shows headline numbers with uncertainties and the events they were measured on", () => {
    expect(page).toContain(
      '<dt>AMS at the chosen cut</dt><dd class="value">3.41 <span>± 0.18</span></dd><dd>b_reg = 10</dd><dd>validation events that chose the cut</dd>',
    );
    expect(page).toContain('<dd class="value">undefined</dd>');
  });

  test("shows notes, yields at the cut, settings, timings and provenance", () => {
    for (const text of [
      "Validation events (20 %, stratified) trained no network",
      "Yields at the cut (prediction ≥ 0.8734)",
      '<td class="number">4121 ± 188</td><td class="number">96</td><td class="number">1.00 %</td>',
      "<td>Trainable parameters</td><td>23\u202f113</td>",
      "<td>Augmentation</td><td>yes</td>",
      "<td>Validation share</td><td>0.2</td>",
      '<td>Training</td><td class="number">24.8</td><td>10 members</td>',
      "<td>Seed</td><td>7</td>",
      "<td>onnxruntime-node</td><td>1.30.0</td>",
      "<code>sha256:0f3b0a6e",
    ]) {
      expect(page).toContain(text);
    }
  });

  test("holds seven figures, each an inline picture with a caption", () => {
    expect([...page.matchAll(/<figure id="([^"]+)">\n<svg /g)].map((m) => m[1])).toEqual([
      "roc",
      "rejection",
      "prediction",
      "prediction-log",
      "ams",
      "losses",
      "schedule",
    ]);
    expect(page.match(/<figcaption>/g)).toHaveLength(7);
  });

  test("refers to nothing outside itself", () => {
    const addresses = [...page.matchAll(/[a-z]+:\/\/[^\s"'<>)]+/g)].map((m) => m[0]);
    expect(new Set(addresses)).toEqual(new Set(["http://www.w3.org/2000/svg"]));
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|use)\b/);
    expect(page).not.toMatch(/@import|\bsrc=|\bhref=|url\((?!#|data:font)/);
  });

  test("has every id once", () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((m) => m[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is the same bytes for the same data, and knows no clock", async () => {
    expect(await reportHtml(syntheticReport(7, 6000), { timings })).toBe(page);
    expect(await reportHtml(report)).not.toContain("Timings");
  });

  test("stays below two megabytes for 250 000 events and forty members", async () => {
    const large = syntheticReport(2, 250_000);
    const histories = Array.from({ length: 4 }, () => large.histories ?? []).flat();
    expect((await reportHtml({ ...large, histories })).length).toBeLessThan(2e6);
  });

  test("leaves out what a run does not have", async () => {
    const small = await reportHtml(bare);
    expect(small).toContain("<h1>Nothing yet</h1>");
    for (const heading of ["Figures", "Yields", "Model and training", "Timings"]) {
      expect(small).not.toContain(`<h2>${heading}`);
    }
  });

  test("says why a figure is missing instead of failing", async () => {
    const small = await reportHtml({ ...bare, histories: [], amsScans: [] });
    expect(small).toContain(
      '<p class="missing">No picture: plotLosses: a history with a finite loss was expected, but none of the 0 given has one. Train at least one epoch first.</p>',
    );
    expect(small).toContain("No picture: plotAmsScan:");
  });

  test("escapes text", async () => {
    const small = await reportHtml({ ...bare, title: "</title><script>alert(1)</script>" });
    expect(small).not.toContain("<script>");
    expect(small).toContain("<h1>&lt;/title&gt;&lt;script&gt;");
  });
});

describe("compactReport", () => {
  test("gives data that JSON keeps, and that draw the same after a way through a file", async () => {
    const typed = {
      ...report,
      rocCurves: (report.rocCurves ?? []).map((curve) => ({
        ...curve,
        falsePositiveRate: Float64Array.from(curve.falsePositiveRate, Number),
      })),
    };
    const compact = compactReport(typed);
    const back: RunReport = JSON.parse(JSON.stringify(compact));
    expect(back).toEqual(compact);
    expect(await reportHtml(back)).toBe(await reportHtml(compact));
    expect(compact.rocCurves![0]!.falsePositiveRate.length).toBeLessThan(1510);
    expect(JSON.stringify(compact).length).toBeLessThan(400_000);
  });
});

test("html escapes what is put in unless it is markup", () => {
  expect(html`<p>${"m < 125 GeV"}${html`<br>`}${[html`a`, html`b`]}</p>`.text).toBe(
    "<p>m &lt; 125 GeV<br>ab</p>",
  );
});
