/** 200 truncations and 200 changed bytes of each format that is read. */
import { describe, test } from "vitest";
import { expectNoHarm, formatNames } from "../support/bad-files/read-damaged.ts";

describe("truncated files and files with a changed byte are refused in one sentence, or read without harm", () => {
  test.concurrent.each(formatNames)("%s", { timeout: 300_000 }, async (name) => {
    await expectNoHarm([name], 200);
  });
});
