import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CallbackSpec, makeCallbacks } from "../train/index.ts";
import { classNames } from "./analysis.ts";
import { parseAnalysis, readAnalysisFile } from "./analysis-file.ts";
import { analysisJsonSchema } from "./analysis-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-analysis-"));
const file = join(folder, "a.yaml");
const minimal = `input: { files: events.csv }
target:
  column: Label
  classes: { b: 0, s: 1 }
features: { continuous: [x] }
`;

beforeAll(() => {
  writeFileSync(join(folder, "events.csv"), "x\n1\n");
  writeFileSync(join(folder, "events-2.csv"), "x\n1\n");
  mkdirSync(join(folder, "more"));
  writeFileSync(join(folder, "more", "c.csv"), "x\n1\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, settings: readonly string[] = []) {
  writeFileSync(file, text);
  return readAnalysisFile(file, settings);
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, "");
  }
  throw new Error("expected an error");
}

it("every callback of the library can be named in an analysis, and its options are those it is made with", async () => {
  const callbacks = `
training:
  callbacks:
    - { callback: OneCycle, options: { learningRates: [1.0e-4, 1.0e-2] } }
    - { callback: Cyclic, options: { learningRates: [0, 1.0e-2] } }
    - { callback: EarlyStopping, options: { patience: 3 } }
    - { callback: SaveBest }
    - { callback: CycleStep, options: { learningRates: [1.0e-4, 1.0e-2, 1.0e-3], patience: 2 } }
    - { callback: SWA, options: { start: 5, renewalPeriod: 5 } }
    - { callback: Snapshots }
    - { callback: EpochSaver }
    - { callback: GradClip, options: { norm: 1 } }
    - { callback: LabelSmoothing, options: { zero: 0.1, one: 0.1 } }
    - { callback: Bootstrap }
    - { callback: TargetReplacement, options: { columns: [mass] } }
    - { callback: LsuvInit }
    - { callback: LabelSmoothing, options: { amount: [0.1, 0, 0.2] } }
    - { callback: EMA, options: { decay: 0.99 } }
    - { callback: MetricLogger, options: { metrics: [logLoss, { name: ams, options: { regularisation: 10 } }], monitor: ams } }
    - { callback: ParametrisedTraining, options: { features: [mass] } }
    - { callback: PivotTraining, options: { nuisances: [mass], coefficient: 5, class: 0, adversary: { body: { depth: 1, width: 8 } } } }
`;
  const { training } = read(`${minimal}${callbacks}`).analysis;
  const made = await makeCallbacks(training.callbacks as readonly CallbackSpec[]);
  expect(made.map(({ name }) => name)).toEqual(
    training.callbacks.map((spec) => ("callback" in spec ? spec.callback : "")),
  );
});

