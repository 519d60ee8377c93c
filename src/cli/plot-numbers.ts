/** The numbers of pictures as JSON files hold them: what `lumin plot --data`, `lumin explain` and others write. */
import { z } from "zod";
import { ConfigurationError, FileFormatError } from "../errors/index.ts";
import type {
  AmsScans,
  AttributionCloud,
  ContributionBox,
  DendrogramBranch,
  DependenceCurve,
  DependencePlane,
  DisplayedEvent,
  EffectCurve,
  EmbeddingTable,
  ImportanceRow,
  LabelledRocCurve,
  LearningRateCurve,
  NamedDensity,
  PredictionHistograms,
  ReliabilityCurve,
  ResolutionProfile,
  ScheduleHistory,
  StackedSamples,
} from "../plot/index.ts";
import { pathText, problemsOf } from "./analysis-problems.ts";

const text = z.string({ error: "expected text" });
const number = z.number({ error: "expected a number" });
const numberOrNull = z.number({ error: "expected a number or null" }).nullable();
const numbers = z.array(number, { error: "expected a list of numbers" });
const values = z.array(numberOrNull, { error: "expected a list of numbers" });
const list = <T extends z.ZodType>(of: T): z.ZodArray<T> => z.array(of, { error: "expected a list" });
const measured = z.object({ value: number, uncertainty: number });
const estimate = z.object({ value: numberOrNull, uncertainty: numberOrNull });
const histogram = { edges: numbers, sums: numbers, uncertainties: numbers };
const samples = list(z.object({ name: text, ...histogram }));
const classes = list(z.object({ label: text, ...histogram }));

