/** Exported graphs against the ensemble, for every kind of preprocessing and network. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Stream } from "../../array/index.ts";
import {
  type AugmentationPlan,
  augmentationPlan,
  fitPipeline,
  type Pipeline,
  type PipelineSpec,
  type Table,
  tableOf,
} from "../../data/index.ts";
import { Session } from "../../engine/index.ts";
import { Model, ModelBuilder } from "../../model/index.ts";
import { type FullyConnectedSpec, fullyConnected, type Task } from "../../nn/index.ts";
import { Ensemble } from "../ensemble.ts";
import { type ExportOnnxOptions, exportOnnx, exportSafetensors } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = 300;
const stream = new Stream(5, "export test");
const draw = (make: (u: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => make(stream.uniform(), i));
const angle = (u: number): number => (2 * u - 1) * Math.PI;
const sometimes = (u: number, value: number): number => (u < 0.1 ? -999.9 : u < 0.15 ? Number.NaN : value);

/** Events with all that raw columns may hold. */
const events: Table = tableOf({
  id: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
  tau_pt: draw((u) => 20 + 80 * u),
  tau_eta: draw((u) => 5 * u - 2.5),
  tau_phi: draw(angle),
  jet_pt: draw((u) => sometimes(u, 30 + 100 * u)),
  jet_eta: draw((u) => sometimes(u, 4 * u - 2)),
  jet_phi: draw((u, i) => (i === 7 ? Math.PI : angle(u))),
  met: draw((u) => 50 * u),
  met_phi: draw(angle),
  mass: Float32Array.from(draw((u) => sometimes(u, 1e5 * u))),
  jets: Int32Array.from(draw((u) => Math.floor(4 * u))),
  charge: draw((u) => (u < 0.5 ? -1 : 0.5)),
  channel: Array.from({ length: count }, (_, i) => ["e", "mu", "tau h"][i % 3]!),
});

const higgsLike: PipelineSpec = {
  missing: [-999.9],
  transforms: [
    { kind: "rename", columns: { met: "met_pt" } },
    { kind: "cartesian", keep: ["met_pt"] },
  ],
  continuous: ["tau_*", "jet_*", "met_*", "mass"],
  categorical: ["jets", "charge", "channel"],
};

interface Settings {
  readonly task?: Task;
  readonly body?: Partial<FullyConnectedSpec>;
  readonly members?: number;
  readonly augmented?: boolean;
  readonly inputs?: "columns" | "matrix";
  readonly table?: Table;
}

async function prepare(
  spec: PipelineSpec,
  { task = { kind: "binary" }, body = {}, members = 2, augmented = false, table = events }: Settings,
): Promise<{ ensemble: Ensemble; pipeline: Pipeline; plan?: AugmentationPlan }> {
  const pipeline = await fitPipeline(table, spec);
  const { continuous, categorical, scaler } = pipeline;
  const builder = new ModelBuilder({
    task,
    features: {
      continuousFeatures: continuous,
      categoricalFeatures: categorical.map(({ name }) => name),
      categorySizes: categorical.map(({ values }) => values.length),
    },
    body: fullyConnected({ depth: 2, width: 8, ...body }),
  });
  const ensemble = new Ensemble(
    Array.from({ length: members }, (_, member) => ({
      member,
      model: Model.fresh(builder, 3, member),
      weight: member + 1,
      validationLoss: 0.5,
      validationFold: 0,
    })),
  );
  const names = [...continuous, ...categorical.map(({ name }) => name)];
  return { ensemble, pipeline, ...(augmented ? { plan: augmentationPlan(names, scaler) } : {}) };
}

let files = 0;
async function exported(spec: PipelineSpec, settings: Settings = {}) {
  const parts = await prepare(spec, settings);
  const path = join(folder, `${files++}.onnx`);
  const options: ExportOnnxOptions = { ...parts, events: settings.table ?? events, inputs: settings.inputs };
  const result = await exportOnnx(path, options);
  await parts.ensemble.release();
  return { ...result, path };
}

