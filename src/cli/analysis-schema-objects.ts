/** The schema of an analysis file, heads that see the objects of an event. */
import { z } from "zod";
import type { ObjectsConfiguration } from "./analysis.ts";
import { between, flag, names, wholeNumber } from "./analysis-schema-values.ts";

const columns = {
  objects: names("names of the objects, in order: lep and px stand for the feature lep_px"),
  features: names("names of the features of an object"),
};
const activation = z.enum(["relu", "prelu", "selu", "swish", "mish", "sigmoid", "tanh"]);
const widths = (meaning: string) =>
  z.array(wholeNumber(1, "neurons"), { error: "expected a list of numbers" }).describe(meaning);
const sharedLayers = {
  activation: activation.exactOptional(),
  dropout: between(0, 0.95, "probability that a neuron is left out").exactOptional(),
  batchNorm: flag("normalise over events and objects after every layer").exactOptional(),
};

const extractor = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("interaction"),
    messages: widths("layers of a pair of objects").min(1, "expected at least one layer"),
    outputs: widths("layers of an object and the sum of its messages"),
  }),
  z.strictObject({
    kind: z.literal("gravNet"),
    outputs: widths("features of an object after each layer").min(1, "expected at least one layer"),
    space: wholeNumber(1, "dimensions of the learnt space").exactOptional(),
    values: wholeNumber(1, "values that are passed on").exactOptional(),
    neighbours: wholeNumber(1, "objects that are listened to").exactOptional(),
  }),
]);

/** `model.head.objects` of an analysis file. */
export const objects: z.ZodType<ObjectsConfiguration> = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("recurrent"),
      ...columns,
      cell: z.enum(["rnn", "gru", "lstm"]).exactOptional(),
      depth: wholeNumber(1, "layers").exactOptional(),
      width: wholeNumber(1, "hidden values"),
      bidirectional: flag("read from the end too").exactOptional(),
      dropout: between(0, 0.95, "between layers").exactOptional(),
      wholeSequence: flag("all hidden states leave the head").exactOptional(),
    }),
    z.strictObject({
      kind: z.literal("conv1d"),
      ...columns,
      layers: z
        .array(
          z.strictObject({
            channels: wholeNumber(1, "output channels"),
            size: wholeNumber(1, "objects in a window").exactOptional(),
            stride: wholeNumber(1, "objects between windows").exactOptional(),
            padding: wholeNumber(0, "zeros before and after").exactOptional(),
            block: z.enum(["plain", "residual", "resNeXt"]).exactOptional(),
            groups: wholeNumber(1, "groups of a resNeXt block").exactOptional(),
            squeeze: wholeNumber(0, "squeeze and excitation by this factor; 0: none").exactOptional(),
          }),
        )
        .min(1, "expected at least one layer"),
      activation: activation.exactOptional(),
      batchNorm: flag("normalise channels over events and places").exactOptional(),
      pool: z.enum(["flatten", "maxMean"]).exactOptional(),
    }),
    z.strictObject({
      kind: z.literal("graph"),
      ...columns,
      ...sharedLayers,
      extractor: extractor.exactOptional(),
      inputNorm: flag("normalise the objects' features").exactOptional(),
      means: flag("tell each object the means over all").exactOptional(),
      layers: widths("layers that the objects share").exactOptional(),
      attention: z
        .strictObject({
          depth: wholeNumber(1, "layers"),
          heads: wholeNumber(1, "heads").exactOptional(),
          offset: flag("offset attention").exactOptional(),
        })
        .exactOptional(),
      collapse: z
        .union([z.literal("flatten"), z.array(z.enum(["mean", "max", "sum"])).min(1)])
        .exactOptional()
        .describe("how objects become one event"),
    }),
    z.strictObject({
      kind: z.literal("lorentzBoost"),
      ...columns,
      ...sharedLayers,
      particles: wholeNumber(1, "combined particles, and as many frames"),
      extract: z
        .strictObject({
          depth: wholeNumber(1, "layers"),
          width: wholeNumber(1, "neurons"),
          singles: wholeNumber(1, "values of a particle"),
          pairs: wholeNumber(1, "values of a pair"),
        })
        .exactOptional(),
    }),
  ])
  .describe("a network of the objects of an event (leptons, jets), beside the flat features");
