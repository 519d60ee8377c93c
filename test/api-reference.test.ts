/** The API reference can be made without a single warning. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("every export has a doc comment, every type it shows is exported, every link leads somewhere", () => {
  const script = fileURLToPath(new URL("../scripts/docs.mjs", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script, "--check"], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(`${stderr}${stdout}`).toMatch(/^API reference: \d+ entry points, no warning\n$/);
});
