/** `lumin explain`: which features a run's model needs, and what it makes of them. */
import { dirname, extname } from "node:path";
import { ConfigurationError } from "../errors/index.ts";
import { formatMeasured, formatNumber, savePlot } from "../plot/index.ts";
import { plotWriter } from "../plot/save-plot.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import type { ExplainMethod } from "./explain-methods.ts";
import {
  explainRun,
  type Interpretation,
  interpretationPath,
  writeInterpretation,
} from "./interpretation.ts";
import { interpretationPlots } from "./interpretation-plots.ts";
import { loadRun } from "./load-run.ts";
import { forTerminal } from "./metrics-text.ts";
import { openFolds } from "./prepare-training.ts";

export interface ExplainOptions {
  readonly method: ExplainMethod;
  readonly features?: readonly string[];
  readonly groups?: readonly string[];
  readonly pair?: readonly string[];
  readonly metric?: string;
  readonly repeats?: number;
  readonly events?: number;
  readonly output?: string;
  readonly plot?: string;
  readonly seed?: number;
  readonly workers: number;
  readonly json?: boolean;
}

export async function explainCommand(
  run: string,
  options: ExplainOptions,
  { reporter, signal }: CommandContext,
): Promise<void> {
  const { plot, groups, json, ...asked } = options;
  checkOptions(options);
  if (plot !== undefined) plotWriter(plot);
  const { paths, record, scorer } = await loadRun(run, { augment: false });
  const folds = await openFolds(record.analysis, paths.folds, dirname(record.analysisFile));
  const explaining = reporter.phase(phaseTexts[options.method]);
  try {
    const found = await explainRun(paths, record.analysis, scorer.ensemble, folds, {
      ...asked,
      ...(groups === undefined ? {} : { groups: parsedGroups(groups) }),
      ...{ seed: options.seed ?? record.seed, signal },
      onProgress: (share) => reporter.share(share),
    });
    explaining(`explained the predictions of ${count(found.eventCount)} events`);
    await writeInterpretation(paths, found);
    const pictures = plot === undefined ? [] : await savePictures(found, plot);
    process.stdout.write(json === true ? `${JSON.stringify(found, null, 2)}\n` : interpretationText(found));
    if (json !== true) {
      for (const path of [interpretationPath(paths, found.method), ...pictures]) {
        process.stdout.write(`written: ${path}\n`);
      }
    }
  } finally {
    folds.close();
    await scorer.ensemble.release();
  }
}

const phaseTexts: Readonly<Record<ExplainMethod, string>> = {
  importance: "shuffling features",
  shap: "SHAP values",
  gradients: "integrated gradients",
  effects: "accumulated local effects",
  dependence: "partial dependence",
};

/** Options that a method would ignore are refused. */
function checkOptions({ method, ...options }: ExplainOptions): void {
  const only: Readonly<Partial<Record<keyof ExplainOptions, readonly ExplainMethod[]>>> = {
    groups: ["importance"],
    metric: ["importance"],
    repeats: ["importance"],
    features: ["importance", "effects", "dependence"],
    pair: ["effects", "dependence"],
    output: ["shap", "gradients", "effects", "dependence"],
  };
  for (const [name, methods] of Object.entries(only)) {
    if (options[name as keyof typeof options] === undefined || methods.includes(method)) continue;
    throw new ConfigurationError(
      `explain: --${name} is not for --method ${method}, only for ${methods.join(", ")}.`,
    );
  }
}

/** "jets=PRI_jet_*,DER_*_jet_*": a name and patterns of features. */
function parsedGroups(groups: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    groups.map((group) => {
      const at = group.indexOf("=");
      const patterns = group
        .slice(at + 1)
        .split(",")
        .filter((pattern) => pattern !== "");
      if (at > 0 && patterns.length > 0) return [group.slice(0, at), patterns];
      throw new ConfigurationError(
        `explain: --groups "${group}": give a name and features, such as jets=PRI_jet_*,DER_*_jet_*.`,
      );
    }),
  );
}

/** One file, or one for each feature with its name before the ending. */
async function savePictures(found: Interpretation, path: string): Promise<string[]> {
  const plots = interpretationPlots(found);
  const ending = extname(path);
  const saved: string[] = [];
  for (const { name, plot } of plots) {
    const own =
      plots.length === 1
        ? path
        : `${path.slice(0, -ending.length)}-${name.replaceAll(/[^\w.-]+/g, "_")}${ending}`;
    await savePlot(plot(found.method === "importance" || found.method === "shap" ? { width: 640 } : {}), own);
    saved.push(own);
  }
  return saved;
}

/** The numbers for a terminal. */
export function interpretationText(found: Interpretation): string {
  const { title, rows } = tableOf(found);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`.trimEnd());
  return forTerminal(`\n${title}\n${lines.join("\n")}\n\n`);
}

function tableOf(found: Interpretation): {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
} {
  const measured = ({ name, value, uncertainty }: { name: string; value: number; uncertainty: number }) =>
    [name, formatMeasured(value, uncertainty)] as const;
  const { eventCount } = found;
  const events = `${formatNumber(eventCount)} events`;
  switch (found.method) {
    case "importance": {
      const { metric, nominal, importances } = found;
      return {
        title: `what ${metric} (${formatMeasured(nominal.value, nominal.uncertainty)}) loses when a feature is shuffled; ${events}, out of fold:`,
        rows: importances.map(measured),
      };
    }
    case "shap":
    case "gradients":
      return {
        title: `mean size of what a feature adds to the ${found.unit}; ${events}:`,
        rows: found.sizes.map(measured),
      };
    case "effects":
      return {
        title: `highest less lowest accumulated local effect on the prediction; ${events}:`,
        rows: byRange(found.effects.map(({ feature, effect }) => [feature, effect])),
      };
    case "dependence":
      return {
        title: `highest less lowest mean prediction along a feature; ${events}:`,
        rows: byRange(found.dependences.map(({ feature, mean }) => [feature, mean])),
      };
  }
}

function byRange(
  curves: readonly (readonly [name: string, values: readonly number[]])[],
): (readonly [string, string])[] {
  return curves
    .map(([name, values]) => [name, Math.max(...values) - Math.min(...values)] as const)
    .sort((a, b) => b[1] - a[1])
    .map(([name, range]) => [name, formatNumber(range, 3)]);
}
