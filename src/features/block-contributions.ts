/** What goes on inside a multi-block body: what each block gives the output, and each feature a bottleneck. */
import { weightedMoments, weightedQuantiles } from "../array/index.ts";
import { expandNames } from "../data/expand-names.ts";
import { ConfigurationError, counted } from "../errors/index.ts";
import type { Model } from "../model/index.ts";
import type { FeatureColumns, MultiBlockSpec } from "../nn/index.ts";
import { checkOutput } from "./predictor.ts";

/** Events to look at a network with. */
export interface ContributionEvents {
  /** Pre-processed inputs [events, features]. */
  readonly inputs: Float32Array;
  /** [events], of any sign; absent: all 1. */
  readonly weights?: Float32Array | undefined;
}

/** What one part adds to a sum, event by event, and how large that is. */
export interface Contribution {
  /** A feature; or a block: "block 0". */
  readonly name: string;
  /** Σ w x over the part's values, with its sign, [events]. */
  readonly values: Float64Array;
  /** Weighted mean of |value|. */
  readonly mean: number;
  /** Weighted 5 %, 25 %, 50 %, 75 % and 95 % quantiles of |value|; NaN if an event weight is negative. */
  readonly quantiles: readonly [number, number, number, number, number];
}

/** The parts of one weighted sum. */
export interface Contributions {
  /** What the sum is: "output 0", "value 0 of the bottleneck of block 1". */
  readonly of: string;
  readonly parts: readonly Contribution[];
  /** What is added to the parts. */
  readonly bias: number;
}

/**
 * What each block of a multi-block body adds to an output of the network before sigmoid or softmax: Σ w x over the
 * block's values in the last linear layer. The parts and the bias sum to the logit.
 *
 * @throws ConfigurationError for a network without blocks or without a last linear layer, or an output that it does
 * not have.
 * @example
 * const { parts } = await blockContributions(model, folds.getFold(0));
 * parts[0]; // block 0: its name, mean, quantiles, and one value an event
 */
export async function blockContributions(
  model: Model,
  { inputs, weights }: ContributionEvents,
  { output = 0 }: { readonly output?: number } = {},
): Promise<Contributions> {
  const body = multiBlockOf(model, "blockContributions");
  if (model.builder.tail.kind !== "classRegMulti") {
    throw new ConfigurationError(
      "blockContributions: the network has no last linear layer that the blocks enter.",
    );
  }
  const names = body.blocks.map((_, block) => `body.block${block}`);
  const { outputs } = await model.taps({ inputs }, { outputs: names });
  const { weight, bias } = linearOf(model, "tail");
  checkOutput("blockContributions", output, bias.length);
  const row = weight.subarray((weight.length / bias.length) * output);
  let offset = 0;
  const parts = names.map((name, block) => {
    const { data, shape } = outputs[name]!;
    const width = shape[1]!;
    const sums = weightedSums(data, width, 0, width, row.subarray(offset, offset + width));
    offset += width;
    return contribution(`block ${block}`, sums, weights);
  });
  return { of: `output ${output}`, parts, bias: bias[output]! };
}

/**
 * What each feature adds to a value of a bottleneck: Σ w x over the feature's columns (one, or those of its embedding).
 * The parts and the bias sum to the value before the bottleneck's activation.
 *
 * @throws ConfigurationError for a network without blocks, or a bottleneck or value that it does not have.
 * @example
 * const { parts } = await bottleneckContributions(model, folds.getFold(0), { block: 1 });
 */
export async function bottleneckContributions(
  model: Model,
  { inputs, weights }: ContributionEvents,
  { block, value = 0 }: { readonly block: number; readonly value?: number },
): Promise<Contributions> {
  const where = "bottleneckContributions";
  const body = multiBlockOf(model, where);
  const spec = body.blocks[block];
  if (spec === undefined) {
    throw new ConfigurationError(
      `${where}: block ${block} is none of the ${counted(body.blocks.length, "block")}, counted from 0.`,
    );
  }
  const columns = model.builder.headColumns;
  const known = columns.map(({ name }) => name);
  const seen = new Set(expandNames(spec.features, known, "feature"));
  const others = columns.filter(({ name }) => !seen.has(name));
  if (spec.bottleneck === 0 || others.length === 0) {
    throw new ConfigurationError(`${where}: block ${block} has no bottleneck.`);
  }
  if (!(Number.isInteger(value) && value >= 0 && value < spec.bottleneck)) {
    throw new ConfigurationError(
      `${where}: value ${value} is none of the ${counted(spec.bottleneck, "value")} of the bottleneck, counted from 0.`,
    );
  }
  const { outputs } = await model.taps({ inputs }, { outputs: ["head"] });
  const { data, shape } = outputs.head!;
  const { weight, bias } = linearOf(model, `body.block${block}.bottleneck`);
  const row = weight.subarray((weight.length / bias.length) * value);
  let offset = 0;
  const parts = others.map(({ name, start, end }: FeatureColumns) => {
    const sums = weightedSums(data, shape[1]!, start, end, row.subarray(offset, offset + end - start));
    offset += end - start;
    return contribution(name, sums, weights);
  });
  return { of: `value ${value} of the bottleneck of block ${block}`, parts, bias: bias[value]! };
}

function multiBlockOf({ builder }: Model, where: string): MultiBlockSpec {
  if (builder.body.kind === "multiBlock") return builder.body;
  throw new ConfigurationError(
    `${where}: the network's body is ${builder.body.kind}; only a multiBlock one has blocks.`,
  );
}

function linearOf(
  model: Model,
  layer: string,
): { readonly weight: Float32Array; readonly bias: Float32Array } {
  const found = model.weightsByName([`${layer}.weight`, `${layer}.bias`]);
  return { weight: found[`${layer}.weight`]!.data, bias: found[`${layer}.bias`]!.data };
}

/** Σ w x over the columns `start` … `end − 1`, event by event. */
function weightedSums(
  values: Float32Array,
  width: number,
  start: number,
  end: number,
  row: Float32Array,
): Float64Array {
  return Float64Array.from({ length: values.length / width }, (_, event) => {
    let sum = 0;
    for (let j = start; j < end; j++) sum += row[j - start]! * values[event * width + j]!;
    return sum;
  });
}

function contribution(name: string, values: Float64Array, weights: Float32Array | undefined): Contribution {
  const sizes = values.map(Math.abs);
  const hasQuantiles = !weights?.some((weight) => weight < 0);
  const quantiles = hasQuantiles
    ? weightedQuantiles(sizes, [0.05, 0.25, 0.5, 0.75, 0.95], weights)
    : Array<number>(5).fill(Number.NaN);
  return {
    name,
    values,
    mean: weightedMoments(sizes, weights).mean,
    quantiles: [...quantiles] as unknown as Contribution["quantiles"],
  };
}
