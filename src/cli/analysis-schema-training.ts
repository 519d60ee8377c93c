/** The schema of an analysis file, how the ensemble is trained. */
import { z } from "zod";
import { devices } from "../engine/device.ts";
import type { MetricLoggerOptions } from "../train/index.ts";
import type { Analysis, EnsembleConfiguration } from "./analysis.ts";
import { callback } from "./analysis-schema-callbacks.ts";
import { between, flag, moduleReference, text, wholeNumber } from "./analysis-schema-values.ts";

/** Keys that only ensembles of final networks have. */
const ofMembers = ["metric", "higherIsBetter"] as const;

/** Keys that only ensembles of snapshots have. */
const ofSnapshots = ["power", "choose", "patience", "cyclesOnly"] as const;

/** `training.ensemble` of an analysis file: what the members are. */
export const ensemble: z.ZodType<EnsembleConfiguration> = z
  .strictObject({
    kind: z
      .enum(["members", "snapshots", "geometric", "average"])
      .default("members")
      .describe(
        "members: the final networks; snapshots, geometric: those at the ends of cycles, weighted by 1/rank, or alike; average: one network a training, the mean of those weights",
      ),
    size: wholeNumber(
      1,
      "the best so many members, or so many cycles of each training; all when left out",
    ).exactOptional(),
    weighting: z
      .enum(["reciprocal", "uniform", "rank"])
      .optional()
      .describe("by 1/validation loss, alike, or by a power of the rank (default for snapshots)"),
    metric: text("loss, or what MetricLogger records: choose and weight by it").exactOptional(),
    higherIsBetter: flag("of that metric, more is better").exactOptional(),
    power: between(-100, 100, "the weight of rank r = 1, 2, … is r^power").exactOptional(),
    choose: z.enum(["latest", "best"]).exactOptional().describe("cycles by time, or by validation loss"),
    patience: wholeNumber(0, "cycles left out at the end").exactOptional(),
    cyclesOnly: flag("without the final networks").exactOptional(),
  })
  .superRefine((value, context) => {
    const refuse = (key: string, message: string): void =>
      context.addIssue({ code: "custom", path: [key], message });
    if (value.kind !== "members") {
      for (const key of ofMembers) {
        if (value[key] !== undefined)
          refuse(key, "only ensembles of final networks have this; set kind: members");
      }
      return;
    }
    for (const key of ofSnapshots) {
      if (value[key] !== undefined) refuse(key, "only ensembles of snapshots have this; set kind: snapshots");
    }
    if (value.weighting === "rank") refuse("weighting", "final networks have no rank; reciprocal or uniform");
  })
  .transform((value): EnsembleConfiguration => {
    const weighting = value.weighting ?? (value.kind === "members" ? "reciprocal" : "rank");
    // The refinement above has refused what does not belong together.
    return { ...value, weighting } as EnsembleConfiguration;
  })
  .describe("what the members of the ensemble are");

/** Names of the metrics that callbacks record in every epoch. */
function recordedMetrics(callbacks: Analysis["training"]["callbacks"]): string[] {
  return callbacks.flatMap((each) => {
    if ("module" in each || each.callback !== "MetricLogger") return [];
    const { metrics } = each.options as unknown as MetricLoggerOptions;
    return metrics.map((choice) => (typeof choice === "string" ? choice : choice.name));
  });
}

/** `training` of an analysis file. */
export const training: z.ZodType<Analysis["training"]> = z
  .strictObject({
    members: wholeNumber(1, "networks of the ensemble").default(10),
    epochs: wholeNumber(1, "passes over the training folds").default(15),
    batchSize: wholeNumber(1, "events a training step").default(256),
    callbacks: z
      .array(z.union([callback, moduleReference]))
      .default([])
      .describe("schedules and other callbacks"),
    foldTransforms: z
      .array(moduleReference)
      .default([])
      .describe("functions that change each training fold when it is read"),
    patience: wholeNumber(1, "epochs without improvement before a member stops").optional(),
    device: z
      .union([z.enum(devices), z.array(z.enum(devices)).min(1)])
      .default("cpu")
      .describe("what trains and predicts; of a list the first that works"),
    ensemble: ensemble.prefault({}),
  })
  .superRefine(({ members, ensemble, callbacks }, context) => {
    const refuse = (key: string, message: string): void =>
      context.addIssue({ code: "custom", path: ["ensemble", key], message });
    if (ensemble.kind !== "members") {
      const mayCycle = callbacks.some(
        (each) => "module" in each || ["Cyclic", "OneCycle", "CycleStep"].includes(each.callback),
      );
      if (mayCycle) return;
      refuse(
        "kind",
        `${ensemble.kind}: its members are the weights at the ends of cycles; add a cyclic schedule to training.callbacks, such as Cyclic`,
      );
      return;
    }
    const { size, metric = "loss" } = ensemble;
    if (size !== undefined && size > members)
      refuse("size", `expected at most the number of trainings, training.members: ${members}, got ${size}`);
    if (metric === "loss" || recordedMetrics(callbacks).includes(metric)) return;
    refuse("metric", `"${metric}" is not recorded; name it in the metrics of the callback MetricLogger`);
  })
  .prefault({})
  .describe("how the ensemble is trained");
