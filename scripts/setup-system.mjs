#!/usr/bin/env node
/** Debian packages that some tests need: installed where this is root on Debian, named loudly where it is not. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Packages, and the question that a machine that has them answers with yes. */
const parts = {
  chromium: () => ["/usr/bin/chromium", process.env.CHROMIUM].some((path) => path && existsSync(path)),
  "python3-h5py": () => pythonHas("h5py"),
  "python3-jsonschema": () => pythonHas("jsonschema"),
  "python3-onnx": () => pythonHas("onnx"),
};

function pythonHas(name) {
  return ["python3", "/usr/bin/python3"].some(
    (python) => spawnSync(python, ["-c", `import ${name}`], { stdio: "ignore" }).status === 0,
  );
}

/** Installs what is missing; true if nothing is missing afterwards. The tests that lack a part say so themselves. */
export function ensureSystemParts(names = Object.keys(parts)) {
  const missing = () => names.filter((name) => !parts[name]());
  const wanted = missing();
  if (wanted.length === 0) return true;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log(`installing ${wanted.join(", ")} with apt-get …`);
    const options = {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    };
    spawnSync("apt-get", ["update", "-qq"], options);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...wanted], options);
  }
  const left = missing();
  if (left.length > 0) console.error(`NOT INSTALLED: ${left.join(", ")}. Tests that need them are skipped.`);
  return left.length === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(ensureSystemParts() ? 0 : 1);
