/** Graph heads: every object exchanges messages with every other; what they learn becomes features of the event. */
import {
  add,
  and,
  concat,
  constant,
  div,
  exp,
  knownSize,
  less,
  lessEqual,
  max,
  maximum,
  mul,
  reshape,
  squaredDistances,
  sum,
  type Tensor,
  topK,
  where,
} from "../tensor/index.ts";
import { heNormal } from "./initialisers.ts";
import { initialiserFor } from "./layers.ts";
import {
  type Aggregation,
  afterLinear,
  aggregated,
  normalised,
  type ObjectLayerOptions,
  sharedLayers,
} from "./object-layers.ts";
import { type EventObjects, type ObjectColumns, presence } from "./objects.ts";
import type { Scope } from "./scope.ts";
import { linearObjects, offsetSelfAttention, selfAttention } from "./sequence-layers.ts";

/**
 * An interaction network (Battaglia et al., arXiv 1612.00222): a network for each ordered pair of different objects that
 * exist (LUMIN connects a ring only), the sum of an object's messages, and a network of the object and its sum.
 */
export interface InteractionOptions {
  readonly kind: "interaction";
  /** Widths of the layers of pairs. */
  readonly messages: readonly number[];
  /** Widths of the layers of objects. */
  readonly outputs: readonly number[];
}

/**
 * GravNet layers (Qasim et al., arXiv 1902.07987): each object gives a place in a learnt space and values; it gets mean
 * and maximum of the values of its `neighbours` nearest (itself among them), weighted by exp(−10·distance²). All layers'
 * outputs leave together.
 */
export interface GravNetOptions {
  readonly kind: "gravNet";
  /** Dimensions of the learnt space. Default 4. */
  readonly space?: number;
  /** Values that are passed on. Default 8. */
  readonly values?: number;
  /** Default 4. */
  readonly neighbours?: number;
  /** Features of an object after each layer. */
  readonly outputs: readonly number[];
}

/** Layers of attention among objects; what is seen is added to an object. */
export interface ObjectAttention {
  readonly depth: number;
  /** Heads of a layer; features must divide into them. Default 1. */
  readonly heads?: number;
  /** Offset attention in place of the usual one; it has one head. Default false. */
  readonly offset?: boolean;
}

/** Options of `graphHead`. */
export interface GraphHeadOptions extends ObjectColumns, ObjectLayerOptions {
  /** What objects learn of each other. Default: nothing but attention. */
  readonly extractor?: InteractionOptions | GravNetOptions;
  /** Normalise the objects' features over the batch. Default false. */
  readonly inputNorm?: boolean;
  /** Each object is told the means over all objects. Default false. */
  readonly means?: boolean;
  /** Widths of layers that the objects share, after the extractor. Default none. */
  readonly layers?: readonly number[];
  /** Self-attention after them. Default none. */
  readonly attention?: ObjectAttention;
  /** How objects become one event: "flatten", or one or more of "mean", "max", "sum". Default mean and max. */
  readonly collapse?: "flatten" | readonly Aggregation[];
}

/** A graph head's description. */
export interface GraphHeadSpec extends Required<Omit<GraphHeadOptions, "extractor" | "attention">> {
  readonly kind: "graph";
  readonly extractor?: InteractionOptions | Required<GravNetOptions>;
  readonly attention?: ObjectAttention;
}

/** Interaction network, GravNet or attention over the objects; absent objects neither send nor count. */
export function graphHead(options: GraphHeadOptions): GraphHeadSpec {
  const { extractor, attention, ...rest } = options;
  return {
    activation: "relu",
    dropout: 0,
    batchNorm: false,
    inputNorm: false,
    means: false,
    layers: [],
    collapse: ["mean", "max"],
    ...rest,
    ...(attention === undefined ? {} : { attention }),
    ...(extractor === undefined
      ? {}
      : {
          extractor:
            extractor.kind === "gravNet" ? { space: 4, values: 8, neighbours: 4, ...extractor } : extractor,
        }),
    kind: "graph",
  };
}

