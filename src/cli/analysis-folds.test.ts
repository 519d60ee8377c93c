/** What an analysis file says of fitted steps, scaling and folds. */
import { expect, test } from "vitest";
import { parseAnalysis } from "./analysis-file.ts";

const analysis = (more: object): unknown => ({
  input: { files: "events.csv" },
  target: { column: "signal" },
  features: { continuous: ["pt"] },
  ...more,
});

test("fitted steps have their defaults", () => {
  const { transforms, features, weights } = parseAnalysis(
    analysis({
      transforms: [
        { kind: "log", columns: ["*_pt"] },
        { kind: "fill", columns: ["mass"] },
        { kind: "quantile", columns: ["met"] },
        { kind: "pca", columns: ["DER_*"], components: 4 },
      ],
      features: { continuous: ["pc_*"], scaling: { "pc_*": "none" }, unseen: "other" },
      weights: { column: "w", preprocessing: true },
    }),
  );
  expect(transforms).toEqual([
    { kind: "log", columns: ["*_pt"], shift: 0 },
    { kind: "fill", columns: ["mass"], with: "mean" },
    { kind: "quantile", columns: ["met"], output: "normal", knots: 200 },
    { kind: "pca", columns: ["DER_*"], components: 4, whiten: false, standardise: true, prefix: "pc" },
  ]);
  expect(features).toMatchObject({ scaling: { "pc_*": "none" }, unseen: "other" });
  expect(weights.preprocessing).toBe(true);
});

test("folds are by one rule", () => {
  expect(parseAnalysis(analysis({ folds: { by: "EventId" } })).folds.by).toEqual(["EventId"]);
  expect(parseAnalysis(analysis({ folds: { by: ["run", "event"] } })).folds.by).toEqual(["run", "event"]);
  expect(parseAnalysis(analysis({})).folds).toMatchObject({ count: 10, order: "stratified" });
  expect(() => parseAnalysis(analysis({ folds: { by: "a", column: "b" } }))).toThrow(
    "give by or column, not both",
  );
  expect(() => parseAnalysis(analysis({ folds: { order: "contiguous", column: "b" } }))).toThrow(
    "contiguous, but by or column decide too",
  );
});
