/** The schema of an analysis file, the network: head, body, tail, loss, optimiser. */
import { z } from "zod";
import { makeLoss } from "../nn/index.ts";
import { optimiserNames } from "../optim/index.ts";
import type { Analysis } from "./analysis.ts";
import { objects } from "./analysis-schema-objects.ts";
import { trees } from "./analysis-schema-trees.ts";
import {
  between,
  flag,
  moduleReference,
  names,
  number,
  text,
  wholeNumber,
} from "./analysis-schema-values.ts";

const lossWithOptions = z.strictObject({
  name: text("name of a loss"),
  options: z.record(z.string(), z.unknown()).exactOptional().describe("as in docs: { gamma: 2 } for focal"),
  normalisation: z
    .enum(["training", "none"])
    .exactOptional()
    .describe("training: by the mean weight of the training events; none: mean of weight × loss"),
});
const lossOrModule = z
  .union([text("name of a loss, or auto"), moduleReference, lossWithOptions])
  .superRefine((loss, context) => {
    if (loss === "auto" || (typeof loss === "object" && "module" in loss)) return;
    try {
      makeLoss(loss);
    } catch (error) {
      // Found before any event is read: what the loss itself has to say.
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  });
const decay = (meaning: string) => between(0, 0.999999999, meaning).exactOptional();
/** The network's optimiser, as `OptimiserSpec`; parameters are named with globs: ["head.*", "*.bias"]. */
const optimiser = z.strictObject({
  name: z.enum(optimiserNames).default("adam"),
  learningRate: between(1e-12, 1e6, "learning rate where no schedule sets it").default(2e-3),
  momentum: between(0, 0.999999, "momentum where no schedule sets it; Adam's β₁").exactOptional(),
  beta2: decay("decay of the mean of squared gradients"),
  epsilon: between(1e-16, 1, "added to the root of squared gradients").exactOptional(),
  nesterov: flag("Nesterov's momentum, for sgd").exactOptional(),
  matrices: names("the matrices that muon takes").exactOptional(),
  clip: z
    .strictObject({
      value: number("limit of each component").positive("expected a number above 0").exactOptional(),
      norm: number("limit of the norm").positive("expected a number above 0").exactOptional(),
    })
    .exactOptional()
    .describe("limits of the gradient"),
  weightDecay: between(0, 1e6, "decoupled decay of the weights").exactOptional(),
  l2: between(0, 1e6, "penalty on squared weights").exactOptional(),
  withoutDecay: names("parameters that neither decay nor penalty pulls").exactOptional(),
  rates: z
    .record(z.string(), between(0, 1e6, "factor"))
    .exactOptional()
    .describe("factors of the learning rate, by parameter names with globs"),
  freeze: names("parameters that stay as they are").exactOptional(),
  lookahead: z
    .strictObject({
      steps: wholeNumber(1, "steps").exactOptional(),
      pull: between(0, 1, "share of the way").exactOptional(),
    })
    .exactOptional()
    .describe("slow weights that follow every few steps (arXiv 1907.08610)"),
  average: decay("decay of a moving average of the weights, which is then evaluated"),
});

const limits = z.tuple([number("lowest"), number("highest")], {
  error: "expected a list of two numbers, low and high",
});

const activation = z.enum(["relu", "prelu", "selu", "swish", "mish", "sigmoid", "tanh"]);
const layers = {
  depth: wholeNumber(1, "number of layers").default(4),
  width: wholeNumber(1, "neurons a layer").default(100),
  activation: activation.default("swish"),
  connect: z.enum(["plain", "residual", "dense"]).default("plain"),
  growthRate: between(-1, 10, "relative change of the width with each layer").default(0),
  dropout: between(0, 0.95, "probability that a neuron is left out").default(0),
  batchNorm: flag("normalise after every layer").default(false),
};
const bottleneck = (meaning: string) => wholeNumber(0, meaning);
const body = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fullyConnected").default("fullyConnected"), ...layers }),
  z.strictObject({
    kind: z.literal("multiBlock"),
    blocks: z
      .array(
        z.strictObject({
          features: names("features that the block sees; * and ? match names, ! takes away"),
          bottleneck: bottleneck("values that it is told of the other features").exactOptional(),
          ...layers,
        }),
      )
      .min(1, "expected at least one block")
      .describe("fully connected blocks beside each other"),
    bottleneck: bottleneck("values that each block is told of the features that it does not see").default(0),
    bottleneckActivation: z.union([activation, z.literal("linear")]).default("linear"),
  }),
  z.strictObject({ kind: z.literal("identity") }),
]);

const head = z.strictObject({
  embeddings: z
    .union([z.literal("paper"), wholeNumber(1, "size"), z.record(z.string(), wholeNumber(1, "size"))])
    .default("paper")
    .describe("size of the embedding of a categorical feature; paper: min(50, 1 + ⌊n/2⌋)"),
  inputDropout: between(0, 0.95, "probability that a continuous value is left out").default(0),
  embeddingDropout: between(0, 0.95, "probability that a value of an embedding is left out").default(0),
  subsample: z
    .strictObject({
      fraction: between(1e-6, 1, "share of the continuous features that a member sees"),
      always: names("features that every member sees").default([]),
    })
    .exactOptional()
    .describe("each member sees other continuous features, drawn at random"),
  objects: objects.exactOptional(),
  flat: flag("with `objects`: the other features and the embeddings are seen too").default(true),
});

const tail = z.strictObject({
  range: z
    .union([limits, z.array(limits)])
    .optional()
    .describe("limits of a regression's outputs: [low, high] of all, or one pair for each"),
  scaleTargets: flag("learn (target − mean)/deviation of a regression's targets").default(true),
  bias: z
    .union([number("of all outputs"), z.array(number("of one output"))])
    .exactOptional()
    .describe("where the biases of the last layer start"),
});

const start = z
  .strictObject({
    model: text("folder of a saved network: members/0 of a run").exactOptional(),
    names: names("parameters that are taken from it").default(["*"]),
    embeddings: text("file of embeddings").exactOptional(),
  })
  .refine(
    (value) => value.model !== undefined || value.embeddings !== undefined,
    "expected `model` or `embeddings`",
  )
  .describe("what the networks start with; the rest is drawn");

const network = z.strictObject({
  type: z.literal("network").optional(),
  head: head.prefault({}),
  body: body.prefault({}),
  tail: tail.prefault({}),
  start: start.exactOptional(),
  loss: lossOrModule.default("auto").describe("auto: cross-entropy, or squared error for a regression"),
  optimiser: optimiser.prefault({}),
});

/** `model` of an analysis file. */
export const model: z.ZodType<Analysis["model"]> = z
  // Trees are declared as any object: what they parse to is a `TreesConfiguration`.
  .discriminatedUnion("type", [network, trees as unknown as typeof network], {
    error: "expected network, boosting or forest",
  })
  .prefault({})
  .describe("the network, or trees");
