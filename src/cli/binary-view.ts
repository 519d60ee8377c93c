/** Signal against background: the events of a binary analysis, or several classes regrouped. */
import { ConfigurationError, unknownName } from "../errors/index.ts";
import { type ClassGroups, type ClassTotals, regroupClasses } from "../metrics/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import type { ScoredSet } from "./evaluation.ts";

/** Names of background (0) and signal (1). */
export function binaryLabels(analysis: Analysis): readonly [background: string, signal: string] {
  const { background, signal } = groupsOf(analysis);
  const names = classNames(analysis.target);
  const joined = (codes: readonly number[]): string => codes.map((code) => names[code]).join(" + ");
  return [joined(background), joined(signal)];
}

/**
 * The events with one score for "is signal": of two classes as they are, of several by `toBinaryClass`, where
 * `evaluation.signal` names some of them; undefined where there is no signal.
 */
export function binaryView(analysis: Analysis, set: ScoredSet): ScoredSet | undefined {
  if (!hasSignal(analysis)) return undefined;
  if (analysis.target.task === "binary") return set;
  const { outputCount: classCount, predictions, targets, weights } = set;
  const view = regroupClasses(
    "evaluation.signal",
    { predictions, classCount, targets, weights },
    groupsOf(analysis),
  );
  return {
    ...set,
    predictions: view.predictions,
    outputCount: 1,
    targets: Float32Array.from(view.targets),
    weights: weights && view.weights,
  };
}

/** Whether events are signal or background. */
export function hasSignal({ target, evaluation }: Analysis): boolean {
  return target.task === "binary" || (target.task === "multiclass" && evaluation.signal !== undefined);
}

/** `evaluation.renormalise` for signal and background: the sums of their classes, where all have one. */
export function classTotals(analysis: Analysis): ClassTotals | undefined {
  const { renormalise } = analysis.evaluation;
  if (renormalise === undefined || !hasSignal(analysis)) return undefined;
  const names = classNames(analysis.target);
  const sumOf = (codes: readonly number[]): number | undefined => {
    const sums = codes.map((code) => renormalise[names[code]!]);
    return sums.every((sum) => sum !== undefined) ? sums.reduce((a, b) => a + b, 0) : undefined;
  };
  const groups = groupsOf(analysis);
  const signal = sumOf(groups.signal);
  const background = sumOf(groups.background);
  if (signal === undefined && background === undefined) return undefined;
  return { ...(signal === undefined ? {} : { signal }), ...(background === undefined ? {} : { background }) };
}

function groupsOf({ target, evaluation }: Analysis): ClassGroups {
  const names = classNames(target);
  if (target.task === "binary") return { background: [0], signal: [1] };
  const signal = (evaluation.signal ?? []).map((name) => {
    const code = names.indexOf(name);
    if (code < 0) throw unknownName("evaluation.signal: class", name, names);
    return code;
  });
  const background = [...names.keys()].filter((code) => !signal.includes(code));
  if (background.length === 0) {
    throw new ConfigurationError("evaluation.signal: all classes are signal; leave one as background.");
  }
  return { signal, background };
}
