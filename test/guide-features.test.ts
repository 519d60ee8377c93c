/** Runs the code of the guide's chapter on features: `expression; // value` must hold. */
import { expect, test } from "vitest";
import * as lumin from "../src/index.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("features");

test("every value in the chapter is what the code gives", async () => {
  const { done, written } = await runChapter(chapter, {
    valueLines: /^(?!const)(\S.*\S);\s+\/\/ (true|false|"[^"]*")$/gm,
  });
  expect([done, written]).toEqual([5, 5]);
  for (const [, name] of chapter.matchAll(/`((?:rank|check|filter|mutual|scan|compare)[A-Z]\w+)`/g)) {
    expect(Object.keys(lumin)).toContain(name);
  }
});
