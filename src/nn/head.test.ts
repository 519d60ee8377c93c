import { expect, test } from "vitest";
import { evaluate, values } from "../engine/index.ts";
import { input } from "../tensor/index.ts";
import { type CatEmbHeadOptions, catEmbHead, embeddingSize } from "./head.ts";
import { applyHead } from "./matrix-head.ts";
import { traceNetwork } from "./scope.ts";

const stored = { continuous: ["pt", "eta"], categorical: [{ name: "jets", categoryCount: 4, size: 3 }] };
/** Rows of the embedding's table are 10, 11, 12; 20, 21, 22; … */
const table = Float64Array.from({ length: 12 }, (_, i) => 10 * (1 + Math.floor(i / 3)) + (i % 3));

/** The head on two events, with every bit of its masks 0 in training. */
function run(options: CatEmbHeadOptions, training = false) {
  const x = input("x", [2, 3]);
  const parameters = input("parameters", [12]);
  const buffers = input("buffers", [0]);
  let features: unknown;
  const traced = traceNetwork(
    (scope, inputs) => {
      const head = applyHead(scope, inputs, stored, catEmbHead(options));
      features = head.features;
      return head.values;
    },
    x,
    { parameters, buffers },
    training,
  );
  const [output] = evaluate(
    [traced.output],
    new Map([
      [x, values([2, 3], [1, 2, 0, 3, 4, 3])],
      [parameters, values([12], table)],
      [buffers, values([0], [])],
      ...traced.masks.map(({ tensor }) => {
        const shape = tensor.shape as number[];
        return [tensor, values(shape, new Float64Array(shape[0]! * shape[1]!))] as const;
      }),
    ]),
  );
  return { output: [...output!.data], features };
}

test("the head puts each category's vector behind the continuous features, and says where features lie", () => {
  const { output, features } = run({});
  expect(output).toEqual([1, 2, 10, 11, 12, 3, 4, 40, 41, 42]);
  expect(features).toEqual([
    { name: "pt", start: 0, end: 1 },
    { name: "eta", start: 1, end: 2 },
    { name: "jets", start: 2, end: 5 },
  ]);
});

test("dropout of the embeddings drops embeddings, and that of the inputs inputs, in training only", () => {
  expect(run({ embeddingDropout: 0.3 }, true).output).toEqual([1, 2, 0, 0, 0, 3, 4, 0, 0, 0]);
  expect(run({ inputDropout: 0.3 }, true).output).toEqual([0, 0, 10, 11, 12, 0, 0, 40, 41, 42]);
  expect(run({ inputDropout: 0.3, embeddingDropout: 0.3 }).output).toEqual(run({}).output);
});

test("an embedding of n categories has the length 1 + ⌊n/2⌋, at most 50", () => {
  expect([2, 4, 5, 97, 98, 1000].map(embeddingSize)).toEqual([2, 3, 3, 49, 50, 50]);
});
