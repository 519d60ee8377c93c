/** `target` of an analysis file, and signal among several classes. */
import { describe, expect, test } from "vitest";
import { parseAnalysis } from "./analysis-file.ts";
import { binaryLabels, binaryView, classTotals } from "./binary-view.ts";

const base = { input: { files: "events.csv" }, features: { continuous: ["x"] } };
const classes = { z: 0, top: 1, higgs: 2 };

describe("target", () => {
  test("one column or several, with computed ones", () => {
    expect(parseAnalysis({ ...base, target: { column: "y", task: "regression" } }).target.columns).toEqual([
      "y",
    ]);
    const compute = { px: "pt * cos(phi)", py: "pt * sin(phi)" };
    const target = { columns: ["px", "py"], compute, task: "regression" };
    expect(parseAnalysis({ ...base, target }).target).toMatchObject({ columns: ["px", "py"], compute });
  });

  test.each([
    [{}, "target.column: is missing; expected text"],
    [{ column: "y", columns: ["z"], task: "regression" }, "target.columns: give column or columns, not both"],
    [{ columns: [], task: "regression" }, "target.columns: expected at least one column"],
    [{ columns: ["y", "y"], task: "regression" }, "target.columns: each column can be a target once"],
    [
      { columns: ["y", "z"] },
      "target.columns: only a regression learns several columns; add task: regression",
    ],
  ])("%j is refused: %s", (target, message) => {
    expect(() => parseAnalysis({ ...base, target })).toThrow(message);
  });
});

describe("signal among several classes", () => {
  const analysis = parseAnalysis({
    ...base,
    target: { column: "process", classes },
    evaluation: { signal: ["higgs"], renormalise: { z: 100, top: 20, higgs: 3 } },
  });

  test("is one score against all others, with the sums of their classes", () => {
    expect(binaryLabels(analysis)).toEqual(["z + top", "higgs"]);
    expect(classTotals(analysis)).toEqual({ signal: 3, background: 120 });
    const view = binaryView(analysis, {
      predictions: Float64Array.of(0.2, 0.3, 0.5, 0.6, 0.3, 0.1),
      outputCount: 3,
      targets: Float32Array.of(2, 0),
      targetCount: 1,
      weights: Float64Array.of(1, 2),
      renormalise: true,
    })!;
    expect(view.predictions).toEqual(Float64Array.of(0.5, 0.4));
    expect(view.targets).toEqual(Float32Array.of(1, 0));
    expect(view.weights).toEqual(Float64Array.of(1, 2));
  });

  test("a class that does not exist is named with the nearest", () => {
    const wrong = { ...analysis, evaluation: { ...analysis.evaluation, signal: ["higs"] } };
    expect(() => binaryLabels(wrong)).toThrow(
      'evaluation.signal: class "higs" is not known. Did you mean "higgs"?',
    );
  });
});
