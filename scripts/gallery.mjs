#!/usr/bin/env node
/** Draws every plot of examples/gallery into docs/gallery, in both styles, and writes docs/gallery.md with their code. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { ensureBuilt } from "./build.mjs";
import { root } from "./run.mjs";

const source = join(root, "examples", "gallery");
const pictures = join(root, "docs", "gallery");

/** The example's modules, compiled beside their sources, where the package finds itself by its name. */
async function loadExample() {
  const compiled = ["events", "gallery"].map((name) => {
    const { outputText } = ts.transpileModule(readFileSync(join(source, `${name}.ts`), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    const path = join(source, `.${name}.${process.pid}.mjs`);
    writeFileSync(path, outputText.replace('"./events.ts"', `"./.events.${process.pid}.mjs"`));
    return path;
  });
  try {
    return await import(pathToFileURL(compiled[1]));
  } finally {
    for (const path of compiled) rmSync(path, { force: true });
  }
}

/** Title, code and name of each plot, in the order of the file. */
function entries() {
  const text = readFileSync(join(source, "gallery.ts"), "utf8");
  return [...text.matchAll(/^\/\/ (.+)\n(export const (\w+) = [\s\S]*?;)\n(?=\n|$)/gm)].map(
    ([, title, code, name]) => ({ title, code, name }),
  );
}

if (!(await ensureBuilt())) process.exit(1);
const { renderSvg } = await import("lumin-hep/plot");
const example = await loadExample();
rmSync(pictures, { recursive: true, force: true });
mkdirSync(pictures, { recursive: true });
const sections = [];
for (const { title, code, name } of entries()) {
  const spec = await example[name](example.settings);
  writeFileSync(join(pictures, `${name}.svg`), await renderSvg(spec));
  writeFileSync(
    join(pictures, `${name}-plain.svg`),
    await renderSvg(await example[name]({ ...example.settings, style: "plain" })),
  );
  sections.push(
    `## ${title}\n\n![${spec.description}](gallery/${name}.svg) ![The same in the plain style](gallery/${name}-plain.svg)\n\n\`\`\`ts\n${code}\n\`\`\`\n`,
  );
}
const introduction = `# Gallery

Every plot, each in the style of collider experiments and in the plain one, with the code that makes it. All of it is
[examples/gallery/gallery.ts](../examples/gallery/gallery.ts), drawn by \`npm run gallery\`;
[plots](guide/plots.md) tells what the settings are.
`;
writeFileSync(join(root, "docs", "gallery.md"), [introduction, ...sections].join("\n"));
process.stdout.write(`docs/gallery.md: ${sections.length} plots\n`);
