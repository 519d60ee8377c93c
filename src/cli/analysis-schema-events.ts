/** The schema of an analysis file, what is said of the events: input, target, weights, transforms, features, folds. */
import { z } from "zod";
import { checkExpression } from "../data/index.ts";
import type { Analysis } from "./analysis.ts";
import { between, flag, moduleKeys, names, number, text, wholeNumber } from "./analysis-schema-values.ts";

const newColumns = z
  .record(
    z.string(),
    text("expression").superRefine((value, context) => {
      try {
        checkExpression(value);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
      }
    }),
  )
  .describe("new columns by expressions of the columns before, e.g. { m_vis: mass(lep + tau) }");

const source = z
  .strictObject({
    file: text("file"),
    label: text("name of what the events are, for the column `source`").optional(),
    weight: number("factor on the weights of these events").default(1),
    select: text("SQL expression that chooses rows of this file").optional(),
  })
  .describe("a file of one origin, with its own label, weight factor and cut");

const friend = z
  .strictObject({
    files: z
      .union([text("file").transform((file) => [file]), names("files")])
      .default([])
      .describe("files of the friend; none: another tree of the files of events"),
    tree: text("its tree").optional(),
    on: z
      .union([
        text("column").transform((name) => [name]),
        names("columns").min(1, "expected a column"),
        z.record(z.string(), text("its name in the friend")),
      ])
      .optional()
      .describe(
        "columns that identify an event, e.g. [run, lumi, event], or { here: there }; without: row by row",
      ),
    columns: names("columns to take; * and ? match names").min(1, "expected a column").optional(),
    prefix: text("before the names of its columns").optional(),
    join: z
      .enum(["inner", "left"])
      .default("inner")
      .describe("events that it does not have: left out, or kept with missing values"),
  })
  .refine(
    ({ files, tree }) => files.length > 0 || tree !== undefined,
    "give files, or the tree of the events' files",
  )
  .describe("a table of the same events, whose columns are joined to them");

/** `input` of an analysis file. */
export const input: z.ZodType<Analysis["input"]> = z
  .strictObject({
    files: z
      .union([
        text("one file"),
        z.array(z.union([text("file"), source])).min(1, "expected at least one file"),
      ])
      .transform((files) => (typeof files === "string" ? [files] : files))
      .describe(
        "files of events: CSV, TSV, JSON, Parquet, ROOT, HDF5, NPY, with * and ?; relative to the analysis file",
      ),
    sources: z
      .array(source)
      .default([])
      .describe("what is said of some of the files, as a list of its own: how a run records them"),
    tree: text("tree or ntuple of ROOT files, group of HDF5 files").optional(),
    select: text("SQL expression that chooses rows, e.g. KaggleSet = 't'").optional(),
    id: z
      .union([text("column").transform((name) => [name]), names("columns")])
      .default([])
      .describe("the column that identifies an event, or several: [run, luminosityBlock, event]"),
    missing: z.array(number("a value")).default([]).describe("values that mean 'not measured'"),
    columns: newColumns.default({}),
    friends: z.array(friend).default([]).describe("tables of the same events, such as friend trees"),
  })
  .transform(({ files, sources, ...others }) => ({
    ...others,
    files: files.map((file) => (typeof file === "string" ? file : file.file)),
    sources: [...sources, ...files.filter((file) => typeof file !== "string")],
  }))
  .describe("where the events come from");

/** `target` of an analysis file. */
export const target: z.ZodType<Analysis["target"]> = z
  .strictObject({
    column: text("column to be learnt").optional(),
    columns: names("columns to be learnt, of a regression").optional(),
    compute: z
      .record(z.string(), text("SQL expression"))
      .default({})
      .describe(
        "new columns for targets, e.g. { met_x: PRI_met * cos(PRI_met_phi) }: SQL of the file's columns, not needed in prediction",
      ),
    classes: z
      .record(z.string(), wholeNumber(0, "class number"))
      .optional()
      .describe("class number of each value of the column, e.g. { b: 0, s: 1 }"),
    task: z.enum(["binary", "multiclass", "regression"]).optional().describe("from `classes` when left out"),
  })
  .superRefine((value, context) => {
    const problem = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (value.column === undefined && value.columns === undefined) {
      problem("column", "is missing; expected text");
    }
    if (value.column !== undefined && value.columns !== undefined) {
      problem("columns", "give column or columns, not both");
    }
    if (value.columns?.length === 0) problem("columns", "expected at least one column");
    if (value.columns !== undefined && new Set(value.columns).size < value.columns.length) {
      problem("columns", "each column can be a target once");
    }
    if (value.columns !== undefined && value.columns.length > 1 && value.task !== "regression") {
      problem("columns", "only a regression learns several columns; add task: regression");
    }
    if (value.task === "regression" || value.classes === undefined) {
      if (value.task === "regression" && value.classes !== undefined) {
        problem("classes", "a regression has no classes");
      }
      if (value.task === "multiclass" && value.classes === undefined) {
        problem("classes", "needed for a multiclass target");
      }
      return;
    }
    const codes = new Set(Object.values(value.classes));
    const complete = Array.from({ length: codes.size }, (_, code) => codes.has(code)).every(Boolean);
    if (codes.size < 2 || !complete) {
      problem("classes", "expected the class numbers 0, 1, … without a gap, at least two");
    }
    if (value.task === "binary" && codes.size > 2) {
      problem("task", `binary, but there are ${codes.size} classes`);
    }
  })
  .transform((value) => {
    const classCount = new Set(Object.values(value.classes ?? {})).size;
    const task =
      value.task ?? (value.classes === undefined ? "binary" : classCount > 2 ? "multiclass" : "binary");
    const { column, columns = [column!], compute, classes } = value;
    return { columns, compute, task, classes };
  })
  .describe("what is to be learnt");

