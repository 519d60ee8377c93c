/** Our operations, layers and optimisers against PyTorch's numbers (test/golden/torch.json). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type CheckedCase,
  checkGoldenFile,
  type GoldenFile,
  operationCases,
  recurrentCases,
  trajectoryCases,
} from "./support/torch-cases.ts";

const golden = JSON.parse(readFileSync(new URL("golden/torch.json", import.meta.url), "utf8")) as GoldenFile;
let all: Promise<CheckedCase[]> | undefined;
const checked = (): Promise<CheckedCase[]> => {
  all ??= checkGoldenFile(golden);
  return all;
};

const cases = [operationCases, recurrentCases, trajectoryCases].flatMap((known) => Object.keys(known));

describe("values, gradients and training steps are torch's", () => {
  test.each(cases)("%s", async (name) => {
    expect((await checked()).find((c) => c.name === name)).toMatchObject({ good: true });
  });
});

describe("a file of such numbers", () => {
  test("with one digit altered fails, in every section", async () => {
    const altered = structuredClone(golden) as unknown as {
      ops: { matmul: { output: number[][] } };
      rnn: { gru: { grads: { bias_hh_l0: number[] } } };
      optimisers: { radam: { losses: number[] } };
    };
    altered.ops.matmul.output[0]![0]! += 1e-6;
    altered.rnn.gru.grads.bias_hh_l0[0]! += 1e-6;
    altered.optimisers.radam.losses[7]! += 1e-3;
    const bad = (await checkGoldenFile(altered as unknown as GoldenFile)).filter((c) => !c.good);
    expect(bad.map((c) => c.name)).toEqual(["matmul", "gru", "radam"]);
  });

  test("that lacks a case, or has one more, is refused", async () => {
    const { matmul, ...rest } = golden.ops;
    await expect(checkGoldenFile({ ...golden, ops: rest })).rejects.toThrow(
      "operations: the file lacks matmul.",
    );
    await expect(checkGoldenFile({ ...golden, ops: { ...golden.ops, matmull: matmul! } })).rejects.toThrow(
      "operations: matmull is not known here.",
    );
    const { rnn, ...without } = golden;
    await expect(checkGoldenFile(without as unknown as GoldenFile)).rejects.toThrow(
      "recurrent: the file lacks gru, lstm, rnn_tanh, gru_bidirectional.",
    );
    await expect(checkGoldenFile({ ...golden, attention: rnn } as GoldenFile)).rejects.toThrow(
      "the section attention is not known here.",
    );
    const [first] = matmul!.grads;
    const short = { ...golden.ops, matmul: { ...matmul!, grads: [first!] } };
    await expect(checkGoldenFile({ ...golden, ops: short })).rejects.toThrow(
      "matmul: the file has 2 values and gradients, not 3.",
    );
  });
});
