/** New columns as nodes: the graph gives what deriveColumns gives, missing values included. */
import { expect, test } from "vitest";
import { Stream } from "../../array/index.ts";
import { applyPipeline, fitPipeline, type Pipeline, type Table, tableOf } from "../../data/index.ts";
import { Session, type SessionValue } from "../../engine/index.ts";
import { elementType, encodeModel, type ValueInfoMessage } from "../../engine/onnx-messages.ts";
import { NodeBuilder } from "./node-builder.ts";
import { inputValue, tracePipeline } from "./trace-pipeline.ts";

const count = 400;
const stream = new Stream(8, "new columns");
const draw = (make: (u: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => make(stream.uniform(), i));

const events: Table = tableOf({
  lep_pt: draw((u) => (u < 0.1 ? -999 : 20 + 80 * u)),
  lep_eta: draw((u) => 5 * u - 2.5),
  lep_phi: draw((u) => (2 * u - 1) * Math.PI),
  lep_m: draw((u) => 2 * u),
  tau_px: draw((u, i) => (i === 3 ? 0 : 100 * u - 50)),
  tau_py: draw((u, i) => (i === 3 || i === 4 ? 0 : 100 * u - 50)),
  tau_pz: draw((u, i) => (i === 3 ? 0 : 300 * u - 150)),
  met: draw((u) => 50 * u),
  met_phi: draw((u) => (2 * u - 1) * Math.PI),
  x: draw((u, i) => (i % 7 === 0 ? Number.NaN : 4 * u - 2)),
  n: Int32Array.from({ length: count }, (_, i) => i % 4),
  process: Array.from({ length: count }, (_, i) => ["Z", "top"][i % 2]!),
});

/** Without scaling: the columns themselves are compared. */
async function pipelineOf(columns: Readonly<Record<string, string>>): Promise<Pipeline> {
  const { scaler: _, ...pipeline } = await fitPipeline(events, {
    missing: [-999],
    transforms: [{ kind: "columns", columns }],
    continuous: Object.keys(columns),
  });
  return pipeline;
}

test("every function gives in the graph what it gives in prediction", async () => {
  const columns = {
    vectors:
      "mass(lep + tau) + pt(lep - tau) + mt(lep, met) + deltaR(lep, tau) + energy(-lep) + p(tau) + mass(tau)",
    angles: "phi(lep + tau) + deltaPhi(tau, lep) + deltaEta(lep, tau) + eta(lep + tau) + eta(tau) + phi(tau)",
    trigonometry: "sin(x) + cos(x) + tan(x / 2) + asin(x / 2) + acos(x / 2) + atan(x) + atan2(x, n - 2)",
    hyperbolic:
      "sinh(x) + cosh(x) + tanh(x) + asinh(x) + exp(x) + log(x + 3) + log10(n + 1) + wrapAngle(5 * x)",
    numbers:
      "abs(x) + sign(x) + floor(x) + ceil(x) + sqrt(x + 2) + x ^ 3 - 2 * n / 3 + min(x, n, 1) + max(x, n) + hypot(x, 2)",
    logic: "where(x > 0 and n != 2 or not (n <= 1), n + pi, where(isMissing(x), missing, -1))",
    truth: "(x < 1) + 2 * (x >= 0 or n == 3) + 4 * (x == 1 and n > 1) + 8 * isMissing(x * n)",
    chained: "logic + truth",
  };
  const pipeline = await pipelineOf(columns);
  const builder = new NodeBuilder(new Map(), new Map());
  builder.enter("preprocessing");
  const { inputs, features } = tracePipeline(builder, pipeline, Object.keys(events.columns), "columns");
  const width = pipeline.continuous.length;
  const value = (name: string, more: readonly { readonly dimValue: number }[]): ValueInfoMessage => ({
    name,
    type: {
      tensorType: { elemType: elementType.float64, shape: { dim: [{ dimParam: "events" }, ...more] } },
    },
  });
  const session = await Session.create(
    encodeModel(
      {
        name: "columns",
        node: [...builder.nodes],
        initializer: builder.names.initializers,
        input: inputs.map(({ name }) => value(inputValue(name), [])),
        output: [value(features, [{ dimValue: width }])],
      },
      { metadata: {} },
    ),
  );
  const feeds: Record<string, SessionValue> = {};
  for (const { name } of inputs) {
    const data = Float64Array.from(events.columns[name] as Float64Array);
    feeds[inputValue(name)] = { data, shape: [count] };
  }
  const found = (await session.run(feeds))[features]!.data;
  await session.release();
  const { table } = await applyPipeline(pipeline, events);
  expect(inputs.map(({ name }) => name)).not.toContain("process");
  for (const [f, name] of pipeline.continuous.entries()) {
    const expected = table.columns[name] as Float64Array;
    let known = 0;
    for (const [i, own] of expected.entries()) {
      const traced = Number(found[i * width + f]);
      if (Number.isNaN(own)) expect(traced, `${name}, event ${i}`).toBeNaN();
      else {
        known++;
        expect(Math.abs(traced - own) / Math.max(1, Math.abs(own)), `${name}, event ${i}`).toBeLessThan(
          1e-11,
        );
      }
    }
    expect(known, name).toBeGreaterThan(50);
  }
});

test("an expression of text is refused with the reason", async () => {
  const pipeline = await pipelineOf({ top: "process == 'top'" });
  const builder = new NodeBuilder(new Map(), new Map());
  expect(() => tracePipeline(builder, pipeline, Object.keys(events.columns), "columns")).toThrow(
    'export: the new column "top" compares the text of "process", for which ONNX has no operators to numbers; make process a categorical feature instead, or export the weights with --safetensors.',
  );
});