describe("readAnalysisFile", () => {
  it("fills in the defaults of the paper's study", () => {
    const { analysis, inputFiles } = read(minimal);
    expect(inputFiles).toEqual([join(folder, "events.csv")]);
    expect(analysis.training).toMatchObject({ members: 10, epochs: 15, batchSize: 256 });
    expect(analysis.weights).toEqual({ normalise: "meanOnePerClass", preprocessing: false });
    expect(analysis.folds).toEqual({
      count: 10,
      order: "stratified",
      stratify: true,
      columns: [],
      validation: { fraction: 0.2 },
    });
    expect(analysis.target.task).toBe("binary");
    expect(classNames(analysis.target)).toEqual(["b", "s"]);
    expect(analysis.seed).toBe(1337);
  });

  it("names an unknown key with its line, the nearest match and what is known", () => {
    expect(messageOf(() => read(`${minimal}model:\n  body: { depht: 3 }\n`))).toBe(
      'a.yaml:7: model.body.depht: this key is not known. Did you mean "depth"? Known: kind, depth, width, ' +
        "activation, connect, growthRate, dropout, batchNorm.",
    );
    expect(messageOf(() => read(`${minimal}trainig: {}\n`))).toContain('Did you mean "training"?');
    expect(messageOf(() => read(`${minimal}augmentation: { rotation: 2 }\n`))).toBe(
      'a.yaml:6: augmentation.rotation: this key is not known. Did you mean "rotations"? Known: rotations, reflect.',
    );
    expect(messageOf(() => read(`${minimal}transforms: [{ kind: cartesian, keeep: [a] }]\n`))).toBe(
      'a.yaml:6: transforms[0].keeep: this key is not known. Did you mean "keep"? Known: kind, keep, ignore, align.',
    );
    expect(messageOf(() => read(`${minimal}evaluation: { sets: { public: { selec: x } } }\n`))).toContain(
      'evaluation.sets.public.selec: this key is not known. Did you mean "select"?',
    );
    expect(messageOf(() => read(`${minimal}folds: { validation: { fractoin: 0.1 } }\n`))).toContain(
      'folds.validation.fractoin: this key is not known. Did you mean "fraction"?',
    );
  });

  it("knows before events are read which losses, sizes and metrics there are", () => {
    const first = (lines: string): string => messageOf(() => read(`${minimal}${lines}\n`));
    expect(first("model: { loss: focall }")).toMatch(
      /^a\.yaml:6: model\.loss: loss "focall" is not known\. Did you mean "focal"\? Known: binaryCrossEntropy, /,
    );
    expect(first("model: { loss: { name: binnedHuber, options: { edges: [3, 1] } } }")).toBe(
      "a.yaml:6: model.loss: binnedHuber: edges must be two or more rising numbers, but are [3, 1].",
    );
    expect(first("training: { members: 2, ensemble: { size: 3 } }")).toBe(
      "a.yaml:6: training.ensemble.size: expected at most the number of trainings, training.members: 2, got 3.",
    );
    const callbacks = "callbacks: [{ callback: MetricLogger, options: { metrics: [rocAuc] } }]";
    expect(first(`training: { ${callbacks}, ensemble: { metric: accuracy } }`)).toBe(
      'a.yaml:6: training.ensemble.metric: "accuracy" is not recorded; name it in the metrics of the callback MetricLogger.',
    );
    read(
      `${minimal}training: { ${callbacks}, ensemble: { metric: rocAuc, higherIsBetter: true, size: 3 } }\n`,
    );
  });

  it("says what was expected and what is there, for every fault in one message", () => {
    const wrong = `${minimal}training: { epochs: ten, members: 0 }\nmodel: { body: { activation: swisch } }\n`;
    expect(messageOf(() => read(wrong))).toBe(
      [
        'a.yaml:7: model.body.activation: expected one of relu, prelu, selu, swish, mish, sigmoid, tanh, got "swisch". Did you mean "swish"?',
        "a.yaml:6: training.members: expected a whole number of at least 1, got 0.",
        'a.yaml:6: training.epochs: expected a whole number of at least 1, got "ten".',
      ].join("\n"),
    );
    expect(messageOf(() => read("input: { files: events.csv }\ntarget: { column: y }\n"))).toBe(
      "a.yaml: features: is missing; expected keys with values.",
    );
    expect(messageOf(() => read(`${minimal}transforms: [{ kind: renam }]\n`))).toBe(
      'a.yaml:6: transforms[0].kind: expected one of rename, cartesian, columns, module, log, indicator, fill, quantile, pca, got "renam". Did you mean "rename"?',
    );
    const callback =
      "training: { callbacks: [{ callback: OneCycle, options: { learningRates: [1, 2, 3], momentum: [1] } }] }";
    expect(messageOf(() => read(`${minimal}${callback}\n`))).toBe(
      'a.yaml:6: training.callbacks[0].options.momentum: this key is not known. Did you mean "momenta"? Known: ' +
        "learningRates, momenta, lengths, unit, interpolation, endsTraining.",
    );
    expect(messageOf(() => read(`${minimal}training: { callbacks: [{ callback: OnCycle }] }\n`))).toBe(
      'a.yaml:6: training.callbacks[0].callback: expected one of OneCycle, Cyclic, EarlyStopping, SaveBest, CycleStep, SWA, Snapshots, EpochSaver, GradClip, LabelSmoothing, Bootstrap, TargetReplacement, LsuvInit, EMA, MetricLogger, ParametrisedTraining, PivotTraining, WeightFunction, got "OnCycle". Did you mean "OneCycle"?',
    );
    expect(messageOf(() => read(minimal.replace("s: 1", "s: 2")))).toContain(
      "target.classes: expected the class numbers 0, 1, … without a gap, at least two.",
    );
    expect(messageOf(() => read(minimal.replace("files: events.csv", "files: 3")))).toContain(
      "input.files: expected text or a list, got 3.",
    );
  });

  it("lets settings override any key, with values in YAML", () => {
    const { analysis, inputFiles } = read(minimal, [
      "training.epochs=3",
      "seed=7",
      "input.files=[events.csv, events-2.csv]",
      "augmentation.rotations=4",
      "evaluation.renormalise={s: 1.5, b: 2}",
    ]);
    expect(analysis.training.epochs).toBe(3);
    expect(analysis.seed).toBe(7);
    expect(inputFiles).toHaveLength(2);
    expect(analysis.augmentation).toEqual({ rotations: 4, reflect: ["y", "z"] });
    expect(analysis.evaluation.renormalise).toEqual({ s: 1.5, b: 2 });
    expect(messageOf(() => read(minimal, ["training.epoch=3"]))).toContain('Did you mean "epochs"?');
    expect(messageOf(() => read(minimal, ["seed"]))).toBe(
      "--set seed: expected path=value, for instance training.epochs=5.",
    );
    expect(messageOf(() => read(minimal, ["seed.x=1"])).split("\n")[0]).toContain("seed");
  });

  it("finds files by pattern, sorted, and says which are not there", () => {
    expect(read(minimal.replace("events.csv", "'ev*.csv'")).inputFiles).toEqual([
      join(folder, "events-2.csv"),
      join(folder, "events.csv"),
    ]);
    expect(read(minimal.replace("events.csv", "'*/c.csv'")).inputFiles).toEqual([
      join(folder, "more", "c.csv"),
    ]);
    expect(messageOf(() => read(minimal.replace("events.csv", "evnts.csv")))).toBe(
      `input.files: there is no file "evnts.csv" (looked in ${folder}).`,
    );
    expect(messageOf(() => read(minimal.replace("events.csv", "'z*.csv'")))).toContain(
      'no file matches "z*.csv"',
    );
    expect(messageOf(() => read(minimal.replace("events.csv", "more")))).toContain("is a folder");
  });

  it("says that a file is missing or is not YAML", () => {
    expect(messageOf(() => readAnalysisFile(join(folder, "none.yaml")))).toBe(
      'analysis file "none.yaml": there is no such file.',
    );
    expect(messageOf(() => read("a: [1"))).toContain("a.yaml: this is not valid YAML.");
    expect(messageOf(() => read("hello"))).toContain(
      "a.yaml: expected keys such as input, target and features",
    );
  });

  it("accepts the examples", () => {
    const { analysis, inputFiles } = readAnalysisFile("examples/higgs/higgs.yaml");
    expect(inputFiles).toHaveLength(1);
    expect(analysis.evaluation.ams.regularisation).toEqual([10]);
    const full = readAnalysisFile("examples/higgs/full.yaml", [`input.files=${inputFiles[0]}`]).analysis;
    expect(full.evaluation.ams.regularisation).toEqual([10, 0]);
    expect(Object.keys(full.evaluation.sets)).toEqual(["public", "private"]);
    expect({ ...full, input: 0, evaluation: 0 }).toEqual({ ...analysis, input: 0, evaluation: 0 });
  });
});

describe("parseAnalysis", () => {
  it("derives the task from the classes", () => {
    const base = { input: { files: "a" }, features: { continuous: ["x"] } };
    const three = parseAnalysis({ ...base, target: { column: "y", classes: { a: 0, b: 1, c: 2 } } });
    expect(three.target.task).toBe("multiclass");
    expect(parseAnalysis({ ...base, target: { column: "y", task: "regression" } }).target.task).toBe(
      "regression",
    );
    expect(messageOf(() => parseAnalysis({ ...base, target: { column: "y", task: "multiclass" } }))).toBe(
      "analysis: target.classes: needed for a multiclass target.",
    );
  });
});

describe("analysisJsonSchema", () => {
  it("describes every top-level key and refuses others", () => {
    const schema = analysisJsonSchema();
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(["input", "target", "features"]);
    for (const value of Object.values(schema.properties as Record<string, { description?: string }>)) {
      expect(value.description).toBeTruthy();
    }
  });
});
