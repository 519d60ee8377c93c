/** Runs the code of the guide's chapter on statistics: `expression // value` must hold. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readTemplateSettings } from "../src/cli/template-settings.ts";
import { scratchFolder } from "./cli-harness.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("statistics");
const folder = scratchFolder();

test("every value in the chapter is what the code gives", async () => {
  const { done, written } = await runChapter(chapter, {
    valueLines: /^(?!const|\/\/)(\S.*\S)\s+\/\/ ([\w.]+)$/gm,
    compare(given, value) {
      if (typeof value === "number") expect(given).toBeCloseTo(value, 12);
      else expect(given).toBe(value);
    },
  });
  expect([done, written]).toEqual([8, 8]);
});

test("the YAML file of the chapter is read, and has every key", () => {
  const [, text] = /```yaml templates\n([\s\S]*?)```/.exec(chapter)!;
  const path = join(folder, "templates.yaml");
  writeFileSync(path, text!);
  const settings = readTemplateSettings(path);
  expect(settings).toEqual(parse(text!));
  expect(Object.keys(settings).sort()).toEqual([
    ...[
      "bins",
      "channel",
      "data",
      "luminosity",
      "normalisations",
      "parameterOfInterest",
      "process",
      "shapes",
    ],
    ...["signal", "statistical"],
  ]);
});
