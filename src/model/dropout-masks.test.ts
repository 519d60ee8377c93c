import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { input } from "../tensor/index.ts";
import { drawMask, dropoutMasks } from "./dropout-masks.ts";

/** A stream that gives each byte in turn, so that a mask shows which bytes are kept. */
class Counting extends Stream {
  override uint32(): number {
    return 0;
  }

  override fill(words: Uint32Array): Uint32Array {
    new Uint8Array(words.buffer).forEach((_, i, bytes) => {
      bytes[i] = i;
    });
    return words;
  }
}

function kept(probability: number, random: Stream, count: number): Uint8Array {
  const words = new Uint32Array(count / 4);
  drawMask(words, probability, random);
  return new Uint8Array(words.buffer);
}

describe("a mask", () => {
  test("keeps exactly the bytes below the threshold, for every threshold", () => {
    for (let threshold = 0; threshold <= 256; threshold++) {
      const mask = kept(threshold / 256, new Counting(0), 256);
      expect(mask).toEqual(Uint8Array.from({ length: 256 }, (_, byte) => (byte < threshold ? 1 : 0)));
    }
  });

  test.each([0.5, 0.9, 0.2, 0.999, 1 / 512, 0.00005])("keeps a share of %d, wherever in the mask", (p) => {
    const random = new Stream(4, "mask");
    const [length, rounds] = [400, 3000];
    const sums = new Float64Array(length);
    for (let i = 0; i < rounds; i++)
      kept(p, random, length).forEach((bit, at) => {
        sums[at]! += bit;
      });
    const share = sums.reduce((a, b) => a + b) / (length * rounds);
    const limit = Math.round(p * 65536) / 65536;
    const deviation = Math.sqrt((limit * (1 - limit)) / rounds);
    expect(Math.abs(share - limit)).toBeLessThan((5 * deviation) / Math.sqrt(length));
    for (const sum of sums) expect(Math.abs(sum / rounds - limit)).toBeLessThan(6 * deviation + 2 / rounds);
  });

  test("has no memory: neighbours, and the same place in the next mask, agree as often as chance has it", () => {
    const random = new Stream(5, "mask");
    const p = 0.7;
    let before = kept(p, random, 4000);
    const agreeing = { neighbours: 0, next: 0 };
    const rounds = 250;
    for (let i = 0; i < rounds; i++) {
      const mask = kept(p, random, 4000);
      for (let j = 0; j + 1 < mask.length; j++) {
        if (mask[j] === mask[j + 1]) agreeing.neighbours++;
        if (mask[j] === before[j]) agreeing.next++;
      }
      before = mask;
    }
    const chance = p * p + (1 - p) * (1 - p);
    for (const count of Object.values(agreeing)) {
      expect(Math.abs(count / (rounds * 3999) - chance)).toBeLessThan(0.0025);
    }
  });

  test("the masks of a fold are the same however its steps are cut into calls", () => {
    const masks = [
      { tensor: input("mask0", [3, 5], "uint8"), probability: 0.5 },
      { tensor: input("mask1", [2, 8], "uint8"), probability: 0.9 },
    ];
    const once = dropoutMasks(masks, 7, new Stream(6));
    const stream = new Stream(6);
    const parts = [2, 1, 4].map((steps) => dropoutMasks(masks, steps, stream));
    expect(once.mask0!.shape).toEqual([7, 3, 5]);
    for (const name of ["mask0", "mask1"]) {
      expect(parts.flatMap((part) => [...part[name]!.data])).toEqual([...once[name]!.data]);
    }
  });
});
