/** Fitted steps in the exported graph against `applyPipeline`. */
import { expect, test } from "vitest";
import { Stream } from "../../array/index.ts";
import { applyPipeline, fitPipeline, numbersOf, type PipelineSpec, tableOf } from "../../data/index.ts";
import { Session, type SessionValue } from "../../engine/index.ts";
import { elementType, encodeModel, type ValueInfoMessage } from "../../engine/onnx-messages.ts";
import { NodeBuilder } from "./node-builder.ts";
import { inputValue, tracePipeline } from "./trace-pipeline.ts";

const count = 500;
const stream = new Stream(3, "traced steps");
const draw = (): Float64Array =>
  Float64Array.from({ length: count }, () => {
    const u = stream.uniform();
    return u < 0.05
      ? Number.NaN
      : u < 0.1
        ? -999
        : u < 0.12
          ? Number.POSITIVE_INFINITY
          : 50 * stream.normal();
  });
const events = tableOf({
  a: draw(),
  b: draw(),
  c: draw(),
  d: draw(),
  e: draw(),
  n: Int32Array.from({ length: count }, () => stream.integer(3)),
});

test.each<[string, PipelineSpec]>([
  ["log", { continuous: ["a"], transforms: [{ kind: "log", columns: ["a"], shift: 40 }] }],
  [
    "indicator and fill",
    {
      continuous: ["a", "a_missing", "b"],
      transforms: [
        { kind: "indicator", columns: ["a"] },
        { kind: "fill", columns: ["a"], with: "mean" },
        { kind: "fill", columns: ["b"], with: -3 },
      ],
    },
  ],
  ["quantile", { continuous: ["a", "n"], transforms: [{ kind: "quantile", columns: ["a", "n"] }] }],
  [
    "pca",
    { continuous: ["pc_*", "d"], transforms: [{ kind: "pca", columns: ["a", "b", "c"], whiten: true }] },
  ],
  [
    "all of them, robust, with categories",
    {
      continuous: ["a", "b_missing", "white_?"],
      categorical: ["n"],
      unseen: "other",
      scaling: { a: "robust" },
      transforms: [
        { kind: "rename", columns: { e: "f" } },
        { kind: "indicator", columns: ["b"] },
        { kind: "log", columns: ["a", "b"], shift: 30 },
        { kind: "quantile", columns: ["b", "c"], output: "uniform", knots: 30 },
        { kind: "pca", columns: ["b", "c", "d", "f"], components: 3, prefix: "white" },
        { kind: "fill", columns: ["a"], with: "median" },
      ],
    },
  ],
])("%s: the graph gives the features of applyPipeline", async (_, given) => {
  const spec = { missing: [-999], ...given };
  const pipeline = await fitPipeline(events, spec);
  const builder = new NodeBuilder(new Map(), new Map());
  builder.enter("preprocessing");
  const { inputs, features } = tracePipeline(builder, pipeline, Object.keys(events.columns), "columns");
  const width = pipeline.continuous.length + pipeline.categorical.length;
  const value = (name: string, dim: ({ dimParam: string } | { dimValue: number })[]): ValueInfoMessage => ({
    name,
    type: { tensorType: { elemType: elementType.float64, shape: { dim } } },
  });
  const model = encodeModel(
    {
      name: "steps",
      node: [...builder.nodes],
      initializer: builder.names.initializers,
      input: inputs.map(({ name }) => value(inputValue(name), [{ dimParam: "events" }])),
      output: [value(features, [{ dimParam: "events" }, { dimValue: width }])],
    },
    { metadata: {} },
  );
  const later =
    spec.unseen === "other"
      ? tableOf({ ...events.columns, n: Int32Array.from({ length: count }, (__, i) => i % 5) })
      : events;
  const session = await Session.create(model);
  const feeds: Record<string, SessionValue> = {};
  for (const { name } of inputs) {
    feeds[inputValue(name)] = { data: Float64Array.from(numbersOf(later, name)), shape: [count] };
  }
  const found = (await session.run(feeds))[features]!.data;
  await session.release();
  const { features: expected } = await applyPipeline(pipeline, later);
  let largest = 0;
  for (const [i, own] of expected.entries()) {
    if (Number.isNaN(own)) expect(found[i]).toBeNaN();
    else largest = Math.max(largest, Math.abs(Number(found[i]) - own) / Math.max(1, Math.abs(own)));
  }
  expect(largest).toBeLessThan(1e-6);
  expect(expected.some((own) => Math.abs(own) > 0.1)).toBe(true);
});
