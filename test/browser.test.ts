/** The example page in headless Chromium: it trains, and gets the losses that Node gets. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const steps = 100;
const seed = 1;
/** Native code and WebAssembly add in another order: relative difference of a loss after any of the steps. */
const tolerance = 1e-5;

interface Settings {
  readonly seed: number;
  readonly steps: number;
  readonly device: string;
  readonly threads: number;
}
interface Result {
  readonly losses: readonly number[];
  readonly threads: number;
  readonly millisecondsPerStep: number;
  readonly error?: string;
}
interface Example {
  serve(options: { isolated: boolean }): Promise<{ readonly url: string; close(): Promise<void> }>;
  prepareEvents(folder: string): Promise<void>;
  readEvents(description: unknown, bytes: ArrayBuffer): unknown;
  train(events: unknown, settings: Settings): Promise<Result>;
  findChromium(): string | undefined;
}

/** The example's files are plain JavaScript, as a user would write them on top of the package. */
async function load(...paths: readonly string[]): Promise<Example> {
  const modules = await Promise.all(
    paths.map((path) => import(pathToFileURL(join(process.cwd(), path)).href)),
  );
  return Object.assign({}, ...modules) as Example;
}

const { findChromium } = await load("scripts/setup-browser.mjs");
const executablePath = findChromium();
const flags =
  "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-quic --no-first-run --disable-component-update --disable-sync";

describe("the browser example", () => {
  let example: Example;
  let browser: Browser;
  let native: Result;

  beforeAll(async () => {
    if (executablePath === undefined) {
      process.stderr.write(
        "\n!!! NO CHROMIUM HERE: training in a browser is NOT CHECKED by this run. !!!\n\n",
      );
      return;
    }
    example = await load(
      "examples/browser/serve.mjs",
      "examples/browser/prepare-events.mjs",
      "examples/browser/train.js",
    );
    browser = await chromium.launch({ executablePath, args: flags.split(" ") });
    const folder = await mkdtemp(join(tmpdir(), "lumin-browser-events-"));
    await example.prepareEvents(folder);
    const bytes = new Uint8Array(await readFile(join(folder, "events.bin"))).buffer;
    const description: unknown = JSON.parse(await readFile(join(folder, "events.json"), "utf8"));
    native = await example.train(example.readEvents(description, bytes), {
      seed,
      steps,
      device: "cpu",
      threads: 1,
    });
    await rm(folder, { recursive: true });
  });

  afterAll(async () => {
    await browser?.close();
  });

  it.for([
    { isolated: true, says: "This page is cross-origin isolated: WebAssembly computes with 2 threads." },
    { isolated: false, says: "This page is not cross-origin isolated: WebAssembly has one thread." },
  ])("trains to the losses of Node, isolated: $isolated", async ({ isolated, says }, context) => {
    if (executablePath === undefined) return context.skip("there is no Chromium here");
    const server = await example.serve({ isolated });
    const page = await browser.newPage();
    const complaints: string[] = [];
    const fetched: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("request", (request) => fetched.push(request.url()));
    try {
      await page.goto(`${server.url}?seed=${seed}&steps=${steps}&threads=2`);
      await page.waitForSelector("body[data-state]", { timeout: 200_000 });
      const result = (await page.evaluate("globalThis.trainingResult")) as Result;
      expect(result.error).toBeUndefined();
      expect(complaints).toEqual([]);
      expect(await page.textContent("#engine")).toContain(says);
      expect(result.threads).toBe(isolated ? 2 : 1);
      expect(result.losses).toHaveLength(steps);
      const worst = Math.max(
        ...native.losses.map((loss, i) => Math.abs(result.losses[i]! - loss) / Math.abs(loss)),
      );
      process.stderr.write(
        `browser: ${result.threads} thread(s), losses of ${steps} steps deviate by ${worst.toExponential(1)} from Node's\n`,
      );
      expect(worst).toBeLessThan(tolerance);
      expect(native.losses.at(-1)).toBeLessThan(0.6 * native.losses[0]!);
      // The chart has a point for each call of ten steps; it is drawn with the next frame.
      await page.waitForFunction(
        `document.querySelector("polyline.training").getAttribute("points").split(" ").length === ${steps / 10}`,
      );
      // The small build of ONNX Runtime, and no other.
      const engines = fetched.filter((url) => url.endsWith(".wasm"));
      expect(new Set(engines).size).toBe(1);
      expect(engines[0]).toMatch(/\/ort-wasm-simd-threaded-[^.]+\.wasm$/);
    } finally {
      await page.close();
      await server.close();
    }
  });
});
