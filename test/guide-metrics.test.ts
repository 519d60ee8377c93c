/** Runs the code of the guide's chapter on losses and metrics: `expression // value` must hold. */
import { expect, test } from "vitest";
import * as metrics from "../src/metrics/index.ts";
import * as nn from "../src/nn/index.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("losses-and-metrics");

test("every value in the chapter is what the code gives", async () => {
  const { done, written } = await runChapter(chapter, {
    valueLines: /^(?!const|\/\/)(\S.*\S)\s+\/\/ ([\w.]+)$/gm,
    compare(given, value) {
      if (typeof value === "number" && Number.isFinite(value)) expect(given).toBeCloseTo(value, 12);
      else expect(given).toBe(value);
    },
  });
  expect([done, written]).toEqual([8, 8]);
});

test("the tables name every loss and every metric", () => {
  const named = new Set(
    [...chapter.matchAll(/^\|.*$/gm)].flatMap(([row]) => [...row.matchAll(/`(\w+)`/g)].map((m) => m[1])),
  );
  expect([...nn.lossNames, ...metrics.metricNames].filter((name) => !named.has(name))).toEqual([]);
});
