import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The examples are written as a user of the package writes them.
  resolve: {
    alias: [
      { find: /^lumin-hep$/, replacement: fileURLToPath(new URL("src/index.ts", import.meta.url)) },
      { find: /^lumin-hep\/(.+)$/, replacement: fileURLToPath(new URL("src/$1/index.ts", import.meta.url)) },
    ],
  },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/long/**", "node_modules/**"],
    // ONNX Runtime aborts the process when a thread that runs it is terminated: one process a file.
    pool: "forks",
    // vitest leaves a core to itself, which with two would be half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // What is written to a terminal is compared without colours, wherever the tests run.
    env: { NO_COLOR: "1" },
    globalSetup: ["scripts/bundle-jsroot.mjs"],
    setupFiles: ["test/support/property-seed.ts"],
    testTimeout: 240_000,
    hookTimeout: 300_000,
  },
});