describe("exportOnnx", () => {
  it("takes a category that training did not have for none of the known ones, as predict does", async () => {
    const spec: PipelineSpec = { ...higgsLike, unseen: "other" };
    const seen = tableOf({
      ...events.columns,
      jets: Int32Array.from({ length: count }, (_, i) => i % 2),
      channel: Array.from({ length: count }, (_, i) => ["e", "mu"][i % 2]!),
    });
    const parts = await prepare(spec, { table: seen });
    const { largestDifference } = await exportOnnx(join(folder, "unseen.onnx"), { ...parts, events });
    await parts.ensemble.release();
    expect(largestDifference).toBeLessThan(1e-6);
  });

  it.each([
    ["columns", false],
    ["columns", true],
    ["matrix", false],
    ["matrix", true],
  ] as const)(
    "agrees with predict, missing values among the events: %s, augmented %s",
    async (inputs, augmented) => {
      const {
        largestDifference,
        eventCount,
        spoiltCount,
        inputs: found,
      } = await exported(higgsLike, {
        inputs,
        augmented,
      });
      expect(largestDifference).toBeLessThan(1e-6);
      expect(eventCount).toBe(count);
      // NaN, ±∞ and −999.9 in each of the nine columns of numbers.
      expect(spoiltCount).toBe(9 * 4);
      expect(found.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
        "tau_pt number",
        "tau_eta number",
        "tau_phi number",
        "jet_pt number",
        "jet_eta number",
        "jet_phi number",
        "met number",
        "met_phi number",
        "mass number",
        "jets category",
        "charge category",
        "channel code",
      ]);
    },
  );

  it("turns events to their reference vectors as predict does", async () => {
    const align = { reference: "tau", second: "jet", phi: true, y: true, z: true };
    const spec: PipelineSpec = {
      missing: [-999.9],
      transforms: [{ kind: "cartesian", ignore: [], align }],
      continuous: ["tau_*", "jet_*"],
    };
    const aligned = await exported(spec);
    expect(aligned.largestDifference).toBeLessThan(1e-6);
    expect(aligned.inputs).toHaveLength(6);
  });

  it.each<[string, Settings]>([
    ["several classes", { task: { kind: "multiclass", classCount: 3 }, body: { connect: "dense" } }],
    ["regression within a range", { task: { kind: "regression", targetCount: 2, range: [-1, 100] } }],
    [
      "batch norm, residual",
      { body: { batchNorm: true, connect: "residual", activation: "prelu", depth: 3 } },
    ],
    ["mish", { body: { activation: "mish" } }],
    ["selu", { body: { activation: "selu" } }],
    ["one member", { members: 1 }],
  ])("agrees for %s", async (_, settings) => {
    const { largestDifference } = await exported(higgsLike, settings);
    expect(largestDifference).toBeLessThan(1e-5);
  });

  it("agrees for one feature, without scaling, and for columns named as values of the graph are", async () => {
    const table = tableOf({
      c0: draw((u) => u),
      prediction: draw((u) => u),
      events: draw((u) => u),
      "member0/share": draw((u) => u),
    });
    const one = await exported({ continuous: ["c0"], scaling: "none" }, { table });
    expect(one.inputs).toEqual([{ name: "c0", kind: "number" }]);
    expect((await exported({ continuous: ["*"] }, { table })).inputs).toHaveLength(4);
  });

  it("takes several networks of one member, as snapshots are", async () => {
    const parts = await prepare(higgsLike, {});
    const ensemble = new Ensemble(parts.ensemble.members.map((each) => ({ ...each, member: 4 })));
    const path = join(folder, "snapshots.onnx");
    expect((await exportOnnx(path, { ...parts, ensemble, events })).largestDifference).toBeLessThan(1e-6);
    const weights = await exportSafetensors(join(folder, "snapshots"), ensemble);
    expect(weights.map((each) => basename(each))).toEqual(["member4.0.safetensors", "member4.1.safetensors"]);
    await ensemble.release();
  });

  it("takes an unseen category as none of the known ones", async () => {
    const { path } = await exported({ continuous: ["met"], categorical: ["jets", "channel"] });
    const session = await Session.create(readFileSync(path));
    const score = async (jets: number, channel: number): Promise<number> => {
      const one = (value: number) => ({ data: Float64Array.of(value), shape: [1] });
      const { prediction } = await session.run({ met: one(20), jets: one(jets), channel: one(channel) });
      return prediction!.data[0]!;
    };
    const unseen = await score(9, 0);
    expect(unseen).toBeGreaterThan(0);
    expect(await score(Number.NaN, 0)).toBe(unseen);
    expect(await score(2, -1)).toBe(await score(2, Number.NaN));
    expect(await score(2, 0)).not.toBe(unseen);
    await session.release();
  });

  it("refuses a step in the user's own code in one sentence, and writes nothing", async () => {
    const parts = await prepare({ continuous: ["met"] }, {});
    const own = { kind: "module", module: "./own.js", name: "addMass" } as const;
    const pipeline = { ...parts.pipeline, steps: [...parts.pipeline.steps, own] };
    const before = readdirSync(folder);
    await expect(exportOnnx(join(folder, "own.onnx"), { ...parts, pipeline, events })).rejects.toThrow(
      'export: the pipeline has the step "addMass" of "./own.js", code of your own, which no ONNX file can hold',
    );
    expect(readdirSync(folder)).toEqual(before);
    await parts.ensemble.release();
  });

  it("leaves an earlier file alone and nothing else behind when the graph would predict something else", async () => {
    const parts = await prepare({ continuous: ["met"] }, {});
    const path = join(folder, "other.onnx");
    writeFileSync(path, "earlier");
    const before = readdirSync(folder);
    const { ensemble } = parts;
    const predict = ensemble.predict.bind(ensemble);
    ensemble.predict = async (...given) => (await predict(...given)).map((value) => value + 2e-5);
    await expect(exportOnnx(path, { ...parts, events })).rejects.toThrow(
      /more than 0.00001 apart, so nothing/,
    );
    expect(readFileSync(path, "utf8")).toBe("earlier");
    expect(readdirSync(folder)).toEqual(before);
    await ensemble.release();
  });

  it("says when the file cannot be written", async () => {
    const parts = await prepare({ continuous: ["met"] }, {});
    const path = join(folder, "no", "such.onnx");
    await expect(exportOnnx(path, { ...parts, events })).rejects.toThrow(/could not be written: the folder/);
    expect(existsSync(path)).toBe(false);
    await parts.ensemble.release();
  });
});

it("exportSafetensors writes every member's weights by name, with its share", async () => {
  const { ensemble } = await prepare({ continuous: ["met"] }, {});
  const target = join(folder, "weights");
  const paths = await exportSafetensors(target, ensemble, { "lumin.seed": "3" });
  expect(paths).toEqual([join(target, "member0.safetensors"), join(target, "member1.safetensors")]);
  const bytes = readFileSync(paths[1]!);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
  expect(header["body.layer0.weight"]).toMatchObject({ dtype: "F32", shape: [8, 1] });
  expect(JSON.parse(header.__metadata__["lumin.member"])).toMatchObject({ member: 1, weight: 2 / 3 });
  expect(header.__metadata__["lumin.seed"]).toBe("3");
});