/** [events, values] from objects. */
export function applyGraphHead(scope: Scope, { values, present }: EventObjects, head: GraphHeadSpec): Tensor {
  let x = head.inputNorm ? normalised(scope.child("inputNorm"), values) : values;
  if (head.means) x = withMeans(x, present);
  const { extractor } = head;
  if (extractor?.kind === "interaction")
    x = interaction(scope.child("interaction"), x, present, extractor, head);
  if (extractor?.kind === "gravNet") x = gravNet(scope.child("gravNet"), x, present, extractor, head);
  x = sharedLayers(scope.child("objects"), x, head.layers, head);
  const { depth = 0, heads = 1, offset = false } = head.attention ?? {};
  for (let d = 0; d < depth; d++) {
    const layer = scope.child(`attention${d}`);
    x = add(x, offset ? offsetSelfAttention(layer, x, present) : selfAttention(layer, x, { heads, present }));
  }
  if (head.collapse !== "flatten") return concat(aggregated(x, present, head.collapse), 1);
  const [events, objects, features] = x.shape as [number | string, number, number];
  return reshape(mul(x, presence(present)), [events, objects * features]);
}

/** Each object with the means over all that exist. */
function withMeans(x: Tensor, present: Tensor): Tensor {
  const [means] = aggregated(x, present, ["mean"]);
  const [events, , features] = x.shape;
  return concat([x, add(reshape(means!, [events!, 1, features!]), mul(x, 0))], 2);
}

function interaction(
  scope: Scope,
  x: Tensor,
  present: Tensor,
  { messages, outputs }: InteractionOptions,
  options: Required<ObjectLayerOptions>,
): Tensor {
  const [events, objects, features] = x.shape as [number | string, number, number];
  const [first = 1, ...rest] = messages;
  const pairs = scope.child("pairs");
  // The first layer of a pair is a sum of two: of the receiver and of the sender.
  const initialiser = initialiserFor(options.activation, 2 * features, first);
  const receiver = linearObjects(pairs.child("receiver"), x, first, initialiser);
  const sender = linearObjects(pairs.child("sender"), x, first, initialiser);
  const both = add(
    reshape(receiver, [events, objects, 1, first]),
    reshape(sender, [events, 1, objects, first]),
  );
  const told = sharedLayers(pairs, afterLinear(pairs.child("sum"), both, options), rest, options);
  const others = constant(
    Array.from({ length: objects * objects }, (_, i) => (Math.floor(i / objects) === i % objects ? 0 : 1)),
    [objects, objects, 1],
  );
  const senders = reshape(presence(present), [events, 1, objects, 1]);
  const sums = sum(mul(mul(told, others), senders), { axes: 2 });
  return sharedLayers(scope.child("objects"), concat([x, sums], 2), outputs, options);
}

function gravNet(
  scope: Scope,
  x: Tensor,
  present: Tensor,
  { space, values, neighbours, outputs }: Required<GravNetOptions>,
  options: Required<ObjectLayerOptions>,
): Tensor {
  const layers: Tensor[] = [];
  let y = x;
  for (const [i, width] of outputs.entries()) {
    const layer = scope.child(`layer${i}`);
    const [events, objects, features] = y.shape as [number | string, number, number];
    const place = linearObjects(layer.child("space"), y, space, initialiserFor("linear", features, space));
    const given = linearObjects(layer.child("values"), y, values, heNormal(features));
    const gathered = fromNeighbours(place, given, present, Math.min(neighbours, objects), events);
    y = sharedLayers(layer, concat([y, ...gathered], 2), [width], options);
    layers.push(y);
  }
  return layers.length === 1 ? layers[0]! : concat(layers, 2);
}

/** Mean and maximum of what the nearest objects give, weighted by exp(−10·distance²): [events, objects, values] each. */
function fromNeighbours(
  place: Tensor,
  given: Tensor,
  present: Tensor,
  neighbours: number,
  events: number | string,
): Tensor[] {
  const objects = knownSize("gravNet", place.shape, 1);
  const values = given.shape[2] as number;
  const distances = squaredDistances(place, place);
  const exists = reshape(present, [events, 1, objects]);
  const known = where(exists, distances, constant(1e30));
  const farthest = max(topK(known, neighbours, false).values, { axes: 2, keepDimensions: true });
  const isNear = and(lessEqual(known, farthest), less(known, 1e29));
  const potential = where(isNear, exp(mul(distances, -10)), constant(0));
  const near = reshape(isNear, [events, objects, objects, 1]);
  const weighted = mul(
    reshape(potential, [events, objects, objects, 1]),
    reshape(given, [events, 1, objects, values]),
  );
  const count = maximum(sum(where(near, 1, constant(0)), { axes: 2 }), 1);
  const mean = div(sum(weighted, { axes: 2 }), count);
  const highest = max(where(near, weighted, constant(-1e30)), { axes: 2 });
  return [mean, where(less(highest, -1e29), constant(0), highest)];
}
