/** run.json: what a run is and how it came about, without any clock time. */
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type FileFingerprint, isModuleReference, resolveModule } from "../data/index.ts";
import type { Analysis } from "./analysis.ts";

export { fingerprintFiles } from "../data/index.ts";

/** One trained network. */
export interface MemberRecord {
  readonly member: number;
  readonly validationFold: number;
  readonly parameterCount: number;
  readonly stepCount: number;
  readonly epochCount: number;
  readonly bestEpoch: number;
  readonly validationLoss: number;
  /** Share in the ensemble; all add up to 1. */
  readonly weight: number;
  readonly stopReason?: string | undefined;
}

/** The content of run.json. */
export interface RunRecord {
  readonly format: "lumin-run";
  readonly formatVersion: 1;
  readonly seed: number;
  readonly analysis: Analysis;
  /** The YAML file; modules of the user are looked for in its folder. */
  readonly analysisFile: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly data: {
    readonly files: readonly FileFingerprint[];
    readonly eventCount: number;
    readonly trainingCount: number;
    readonly validationCount: number;
    readonly setCounts: Readonly<Record<string, number>>;
    readonly foldSizes: readonly number[];
  };
  /** The user's modules that the analysis names. */
  readonly modules: readonly FileFingerprint[];
  readonly features: {
    readonly continuous: readonly string[];
    readonly categorical: readonly string[];
    readonly categorySizes: readonly number[];
  };
  readonly network: { readonly parameterCount: number; readonly outputCount: number };
  readonly augmentation: {
    readonly isOn: boolean;
    /** Views of an event that a prediction averages over. */
    readonly viewCount: number;
    readonly rotations?: number;
    readonly reflect?: readonly string[];
    /** Kinds of the transforms, where the analysis lists them. */
    readonly transforms?: readonly string[];
  };
  readonly training: {
    /** Steps of all members. */
    readonly stepCount: number;
    readonly members: readonly MemberRecord[];
  };
}

/** Paths of the user's modules that the analysis names, each once. */
export function userModules(analysis: Analysis, directory: string): string[] {
  const found = new Set<string>();
  const search = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (isModuleReference(value)) {
      const { module } = resolveModule(value, directory);
      if (isAbsolute(module) && existsSync(module)) found.add(module);
    }
    for (const inner of Object.values(value)) search(inner);
  };
  search(analysis);
  return [...found];
}
