/** Bundles the reading half of JSROOT into one module: its own dependencies are for drawing and need not be installed. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

const entry = join(root, "scripts", "jsroot-entry.mjs");
const bundle = join(root, "dist", "vendor", "jsroot.js");
const manifest = join(root, "node_modules", "jsroot", "package.json");

/** Whether dist/vendor/jsroot.js is there and newer than what it is made of. */
export function isJsrootBundled() {
  if (!existsSync(bundle)) return false;
  const made = statSync(bundle).mtimeMs;
  return [entry, manifest].every((path) => statSync(path).mtimeMs <= made);
}

/** Called by vitest before the tests. */
export const setup = bundleJsroot;

/** Writes dist/vendor/jsroot.js where it is missing or old. */
export async function bundleJsroot() {
  if (isJsrootBundled()) return;
  const { build } = await import("vite");
  const [output] = [
    await build({
      configFile: false,
      logLevel: "error",
      root,
      // JSROOT's own choices weigh 65 MB in Node and half the bundle in browsers.
      resolve: {
        alias: [
          {
            find: /^(@oneidentity\/zstd-js|.*\/zstd\.mjs)$/,
            replacement: join(root, "scripts", "jsroot-zstd.mjs"),
          },
        ],
      },
      build: {
        write: false,
        target: "es2022",
        minify: true,
        lib: { entry, formats: ["es"], fileName: "jsroot" },
        rollupOptions: {
          external: [
            /^node:/,
            "fs",
            "path",
            "zlib",
            "http",
            "https",
            "url",
            "xhr2",
            "tmp",
            "canvas",
            "jsdom",
            "three",
            "mathjax",
            "@resvg/resvg-js",
          ],
          output: { codeSplitting: false },
        },
      },
    }),
  ].flat();
  const chunks = output.output.filter((item) => item.type === "chunk");
  if (chunks.length !== 1)
    throw new Error(`bundle-jsroot: expected one file, got ${chunks.map((c) => c.fileName).join(", ")}.`);
  const licence = readFileSync(join(root, "node_modules", "jsroot", "LICENSE"), "utf8");
  mkdirSync(join(root, "dist", "vendor"), { recursive: true });
  // What JSROOT would print is kept, to become the reason in an error of ours.
  const quiet = `export const complaints = [];
const console = Object.fromEntries(["error", "warn", "log"].map((kind) => [kind, (...words) => {
  if (kind !== "log") complaints.push(words.join(" "));
}]));`;
  const version = JSON.parse(readFileSync(manifest, "utf8")).version;
  writeFileSync(
    bundle,
    `/* JSROOT ${version}\n${licence.replaceAll("*/", "* /")}*/\n${quiet}\n${chunks[0].code}`,
  );
}
