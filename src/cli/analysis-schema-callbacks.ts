/** The schema of an analysis file, the callbacks by name with their options. */
import { z } from "zod";
import { metricNames } from "../metrics/index.ts";
import { activationNames } from "../nn/index.ts";
import { optimiserNames } from "../optim/index.ts";
import type { CallbackConfiguration } from "./analysis.ts";
import { between, flag, moduleReference, names, number, wholeNumber } from "./analysis-schema-values.ts";

const interpolation = z.enum(["cosine", "linear"]).default("cosine");
const rate = number("learning rate");
const momentumPart = between(0, 0.999999, "momentum, Adam's β₁");
const share = between(0, 0.999999, "share of an event");
const metric = z.union([
  z.enum(metricNames),
  z.strictObject({ name: z.enum(metricNames), options: z.record(z.string(), z.unknown()).exactOptional() }),
]);
const lowAndHigh = (part: z.ZodNumber) =>
  z.tuple([part, part], { error: "expected a list of two numbers, low and high" });
const turn = (part: z.ZodNumber) => {
  const error = "expected a list of two or three numbers in the order of time";
  return z.union([z.tuple([part, part, part], { error }), z.tuple([part, part], { error })], { error });
};
/** `training.callbacks[]` of an analysis file. */
export const callback: z.ZodType<CallbackConfiguration> = z.discriminatedUnion("callback", [
  z.strictObject({
    callback: z.literal("OneCycle"),
    options: z.strictObject({
      learningRates: turn(rate).describe("first, highest and last learning rate"),
      momenta: turn(momentumPart).default([0.95, 0.85, 0.95]).describe("first, lowest and last momentum"),
      lengths: z
        .tuple([number("way up"), number("way down")])
        .optional()
        .describe("in `unit`s; a third and two thirds of the run when left out"),
      unit: z.enum(["run", "epochs"]).default("run").describe("run: lengths are fractions of the whole run"),
      interpolation,
      endsTraining: flag("training ends with the cycle").default(true),
    }),
  }),
  z.strictObject({
    callback: z.literal("Cyclic"),
    options: z.strictObject({
      learningRates: lowAndHigh(rate).optional(),
      momenta: lowAndHigh(momentumPart).optional(),
      length: number("epochs of the first cycle").positive("expected a number above 0").default(1),
      multiplier: between(1, 1000, "each cycle is this many times as long as the one before").default(1),
      interpolation,
      start: z.enum(["high", "low"]).optional(),
    }),
  }),
  z.strictObject({
    callback: z.literal("EarlyStopping"),
    options: z.strictObject({ patience: wholeNumber(1, "epochs, or cycles, without improvement") }),
  }),
  z.strictObject({ callback: z.literal("SaveBest"), options: z.strictObject({}).prefault({}) }),
  z.strictObject({
    callback: z.literal("CycleStep"),
    options: z.strictObject({
      learningRates: z
        .tuple([rate, rate, rate], { error: "expected a list of three numbers in the order of time" })
        .describe("first, highest and last learning rate; training goes on with the last"),
      momenta: turn(momentumPart).default([0.95, 0.85, 0.95]).describe("first, lowest and last momentum"),
      lengths: z.tuple([number("way up"), number("way down")]).optional(),
      unit: z.enum(["run", "epochs"]).default("run").describe("run: lengths are fractions of the whole run"),
      interpolation,
      factor: between(1e-6, 0.999999, "the rate is multiplied by this").default(0.5),
      patience: wholeNumber(1, "after so many epochs without improvement"),
    }),
  }),
  z.strictObject({
    callback: z.literal("SWA"),
    options: z
      .strictObject({
        start: wholeNumber(1, "first epoch, or cycle, that is averaged").default(1),
        renewalPeriod: wholeNumber(1, "epochs, or cycles, before a younger average begins").exactOptional(),
        lockToCycles: flag("average at the ends of cycles only, while there are some").default(true),
      })
      .prefault({}),
  }),
  z.strictObject({ callback: z.literal("Snapshots"), options: z.strictObject({}).prefault({}) }),
  z.strictObject({ callback: z.literal("EpochSaver"), options: z.strictObject({}).prefault({}) }),
  z.strictObject({
    callback: z.literal("GradClip"),
    options: z.strictObject({
      value: number("limit of each component").positive("expected a number above 0").exactOptional(),
      norm: number("limit of the norm").positive("expected a number above 0").exactOptional(),
    }),
  }),
  z.strictObject({
    callback: z.literal("LabelSmoothing"),
    options: z.strictObject({
      zero: between(0, 1, "what target 0 becomes").default(0),
      one: between(0, 1, "target 1 becomes 1 minus this").default(0),
      amount: z
        .union([share, z.array(share)])
        .describe("several classes: the share spread over all; one number, or one for each class")
        .exactOptional(),
    }),
  }),
  z.strictObject({
    callback: z.literal("Bootstrap"),
    options: z
      .strictObject({
        everyEpoch: flag("a new draw in every epoch").default(false),
        restoreSums: flag("each class keeps its sum of weights").default(true),
      })
      .prefault({}),
  }),
  z.strictObject({
    callback: z.literal("TargetReplacement"),
    options: z.strictObject({ columns: names("columns of the fold file, one a target") }),
  }),
  z.strictObject({
    callback: z.literal("LsuvInit"),
    options: z
      .strictObject({
        deviation: between(1e-6, 1e6, "of the outputs of each layer").default(1),
        tolerance: between(1e-6, 1e6, "how far from it is near enough").default(0.1),
        attempts: wholeNumber(1, "how often a layer is scaled at most").default(10),
        orthonormal: flag("start from orthonormal weights").default(true),
      })
      .prefault({}),
  }),
  z.strictObject({
    callback: z.literal("EMA"),
    options: z
      .strictObject({ decay: between(1e-6, 0.999999999, "share of the past that is kept").default(0.999) })
      .prefault({}),
  }),
  z.strictObject({
    callback: z.literal("MetricLogger"),
    options: z.strictObject({
      metrics: z.array(metric).min(1, "expected at least one metric"),
      monitor: z.string().describe("the metric that decides on the best epoch").exactOptional(),
    }),
  }),
  z.strictObject({
    callback: z.literal("ParametrisedTraining"),
    options: z.strictObject({
      features: names("inputs that hold the parameters"),
      class: wholeNumber(0, "target of the events without parameters of their own").default(0),
    }),
  }),
  z.strictObject({
    callback: z.literal("PivotTraining"),
    options: z.strictObject({
      nuisances: names("columns of the fold file that predictions are not to depend on"),
      coefficient: number("λ, the worth of independence").min(0, "expected a number of at least 0"),
      class: wholeNumber(0, "only events of this class").exactOptional(),
      networkEpochs: wholeNumber(0, "epochs of the network alone").default(1),
      adversaryEpochs: wholeNumber(0, "epochs of the adversary alone").default(1),
      riseEpochs: wholeNumber(0, "epochs in which λ rises to its value").default(0),
      adversarySteps: wholeNumber(
        0,
        "steps of the adversary for each of the network; 0: both in every step",
      ).default(0),
      adversary: z
        .strictObject({
          body: z
            .strictObject({
              depth: wholeNumber(1, "hidden layers"),
              width: wholeNumber(1, "outputs of a layer"),
              activation: z.enum(activationNames).exactOptional(),
            })
            .exactOptional(),
          components: wholeNumber(1, "Gaussians for each nuisance parameter").default(5),
          optimiser: z
            .strictObject({ name: z.enum(optimiserNames), learningRate: rate.exactOptional() })
            .exactOptional(),
        })
        .exactOptional(),
    }),
  }),
  z.strictObject({
    callback: z.literal("WeightFunction"),
    options: z.strictObject({
      function: moduleReference,
      inValidation: flag("the validation fold gets these weights as well").default(false),
    }),
  }),
]);
