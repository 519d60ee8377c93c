/** What determines a training, as plain data to compare and as a fingerprint: equal ones, equal bytes. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { isModuleReference, resolveModule } from "../data/user-module.ts";
import type { TrainingFolds } from "./programs.ts";

/** Plain data. Events and the user's modules are in it by their content, as SHA-256 (hex), and not by their places. */
export interface TrainingIdentity {
  readonly settings: unknown;
  /** One hash a fold: inputs, targets and weights as stored. */
  readonly folds: readonly string[];
}

/** The identity of a training with these settings on these events. */
export function trainingIdentity(settings: unknown, folds: TrainingFolds): TrainingIdentity {
  return {
    settings: comparable(settings),
    folds: Array.from({ length: folds.foldCount }, (_, index) => {
      const { inputs, targets, weights } = folds.getFold(index);
      const hash = createHash("sha256");
      for (const values of [inputs, targets, weights ?? new Float32Array(0)]) {
        hash.update(`${values.length} `);
        hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
      return hash.digest("hex");
    }),
  };
}

/** SHA-256 (hex) of the identity. */
export function fingerprintOf(identity: TrainingIdentity): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex");
}

/** With sorted keys, and modules as what is in them. */
function comparable(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(comparable);
  const entries = Object.entries(isModuleReference(value) ? withContent(value) : value).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return Object.fromEntries(entries.map(([key, inner]) => [key, comparable(inner)]));
}

function withContent(reference: Parameters<typeof resolveModule>[0]): object {
  const { module } = resolveModule(reference);
  if (!(isAbsolute(module) && existsSync(module))) return reference;
  const content = createHash("sha256").update(readFileSync(module)).digest("hex");
  return { ...reference, module: basename(module), content };
}
