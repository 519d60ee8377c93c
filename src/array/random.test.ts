import { describe, expect, test } from "vitest";
import { Stream } from "./random.ts";

describe("Stream", () => {
  test("gives the same numbers for the same seed and key, others for another key or seed", () => {
    const draw = (stream: Stream) => Array.from({ length: 8 }, () => stream.uint32());
    expect(draw(new Stream(1, "a", 2))).toEqual(draw(new Stream(1, "a", 2)));
    expect(draw(new Stream(1, "a", 2))).not.toEqual(draw(new Stream(1, "a", 3)));
    expect(draw(new Stream(1, "a", 2))).not.toEqual(draw(new Stream(2, "a", 2)));
    expect(draw(new Stream(1, "ab"))).not.toEqual(draw(new Stream(1, "ba")));
  });

  test("fill gives what single draws give, and goes on where they stopped", () => {
    const [one, many] = [new Stream(5, "fill"), new Stream(5, "fill")];
    one.uint32();
    many.uint32();
    const words = [...many.fill(new Uint32Array(50))];
    expect(words).toEqual(Array.from({ length: 50 }, () => one.uint32()));
    expect(many.uint32()).toBe(one.uint32());
  });

  test("uniform and normal have the right first two moments", () => {
    const stream = new Stream(7, "moments");
    const count = 200_000;
    let mean = 0;
    let square = 0;
    let uniformMean = 0;
    for (let i = 0; i < count; i++) {
      const z = stream.normal();
      mean += z / count;
      square += (z * z) / count;
      uniformMean += stream.uniform() / count;
    }
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(square - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(uniformMean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
  });

  test("skip passes over what single draws give", () => {
    for (const count of [0, 1, 3, 4096, 10_001]) {
      const [skipped, drawn] = [new Stream(4, "skip"), new Stream(4, "skip")];
      skipped.skip(count);
      for (let i = 0; i < count; i++) drawn.uint32();
      expect(skipped.uint32()).toBe(drawn.uint32());
    }
  });

  test("numbered streams and forks do not read the stream they come from, nor depend on each other", () => {
    const [stream, untouched] = [new Stream(6, "events"), new Stream(6, "events")];
    const streamOf = stream.numbered();
    const forwards = [0, 1, 2, 3].map((i) => [streamOf(i).normal(), streamOf(i).uint32()]);
    const backwards = [3, 2, 1, 0].map((i) => [streamOf(i).normal(), streamOf(i).uint32()]).reverse();
    expect(backwards).toEqual(forwards);
    expect(stream.fork(1).uint32()).toBe(new Stream(6, "events").fork(1).uint32());
    expect(stream.fork(1).uint32()).not.toBe(stream.fork(2).uint32());
    expect(stream.uint32()).toBe(untouched.uint32());
    expect(stream.numbered()(0).uint32()).not.toBe(streamOf(0).uint32());
  });

  test("the first numbers of numbered streams are uniform, normal and uncorrelated", () => {
    const count = 100_000;
    const streamOf = new Stream(8, "moments").numbered();
    let [sum, squares, product, normals, normalSquares] = [0, 0, 0, 0, 0];
    let last = 0;
    for (let i = 0; i < count; i++) {
      const u = streamOf(i).uniform() - 0.5;
      const z = streamOf(i).normal();
      sum += u;
      squares += u * u;
      product += u * last;
      normals += z;
      normalSquares += z * z;
      last = u;
    }
    const error = 5 / Math.sqrt(count);
    expect(Math.abs(sum / count)).toBeLessThan(error / Math.sqrt(12));
    expect(Math.abs(squares / count - 1 / 12)).toBeLessThan(error * Math.sqrt(1 / 180));
    expect(Math.abs(product / count)).toBeLessThan(error / 12);
    expect(Math.abs(normals / count)).toBeLessThan(error);
    expect(Math.abs(normalSquares / count - 1)).toBeLessThan(error * Math.SQRT2);
  });

  test("streams of neighbouring keys are uncorrelated", () => {
    const count = 50_000;
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [9, 10],
    ] as const) {
      const left = new Stream(1337, "member", a);
      const right = new Stream(1337, "member", b);
      let covariance = 0;
      for (let i = 0; i < count; i++) covariance += (left.uniform() - 0.5) * (right.uniform() - 0.5);
      expect(Math.abs((covariance / count) * 12)).toBeLessThan(4 / Math.sqrt(count));
    }
  });

  test("integer is even over its range and permutation holds every index once", () => {
    const stream = new Stream(3, "integers");
    const counts = new Int32Array(7);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(10_000));
    expect([...stream.permutation(100)].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  });
});