export const rocNumbers: z.ZodType<readonly LabelledRocCurve[]> = list(
  z.object({
    ...{ label: text, falsePositiveRate: values, truePositiveRate: values },
    auc: numberOrNull.exactOptional(),
    aucUncertainty: numberOrNull.exactOptional(),
    band: z
      .object({ falsePositiveRate: values, truePositiveRate: values, uncertainty: values })
      .exactOptional(),
  }),
);
/** Samples with the quantity that they are binned in. */
export interface NamedStack extends StackedSamples {
  readonly quantity?: string;
}
export const stackNumbers: z.ZodType<NamedStack> = z.object({
  quantity: text.exactOptional(),
  stacked: samples,
  lines: samples.exactOptional(),
  data: z.object({ name: text, ...histogram }).optional(),
});
/** Histograms of a prediction, with its name where it is not just one, and a cut. */
export interface NamedPredictions extends PredictionHistograms {
  readonly quantity?: string;
  readonly cut?: number;
}
export const predictionNumbers: z.ZodType<NamedPredictions> = z.object({
  quantity: text.exactOptional(),
  validation: classes,
  training: classes.exactOptional(),
  cut: number.exactOptional(),
});
export const amsNumbers: z.ZodType<AmsScans> = z.object({
  scans: list(
    z.object({
      ...{ regularisation: number, label: text.exactOptional(), thresholds: values, ams: values },
      maximum: z.object({ ams: number, threshold: number }).exactOptional(),
    }),
  ),
  cut: numberOrNull.exactOptional(),
});
export const reliabilityNumbers: z.ZodType<readonly ReliabilityCurve[]> = list(
  z.object({
    label: text,
    error: numberOrNull.exactOptional(),
    bins: list(
      z.object({
        predicted: numberOrNull,
        observed: numberOrNull,
        uncertainty: numberOrNull.exactOptional(),
      }),
    ),
  }),
);
export const resolutionNumbers: z.ZodType<ResolutionProfile> = z.object({
  target: text,
  bins: list(z.object({ low: number, high: number, bias: estimate, resolution: estimate })),
});
/** Densities with the quantity that they are of. */
export interface NamedDensities {
  readonly feature?: string;
  readonly unit?: string;
  readonly densities: readonly NamedDensity[];
}
export const densityNumbers: z.ZodType<NamedDensities> = z.object({
  feature: text.exactOptional(),
  unit: text.exactOptional(),
  densities: list(
    z.object({
      ...{ name: text, points: values, density: values, uncertainty: values.exactOptional() },
      moments: z.object({ mean: measured, deviation: measured }).exactOptional(),
    }),
  ),
});
export const eventNumbers: z.ZodType<readonly DisplayedEvent[]> = list(
  z.object({
    label: text.exactOptional(),
    particles: list(z.object({ name: text, px: number, py: number, pz: number.exactOptional() })),
  }),
);
const branch: z.ZodType<DendrogramBranch> = z.object({
  height: number,
  feature: number.exactOptional(),
  get children(): z.ZodArray<z.ZodType<DendrogramBranch>> {
    return list(branch);
  },
});
/** Features with their dendrogram. */
export interface NamedDendrogram {
  readonly names: readonly string[];
  readonly root: DendrogramBranch;
}
export const dendrogramNumbers: z.ZodType<NamedDendrogram> = z.object({ names: list(text), root: branch });
/** Features with a number for each pair. */
export interface NamedMap {
  readonly names: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
}
export const mapNumbers: z.ZodType<NamedMap> = z.object({ names: list(text), rows: list(values) });
export const importanceNumbers: z.ZodType<readonly ImportanceRow[]> = list(
  z.object({ name: text, value: numberOrNull, uncertainty: numberOrNull.exactOptional() }),
);
export const attributionNumbers: z.ZodType<AttributionCloud> = z.object({
  ...{ features: list(text), values, inputs: values },
});
export const effectNumbers: z.ZodType<readonly EffectCurve[]> = list(
  z.object({ feature: text, values, effect: values, uncertainty: values.exactOptional() }),
);
export const dependenceNumbers: z.ZodType<readonly DependenceCurve[]> = list(
  z.object({ feature: text, values, mean: values, curves: list(values) }),
);
export const planeNumbers: z.ZodType<DependencePlane> = z.object({
  ...{ features: z.tuple([text, text]), x: values, y: values, mean: values },
});
export const learningRateNumbers: z.ZodType<LearningRateCurve> = z.object({
  ...{ rates: values, mean: values, deviation: values, suggested: number, sweeps: list(z.unknown()) },
});
export const scheduleNumbers: z.ZodType<ScheduleHistory> = z.object({
  ...{ steps: values.exactOptional(), learningRate: values, momentum: values.exactOptional() },
});
/** A table of learnt vectors with what it is of. */
export interface NamedEmbedding extends EmbeddingTable {
  readonly feature?: string;
  readonly categories?: readonly (string | number)[];
}
export const embeddingNumbers: z.ZodType<NamedEmbedding> = z.object({
  ...{ feature: text.exactOptional(), shape: numbers, data: values },
  categories: list(z.union([text, number])).exactOptional(),
});
const quantile = numberOrNull.transform((value) => value ?? Number.NaN);
export const contributionNumbers: z.ZodType<{
  readonly of: string;
  readonly parts: readonly ContributionBox[];
}> = z.object({
  of: text,
  parts: list(
    z.object({
      ...{ name: text, mean: quantile },
      quantiles: z.tuple([quantile, quantile, quantile, quantile, quantile]),
    }),
  ),
});

/** What `--data` writes: the numbers with what they are of. */
export function numbersText(kind: string, found: unknown): string {
  const file = { format: "lumin-plot", formatVersion: 1, kind, numbers: found };
  // JSON has no typed arrays, and null for what is undefined.
  return `${JSON.stringify(file, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value))}\n`;
}

/**
 * The numbers in a file: as `--data` writes them, or bare.
 *
 * @throws FileFormatError for numbers of another kind; ConfigurationError that names what is wrong in them.
 */
export function parsedNumbers<N>(kind: string, path: string, content: unknown, schema: z.ZodType<N>): N {
  const file = content as { format?: unknown; kind?: unknown; numbers?: unknown } | null;
  const isOurs = typeof file === "object" && file?.format === "lumin-plot";
  if (isOurs && file.kind !== kind) {
    throw new FileFormatError(
      `"${path}" has the numbers of the plot "${String(file.kind)}", not of "${kind}".`,
    );
  }
  const value = isOurs ? file.numbers : content;
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [problem] = problemsOf(parsed.error, schema, value);
  throw new ConfigurationError(
    `"${path}" does not have the numbers of the plot "${kind}": ${pathText(problem!.path) || "the whole"}: ${problem!.message}`,
  );
}
