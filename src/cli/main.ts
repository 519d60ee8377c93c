#!/usr/bin/env node
/**
 * The `lumin` command. This process only listens: the work is done in a child, so that Ctrl-C is answered
 * at once even while the engine, DuckDB or a long loop has the other process to itself.
 */
import { separateSettings } from "./setting-words.ts";
import { runSupervised } from "./supervise.ts";

// Commands that never block for long run here, without the cost of a second process.
const light: readonly string[] = ["data", "schema", "help", "--help", "-h", "--version", "-V"];
const words = separateSettings(process.argv.slice(2));
// Still so when the process that listens has gone already: then this one ends as well.
const isWorker = process.env.LUMIN_SUPERVISED === "1" && process.send !== undefined;

if (
  isWorker ||
  words.length === 0 ||
  light.includes(words[0]!) ||
  words.includes("--help") ||
  words.includes("-h")
) {
  const { main } = await import("./program.ts");
  await main(words, { supervised: isWorker });
} else {
  process.exitCode = await runSupervised(process.argv[1]!, words);
}
