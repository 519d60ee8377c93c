/** Runs the code of the guide's chapter on data: `expression // value` must hold. */
import { expect, test } from "vitest";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("data");

test("every value in the chapter is what the code gives", async () => {
  const { done } = await runChapter(chapter, { valueLines: /^(?!const|\/\/)(\S.*\S)[ ]+\/\/ (.+)$/gm });
  expect(done).toBe(6);
});

test("the formats of the table are those of readTable", () => {
  const table = /## Formats[\s\S]*?\n\n([\s\S]*?)\n\n/.exec(chapter)![1]!;
  for (const format of ["CSV", "TSV", "JSON", "Parquet", "ROOT", "HDF5", "NPY", "NPZ"]) {
    expect(table).toContain(format);
  }
});
