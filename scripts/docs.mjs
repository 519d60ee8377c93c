#!/usr/bin/env node
/**
 * `npm run docs`: the API reference of all entry points of the package, into api/ (not in git). Any warning (a type
 * that is used but not exported, a link that leads nowhere, an export without a doc comment) is a failure.
 * With `--check` nothing is written.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, LogLevel } from "typedoc";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

// The root entry point comes last: its exports are references into the subpaths where they live.
const entryPoints = Object.values(exports)
  .flatMap((target) => target.default ?? [])
  .map((path) => path.replace("./dist/", "src/").replace(/\.js$/, ".ts"))
  .sort((a, b) => Number(a === "src/index.ts") - Number(b === "src/index.ts"))
  .map((path) => join(root, path));

const app = await Application.bootstrap({
  name: "lumin-hep",
  entryPoints,
  sortEntryPoints: false,
  tsconfig: join(root, "tsconfig.build.json"),
  readme: join(root, "README.md"),
  out: join(root, "api"),
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  // Types are checked by the compiler.
  skipErrorChecking: true,
  logLevel: LogLevel.Warn,
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
  requiredToBeDocumented: ["Class", "Enum", "Function", "Interface", "TypeAlias", "Variable"],
  treatWarningsAsErrors: true,
});
const project = await app.convert();
if (project) {
  app.validate(project);
  if (!process.argv.includes("--check") && app.logger.warningCount === 0) await app.generateOutputs(project);
}
const problems = app.logger.warningCount + app.logger.errorCount;
console.log(
  problems === 0
    ? `API reference: ${entryPoints.length} entry points, no warning`
    : `API reference: ${problems} warnings or errors, see above`,
);
process.exitCode = problems === 0 ? 0 : 1;