/** `weights` of an analysis file. */
export const weights: z.ZodType<Analysis["weights"]> = z
  .strictObject({
    column: text("column of event weights").optional(),
    normalise: z
      .enum(["meanOnePerClass", "sumOnePerClass", "meanOne", "none"])
      .default("meanOnePerClass")
      .describe("how the weights are scaled for training; evaluation uses them as they are"),
    preprocessing: flag("fit means, deviations, quantiles and components on weighted events").default(false),
  })
  .prefault({})
  .describe("event weights");

const cartesian = z.strictObject({
  kind: z.literal("cartesian"),
  keep: names("polar columns that stay beside the Cartesian ones").default([]),
  ignore: names("vectors that are left alone").default([]),
  align: z
    .strictObject({
      reference: text("vector that is turned to φ = 0"),
      second: text("vector that is reflected to φ > 0").optional(),
      phi: flag("rotate the reference to φ = 0").default(true),
      y: flag("reflect the second vector to φ > 0").default(false),
      z: flag("reflect the reference to η > 0").default(false),
    })
    .optional()
    .describe("turn every event the same way instead of augmenting"),
});
const stepColumns = names("columns; * and ? match names").min(1, "expected at least one column");

/** ln(x + shift). */
const logStep = z.strictObject({
  kind: z.literal("log"),
  columns: stepColumns,
  shift: number("added before the logarithm").default(0),
});

/** NAME_missing. */
const indicatorStep = z.strictObject({ kind: z.literal("indicator"), columns: stepColumns });

/** Missing values become a number. */
const fillStep = z.strictObject({
  kind: z.literal("fill"),
  columns: stepColumns,
  with: z
    .union([z.enum(["mean", "median"]), number("a number")])
    .default("mean")
    .describe("what missing values become: of the training events, or a number"),
});

/** Any distribution becomes Gaussian or uniform. */
const quantileStep = z.strictObject({
  kind: z.literal("quantile"),
  columns: stepColumns,
  output: z.enum(["normal", "uniform"]).default("normal").describe("the distribution afterwards"),
  knots: wholeNumber(2, "number of quantiles").default(200),
});

/** Principal components in place of the columns. */
const pcaStep = z.strictObject({
  kind: z.literal("pca"),
  columns: stepColumns,
  components: wholeNumber(1, "how many are kept; without it all").optional(),
  whiten: flag("give each variance 1").default(false),
  standardise: flag("divide the columns by their deviations first").default(true),
  prefix: text("of the new columns: prefix_0, prefix_1, …").default("pc"),
});

const scale = z.enum(["standard", "robust", "none"]);

/** How features are scaled. */
const scaling = z
  .union([scale, z.record(z.string(), scale)])
  .default("standard")
  .describe("mean 0 and deviation 1, median and quartiles, or none; for all, or by name and glob");

/** `transforms` of an analysis file. */
export const transforms: z.ZodType<Analysis["transforms"]> = z
  .array(
    z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("rename"),
        columns: z.record(z.string(), text("new name")).describe("old name: new name"),
      }),
      cartesian,
      z.strictObject({ kind: z.literal("columns"), columns: newColumns }),
      z.strictObject({ kind: z.literal("module"), ...moduleKeys }),
      logStep,
      indicatorStep,
      fillStep,
      quantileStep,
      pcaStep,
    ]),
  )
  .default([])
  .describe("steps on the raw columns, in this order");

/** `features` of an analysis file. */
export const features: z.ZodType<Analysis["features"]> = z
  .strictObject({
    continuous: names("columns after the transforms; * and ? match names, ! takes away").default([]),
    categorical: names("columns of a few whole numbers, embedded").default([]),
    scaling,
    unseen: z
      .enum(["error", "other"])
      .default("error")
      .describe(
        "a missing category, or one of later files that the training did not have: an error, or none of the known",
      ),
  })
  .refine((value) => value.continuous.length + value.categorical.length > 0, "expected at least one feature")
  .describe("input columns of the network");

/** `folds` of an analysis file. */
export const folds: z.ZodType<Analysis["folds"]> = z
  .strictObject({
    count: wholeNumber(2, "number of folds").default(10),
    order: z
      .enum(["stratified", "contiguous"])
      .default("stratified")
      .describe("events dealt evenly, or neighbours together"),
    by: z
      .union([text("column").transform((name) => [name]), names("columns").min(1, "expected a column")])
      .optional()
      .describe("columns that identify an event: it keeps its fold for ever, whatever the sample and seed"),
    column: text("column of the fold numbers 0, 1, …").optional(),
    stratify: z
      .union([flag("whether to"), names("columns")])
      .default(true)
      .describe("columns whose proportions every fold keeps; true: the target and the categorical features"),
    validation: z
      .union([
        z.strictObject({ fraction: between(0.01, 0.9, "fraction of the events") }),
        z.strictObject({ select: text("SQL expression for the events of the split") }),
      ])
      .default({ fraction: 0.2 })
      .describe("events that no network trains on; the cut is chosen on them"),
    columns: names("further columns of the file, or of target.compute, that callbacks need").default([]),
  })
  .superRefine((value, context) => {
    if (value.by !== undefined && value.column !== undefined) {
      context.addIssue({ code: "custom", path: ["by"], message: "give by or column, not both" });
    }
    if (value.order === "contiguous" && (value.by ?? value.column) !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["order"],
        message: "contiguous, but by or column decide too",
      });
    }
  })
  .prefault({})
  .describe("how the events are split");
