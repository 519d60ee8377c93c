/** The key `augmentation` of an analysis file: what it means, and what is said of faults. */

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { pathText, problemsOf } from "./analysis-problems.ts";
import { analysisJsonSchema, analysisSchema } from "./analysis-schema.ts";

const least = { input: { files: "a.csv" }, target: { column: "y" }, features: { continuous: ["x"] } };

function read(text: string): unknown {
  const value = { ...least, ...parse(text) };
  const result = analysisSchema.safeParse(value);
  if (result.success) return result.data.augmentation;
  return problemsOf(result.error, analysisSchema, value).map(
    ({ path, message }) => `${pathText(path)}: ${message}`,
  );
}

describe("augmentation of an analysis file", () => {
  it("is off, the symmetries of the detector, or a list of transforms", () => {
    expect(read("{}")).toBe("off");
    expect(read("augmentation: {}")).toEqual({ rotations: 2, reflect: ["y", "z"] });
    expect(
      read(`
augmentation:
  - kind: rotation
  - { kind: reflection, axes: [z] }
  - { kind: smearing, vectors: [tau], relative: 0.1, views: 3 }
  - { kind: variation, nuisances: { tes: { "tau_p?": { up: 1.03, down: 0.97 } } } }
  - { kind: dropping, objects: [jet], probability: 0.1 }
  - { kind: module, module: ./noise.js, name: addNoise, options: { level: 2 } }
`),
    ).toEqual([
      { kind: "rotation", views: 2 },
      { kind: "reflection", axes: ["z"] },
      { kind: "smearing", vectors: ["tau"], relative: 0.1, views: 3 },
      { kind: "variation", nuisances: { tes: { "tau_p?": { up: 1.03, down: 0.97 } } } },
      { kind: "dropping", objects: ["jet"], probability: 0.1 },
      { kind: "module", module: "./noise.js", name: "addNoise", options: { level: 2 } },
    ]);
  });

  it("is refused with the place and what to write", () => {
    expect(read("augmentation: [{ kind: rotaton }]")).toEqual([
      'augmentation[0].kind: expected one of rotation, reflection, smearing, variation, dropping, module, got "rotaton". Did you mean "rotation"?',
    ]);
    expect(read("augmentation: [{ kind: rotation, rotations: 2 }]")).toEqual([
      "augmentation[0].rotations: this key is not known. Known: kind, views.",
    ]);
    expect(read("augmentation: [{ kind: rotation }, { kind: smearing, columns: [a] }]")).toEqual([
      "augmentation[1]: give relative or absolute, the deviation of the noise.",
    ]);
    expect(read("augmentation: [{ kind: smearing, relative: 0.1 }]")).toEqual([
      "augmentation[0]: give either columns or vectors.",
    ]);
    expect(read("augmentation: [{ kind: dropping, objects: [a], probability: 2 }]")).toEqual([
      "augmentation[0].probability: expected a number from 0 to 1, got 2.",
    ]);
    expect(read("augmentation: [{ kind: variation, nuisances: { a: { x: { up: 2 } } } }]")).toEqual([
      "augmentation[0].nuisances.a.x.down: expected a number or text, got nothing.",
    ]);
    expect(read("augmentation: 3")).toEqual([
      "augmentation: expected off or keys with values or a list, got 3.",
    ]);
  });

  it("stands in the JSON Schema with its kinds", () => {
    const text = JSON.stringify(analysisJsonSchema());
    for (const kind of ["rotation", "reflection", "smearing", "variation", "dropping"]) {
      expect(text).toContain(`"const":"${kind}"`);
    }
  });
});
