/** Data ten times as large as the memory: `lumin train --memory`, its memory sampled from outside. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { watchMemory } from "../../bench/process-memory.ts";
import { Stream } from "../../src/array/index.ts";
import { scratchFolder, start } from "../cli-harness.ts";

const folder = scratchFolder();
const ceiling = 512e6;
const featureCount = 100;

test("a file ten times the ceiling trains within it, to the bytes of a training without", async () => {
  const events = join(folder, "events.csv");
  await writeEvents(events, 10 * ceiling);
  expect(statSync(events).size).toBeGreaterThanOrEqual(10 * ceiling);
  const analysis = join(folder, "analysis.yaml");
  writeFileSync(
    analysis,
    `input: { files: events.csv, id: event }
target: { column: label, classes: { background: 0, signal: 1 } }
weights: { column: weight }
features: { continuous: ["x*"] }
folds: { count: 200, by: event, validation: { fraction: 0.05 } }
model: { body: { depth: 1, width: 8 } }
augmentation: off
training: { members: 2, epochs: 1, batchSize: 512 }
evaluation: { bootstrap: 10 }
`,
  );
  const train = async (out: string, ...more: string[]): Promise<number> => {
    const running = start(["train", analysis, "--out", join(folder, out), "--workers", "2", ...more]);
    const memory = watchMemory(running.pid);
    const { code, stderr } = await running.finished;
    const { resident } = memory.stop();
    expect(code, stderr).toBe(0);
    console.log(`${out}: ${Math.round(resident / 1e6)} MB at most\n${stderr}`);
    return resident;
  };
  const within = await train("within", "--memory", `${ceiling / 1e6}MB`);
  const without = await train("without");
  expect(within).toBeLessThanOrEqual(ceiling);
  expect(without).toBeGreaterThan(2 * ceiling);
  const digests = await digestsOf(join(folder, "within"));
  expect([...digests.keys()].some((name) => name.endsWith("model.safetensors"))).toBe(true);
  expect(digests).toEqual(await digestsOf(join(folder, "without")));
}, 3_600_000);

/** Events of two classes until the file has so many bytes: numbers of full precision, most of them drawn from a pool. */
async function writeEvents(path: string, bytes: number): Promise<void> {
  const random = new Stream(1, "events beyond memory");
  const pool = Array.from({ length: 5000 }, () =>
    Array.from({ length: featureCount - 2 }, () => String(random.normal())).join(","),
  );
  const names = Array.from({ length: featureCount }, (_, i) => `x${i}`);
  function* lines(): Generator<string> {
    yield `event,label,weight,${names.join(",")}\n`;
    let written = 0;
    for (let event = 0; written < bytes; ) {
      let text = "";
      for (let i = 0; i < 500; i++, event++) {
        const signal = random.uniform() < 0.3;
        const [a, b] = [random.normal() + (signal ? 0.7 : 0), random.normal()];
        const weight = signal ? 0.01 : 2 * random.uniform() - 0.1;
        text += `${event},${signal ? "signal" : "background"},${weight},${a},${b},${pool[random.integer(pool.length)]}\n`;
      }
      written += text.length;
      yield text;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}

/** A checksum of every file, but those with clock times. */
async function digestsOf(directory: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || /timings\.json|report\.html/.test(entry.name)) continue;
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    digests.set(path.slice(directory.length + 1), hash.digest("hex"));
  }
  return digests;
}
