/** Damaged files of every format, a few of each; test/long/bad-files.test.ts has more. */
import { test } from "vitest";
import { expectNoHarm, formatNames } from "./support/bad-files/read-damaged.ts";

test("truncated files and files with a changed byte are refused in one sentence, or read without harm", async () => {
  await expectNoHarm(formatNames, 4);
});
