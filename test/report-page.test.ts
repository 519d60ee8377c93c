/** The interactive parts of a report, in a browser: they draw, they answer, they fit a phone, they load nothing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CutScan, type RunReport, reportHtml } from "../src/plot/index.ts";
import { textWidth } from "../src/plot/text-width.ts";
import { syntheticReport } from "./plot/synthetic-report.ts";

const { findChromium } = (await import(
  pathToFileURL(join(process.cwd(), "scripts/setup-browser.mjs")).href
)) as { findChromium(): string | undefined };
const executablePath = findChromium();
const folder = mkdtempSync(join(tmpdir(), "lumin-report-"));
let browser: Browser | undefined;

const cutScan: CutScan = {
  events: "3600 validation events",
  cuts: [0, 0.5, 0.9],
  processes: [
    {
      name: "b",
      isSignal: false,
      sums: [400_000, 12_000, 1100],
      uncertainties: [4000, 900, 400],
      counts: [2400, 130, 20],
    },
    {
      name: "s<i>",
      isSignal: true,
      sums: [690, 400, 109],
      uncertainties: [20, 15, 11],
      counts: [1200, 800, 278],
    },
  ],
  significances: [{ label: "AMS, b_reg = 10", ams: [1.1, 2.6, 3.2], uncertainties: [0.01, 0.1, 0.7] }],
  chosen: 0.9,
};
const report: RunReport = {
  ...syntheticReport(3, 2000),
  cutScan,
  features: {
    events: "14 400 training events",
    classes: ["b", "s"],
    features: [
      {
        name: "mass",
        edges: [0, 50, 100, 200],
        shares: [
          [0.5, 0.3, 0.2],
          [0.1, 0.8, 0.1],
        ],
        missing: [0.15, 0],
      },
      {
        name: "jets",
        categories: ["0", "1", "2+"],
        shares: [
          [0.5, 0.3, 0.2],
          [0.3, 0.3, 0.4],
        ],
        missing: [0, 0],
      },
    ],
  },
};

beforeAll(async () => {
  if (executablePath === undefined) {
    process.stderr.write(
      "\n!!! NO CHROMIUM HERE: the report's interactive parts are NOT CHECKED by this run. !!!\n\n",
    );
    return;
  }
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the interactive parts of a report", () => {
  test("refer to nothing outside the page, and text cannot leave its place", async () => {
    const page = await reportHtml(report);
    expect(page).not.toMatch(/<(link|img|iframe|object|embed)\b|\ssrc=/);
    expect([...page.matchAll(/<script([^>]*)>/g)].map((match) => match[1])).toEqual([
      ' type="application/json" id="report-data"',
      "",
    ]);
    expect(page).not.toContain("s<i>");
  });

  test.skipIf(executablePath === undefined)(
    "draw the chosen feature, and what passes the cut that is set",
    async () => {
      const path = join(folder, "report.html");
      writeFileSync(path, await reportHtml(report));
      const page = await browser!.newPage({ viewport: { width: 390, height: 800 } });
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("request", (request) => {
        if (!/^(file|data):/.test(request.url())) problems.push(request.url());
      });
      await page.goto(pathToFileURL(path).href);
      const picture = page.locator("#feature-picture svg");
      expect(await picture.getAttribute("aria-label")).toBe("mass");
      expect(await page.locator("#feature-legend").textContent()).toContain("15.0 % without a value");
      await page.locator("#feature-choice").selectOption({ label: "jets" });
      expect(await picture.getAttribute("aria-label")).toBe("jets");
      expect(await page.locator("#feature-picture").textContent()).toContain("2+");

      expect(await page.locator("#cut-value").textContent()).toBe("0.900");
      const cells = (): Promise<string[]> => page.locator("#cut-table td").allTextContents();
      expect(await cells()).toEqual(expect.arrayContaining(["s<i> (signal)", "109 ± 11", "278", "15.80 %"]));
      await page.locator("#cut-choice").fill("1");
      expect(await page.locator("#cut-value").textContent()).toBe("0.500");
      expect(await cells()).toEqual(
        expect.arrayContaining(["AMS, b_reg = 10", "2.60 ± 0.10", "12\u202f000 ± 900", "130", "3.00 %"]),
      );
      const widths = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]");
      expect(widths).toEqual([390, 390]);
      expect(problems).toEqual([]);
      await page.close();
    },
  );

  test.skipIf(executablePath === undefined)(
    "have letters as wide as the pictures reckon with, whatever fonts the reader has",
    async () => {
      const path = join(folder, "letters.html");
      writeFileSync(path, await reportHtml(report));
      const page = await browser!.newPage({ viewport: { width: 1200, height: 900 } });
      await page.goto(pathToFileURL(path).href);
      await page.evaluate("document.fonts.ready.then(() => undefined)");
      const texts = (await page.evaluate(`[...document.querySelectorAll("figure svg text")].map((text) => ({
        text: text.textContent,
        width: text.getComputedTextLength(),
        size: Number.parseFloat(getComputedStyle(text).fontSize),
        isBold: Number(getComputedStyle(text).fontWeight) >= 600,
      }))`)) as { text: string; width: number; size: number; isBold: boolean }[];
      const long = texts.filter(({ text }) => text.length >= 8);
      expect(long.length).toBeGreaterThan(20);
      for (const { text, width, size, isBold } of long)
        expect(Math.abs(width / textWidth(text, size, isBold) - 1), text).toBeLessThan(0.05);
      await page.close();
    },
  );
});
