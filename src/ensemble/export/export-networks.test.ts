/** Exported graphs of every kind of head, body and tail against the ensemble's own prediction. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { Stream } from "../../array/index.ts";
import { fitPipeline, type Table, tableOf } from "../../data/index.ts";
import { Model, ModelBuilder, type ModelBuilderOptions } from "../../model/index.ts";
import {
  conv1dHead,
  fullyConnected,
  graphHead,
  identityBody,
  lorentzBoostHead,
  multiBlock,
  multiHead,
  recurrentHead,
} from "../../nn/index.ts";
import { sqrt, square, sum } from "../../tensor/index.ts";
import { Ensemble } from "../ensemble.ts";
import { exportOnnx } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-export-networks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = 120;
const stream = new Stream(5, "export networks");
const draw = (make: (u: number) => number): Float64Array =>
  Float64Array.from({ length: count }, () => make(stream.uniform()));
const events: Table = tableOf({
  tau_pt: draw((u) => 20 + 80 * u),
  tau_eta: draw((u) => 5 * u - 2.5),
  tau_phi: draw((u) => (2 * u - 1) * Math.PI),
  jet_pt: draw((u) => (u < 0.2 ? Number.NaN : 30 + 100 * u)),
  jet_eta: draw((u) => 4 * u - 2),
  jet_phi: draw((u) => (2 * u - 1) * Math.PI),
  mass: draw((u) => 90 + 50 * u),
  jets: Int32Array.from(draw((u) => Math.floor(4 * u))),
});

const columns = { objects: ["tau", "jet"], features: ["px", "py", "pz"] };
const body = fullyConnected({ depth: 1, width: 6, activation: "swish" });
const networks: Readonly<Record<string, Partial<ModelBuilderOptions>>> = {
  "blocks with bottlenecks": {
    body: multiBlock({
      bottleneck: 2,
      bottleneckActivation: "tanh",
      blocks: [
        { features: ["tau_*", "jets"], depth: 2, width: 5, connect: "dense" },
        { features: ["jet_*", "mass"], depth: 2, width: 4, connect: "residual", batchNorm: true },
      ],
    }),
  },
  "no hidden layer": { body: identityBody() },
  "an input mask": { inputMask: { fraction: 0.5, always: ["mass"] } },
  "scaled targets": {
    task: { kind: "regression", targetCount: 2, scaling: { means: [125, -3], deviations: [20, 0.5] } },
  },
  "an endcap": {
    task: { kind: "regression", targetCount: 3 },
    endcap: (p) => sqrt(sum(square(p), { axes: 1, keepDimensions: true })),
  },
  "recurrent layers": { head: multiHead({ objects: recurrentHead({ ...columns, cell: "gru", width: 5 }) }) },
  convolutions: {
    head: multiHead({
      objects: conv1dHead({
        ...columns,
        batchNorm: true,
        layers: [
          { channels: 4, squeeze: 2 },
          { channels: 8, block: "resNeXt" },
        ],
      }),
    }),
  },
  "an interaction network with attention": {
    head: graphHead({
      ...columns,
      means: true,
      inputNorm: true,
      extractor: { kind: "interaction", messages: [6], outputs: [6] },
      attention: { depth: 1, heads: 2 },
    }),
  },
  GravNet: { head: graphHead({ ...columns, extractor: { kind: "gravNet", outputs: [6], neighbours: 2 } }) },
  "Lorentz boosts": {
    head: multiHead({
      objects: lorentzBoostHead({
        ...columns,
        particles: 3,
        extract: { depth: 2, width: 4, singles: 2, pairs: 2 },
      }),
    }),
  },
};

it.each(Object.entries(networks))("a network with %s is exported as it predicts", async (_, parts) => {
  const pipeline = await fitPipeline(events, {
    transforms: [{ kind: "cartesian" }],
    continuous: ["tau_*", "jet_*", "mass"],
    categorical: ["jets"],
  });
  const { continuous, categorical, scaler } = pipeline;
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: {
      continuousFeatures: continuous,
      categoricalFeatures: categorical.map(({ name }) => name),
      categorySizes: categorical.map(({ values }) => values.length),
      scaler,
    },
    body,
    ...parts,
  });
  const ensemble = new Ensemble(
    [0, 1].map((member) => ({
      member,
      model: Model.fresh(builder, 3, member),
      weight: member + 1,
      validationLoss: 0.5,
      validationFold: member,
    })),
  );
  const path = join(folder, "network.onnx");
  const { largestDifference, eventCount } = await exportOnnx(path, { ensemble, pipeline, events });
  expect(eventCount).toBe(count);
  expect(largestDifference).toBeLessThan(1e-5);
  await ensemble.release();
});
