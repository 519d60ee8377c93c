import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Users get it bundled (scripts/bundle-jsroot.mjs).
  resolve: { alias: { "#jsroot": fileURLToPath(new URL("scripts/jsroot-entry.mjs", import.meta.url)) } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/long/**", "node_modules/**"],
    // ONNX Runtime aborts the process when a thread that runs it is terminated: one process a file.
    pool: "forks",
    // What is written to a terminal is compared without colours, wherever the tests run.
    env: { NO_COLOR: "1" },
    setupFiles: ["test/support/property-seed.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
