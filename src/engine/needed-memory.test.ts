import { describe, expect, test } from "vitest";
import { grad } from "../autodiff/index.ts";
import { ShapeError } from "../errors/index.ts";
import { compileTraining, ModelBuilder } from "../model/index.ts";
import { binaryCrossEntropy, fullyConnected } from "../nn/index.ts";
import { exp, inPlace, input, matmul, mul, sum, tanh } from "../tensor/index.ts";
import { checkMemory, freeMemory, neededMemory } from "./needed-memory.ts";

describe("the memory that a graph needs at least", () => {
  const x = input("x", [1000, 10]);

  test("is that of what lives at once: values are given up after their last use", () => {
    // A chain writes each value over the one before; 40,000 bytes.
    expect(neededMemory([tanh(exp(tanh(x)))]).bytes).toBe(40_000);
    // exp(x) lives until the product: two of them.
    const kept = exp(x);
    expect(neededMemory([mul(tanh(tanh(kept)), kept)]).bytes).toBe(80_000);
    // A gradient keeps what the way back needs.
    const layers = tanh(tanh(tanh(tanh(x))));
    expect(neededMemory(grad(sum(layers), [x])).bytes).toBeGreaterThanOrEqual(4 * 40_000);
  });

  test("counts sizes that are only known at run time as 1", () => {
    expect(neededMemory([exp(input("e", ["events", 10]))]).bytes).toBe(40);
  });

  test("that is not there is refused with the largest array, its layer and the shapes it is made from", () => {
    const w = input("w", [10, 5000]);
    const outputs = [inPlace("body.layer3", () => exp(matmul(x, w)))];
    expect(() => checkMemory("training step", outputs, 30_000_000)).not.toThrow();
    expect(() => checkMemory("training step", outputs, 10_000_000)).toThrow(
      new ShapeError(
        "training step: its arrays take 0.0200 GB at once, but 0.0100 GB of memory are free here. The largest is the " +
          'matmul of "body.layer3" [1000, 5000] from [1000, 10] and [10, 5000]. Use smaller batches, layers or sequences.',
      ),
    );
  });

  test("of WebAssembly is what it can address; of the processor, what the machine has left", () => {
    expect(freeMemory("wasm")).toBe(2 ** 32);
    expect(freeMemory("cpu")).toBe(process.availableMemory());
  });
});

test("a training step that no memory holds is refused before it is compiled", async () => {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 8, width: 1000, activation: "swish" }),
  });
  // Each array is less than the largest one that may be; all of eight layers together are not.
  const compile = compileTraining(builder, {
    batchSize: 2_000_000,
    meanWeight: 1,
    loss: binaryCrossEntropy,
    device: "wasm",
  });
  await expect(compile).rejects.toThrow(
    "training step: its arrays take 80.0 GB at once, but 4.29 GB of memory are free here. The largest is the matmul of " +
      '"body.layer0" [2000000, 1000] from [2000000, 2] and [2, 1000]. Use smaller batches, layers or sequences.',
  );
});
