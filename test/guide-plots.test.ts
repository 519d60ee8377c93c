/** Runs the guide's chapter on plots: `expression // value` must hold, and its commands on files of events work. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { plotKindTexts } from "../src/cli/plot-kind-texts.ts";
import { buildProgram } from "../src/cli/program.ts";
import { StreamReporter } from "../src/cli/reporter.ts";
import * as plots from "../src/plot/index.ts";
import { writeSample } from "./cli-harness.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("plots");
const folder = mkdtempSync(join(tmpdir(), "lumin-guide-plots-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every value in the chapter is what the code gives", async () => {
  const { done } = await runChapter(
    chapter.replaceAll('"mass.pdf"', JSON.stringify(join(folder, "mass.pdf"))),
    {
      valueLines: /^(?!const)(\S.*\S)\s+\/\/ (.+)$/gm,
      compare: (given, value) => expect(given).toEqual(value),
    },
  );
  expect(done).toBe(7);
  expect(readFileSync(join(folder, "mass.pdf"), "latin1").slice(0, 4)).toBe("%PDF");
  const named = [...chapter.matchAll(/`(plot[A-Z]\w+)`/g)].map(([, name]) => name!);
  expect(named.filter((name) => !(name in plots))).toEqual([]);
  const all = Object.keys(plots).filter((name) => /^plot[A-Z]/.test(name) && name !== "plotPage");
  expect(all.filter((name) => !named.includes(name))).toEqual([]);
});

test("every command in the chapter that needs no run draws its picture; the others are of kinds that there are", async () => {
  writeSample(folder, 400);
  const commands = chapter.split("\n").filter((line) => line.startsWith("lumin plot "));
  expect(commands.length).toBe(9);
  let drawn = 0;
  for (const command of commands) {
    const words = [...command.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ""));
    expect(Object.keys(plotKindTexts)).toContain(words[2]);
    if (!["events.csv", "stack.json"].includes(words[3]!)) continue;
    const own = words
      .slice(1)
      .map((word) => (/\.(csv|json|svg|pdf|png|html)$/.test(word) ? join(folder, word) : word));
    const context = { signal: new AbortController().signal, debug: false, reporter: new StreamReporter() };
    await buildProgram(context).parseAsync(own, { from: "user" });
    expect(existsSync(own[own.indexOf("--out") + 1]!)).toBe(true);
    drawn++;
  }
  expect(drawn).toBe(5);
  expect(readFileSync(join(folder, "plain.svg"), "utf8")).toContain(">no jet<");
}, 60_000);
