/** Runs the code of the guide's chapter on physics: `expression // value` must hold; its lists are those of the code. */
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseAnalysis } from "../src/cli/analysis-file.ts";
import { functions } from "../src/data/expression/functions.ts";
import * as data from "../src/data/index.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("physics");
const blocks = (language: string): string[] =>
  [...chapter.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1]!);

test("every value in the chapter is what the code gives", async () => {
  const { done } = await runChapter(chapter, { valueLines: /^(?!const|\/\/)(\S.*\S)[ ]+\/\/ (.+)$/gm });
  expect(done).toBe(7);
});

test("the analysis of the chapter is one, and its expressions can be computed", () => {
  const { input } = parseAnalysis({
    ...(parse(blocks("yaml")[0]!) as object),
    target: { column: "target" },
  });
  const names = [
    "lep_pt",
    "lep_eta",
    "lep_phi",
    "tau_pt",
    "tau_eta",
    "tau_phi",
    "met",
    "met_phi",
    "njets",
    "jet1_pt",
    "jet2_pt",
  ];
  const table = data.tableOf(Object.fromEntries(names.map((name) => [name, Float64Array.of(2)])));
  const { columns } = data.deriveColumns(table, input.columns);
  expect(columns.ht).toEqual(Float64Array.of(4));
  expect(columns.dR).toEqual(Float64Array.of(0));
});

test("every function is in a table of the chapter", () => {
  const words = new Set(chapter.match(/\w+/g));
  expect(Object.keys(functions).filter((name) => !words.has(name))).toEqual([]);
});

test("the mistake of the chapter reads so", () => {
  const [shown] = [...chapter.matchAll(/```\nevents\.yaml:5: input\.columns\.m_vis: ([\s\S]*?)\n```/g)];
  expect(() => data.checkExpression("mass(lep + tau")).toThrow(shown![1]!);
});
