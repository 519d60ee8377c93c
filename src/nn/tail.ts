/** Tails: from the body's features to predictions. */
import { ConfigurationError, counted } from "../errors/index.ts";
import { add, constant, div, mul, sigmoid, softmax, sub, type Tensor } from "../tensor/index.ts";
import { initialiserFor, linear } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** What is to be learnt: closed choices, never recognised by parts of a word. */
export type Task =
  | { readonly kind: "binary" }
  | { readonly kind: "multiclass"; readonly classCount: number }
  | {
      readonly kind: "regression";
      readonly targetCount: number;
      /** Lowest and highest value of each target (or of all): predictions stay between. */
      readonly range?: readonly [number, number] | readonly (readonly [number, number])[];
      /** The network learns (target − mean)/deviation; predictions are in the targets' own units. */
      readonly scaling?: TargetScaling;
    };

/** Mean and standard deviation of each target, in its own units. */
export interface TargetScaling {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Options of `classRegMulti`. */
export interface ClassRegMultiOptions {
  /** Where the last layer's biases start, for all outputs or each. Default: 1/classes for several classes, else 0. */
  readonly bias?: number | readonly number[];
}

/** A tail's description: plain data that travels to worker processes. */
export type TailSpec =
  | ({ readonly kind: "classRegMulti" } & ClassRegMultiOptions)
  /** No layer: the body's outputs are the network's, and must be as many as the task has. */
  | { readonly kind: "identity" };

/** Number of outputs of a network for the task. */
export function outputCount(task: Task): number {
  switch (task.kind) {
    case "binary":
      return 1;
    case "multiclass":
      return task.classCount;
    case "regression":
      return task.targetCount;
  }
}

/** Number of target columns: a class code, or one value a target. */
export function targetCount(task: Task): number {
  return task.kind === "regression" ? task.targetCount : 1;
}

/** Traces the tail: [events, features] → logits, or values before their range and scaling, [events, outputs]. */
export function applyTail(scope: Scope, x: Tensor, task: Task, tail: TailSpec): Tensor {
  if (tail.kind === "classRegMulti") return classRegMulti(scope, x, task, tail);
  if (x.shape[1] === outputCount(task)) return x;
  throw new ConfigurationError(
    `identity tail: the body gives ${x.shape[1]} values, but the task has ${outputCount(task)} outputs. ` +
      "Change the body's last width, or use the tail classRegMulti.",
  );
}

/** The last linear layer: [events, features] → logits or unbounded values [events, outputs]. */
export function classRegMulti(
  scope: Scope,
  x: Tensor,
  task: Task,
  { bias = task.kind === "multiclass" ? 1 / task.classCount : 0 }: ClassRegMultiOptions = {},
): Tensor {
  const outputs = outputCount(task);
  if (typeof bias !== "number" && bias.length !== outputs) {
    throw new ConfigurationError(
      `classRegMulti: ${counted(outputs, "output")}, but ${counted(bias.length, "value")} of bias.`,
    );
  }
  return linear(scope, x, outputs, initialiserFor("linear", x.shape[1] as number, outputs), bias);
}

/** Predictions from the last layer: probabilities for classes, values in the targets' units for regression. */
export function toPrediction(output: Tensor, task: Task): Tensor {
  switch (task.kind) {
    case "binary":
      return sigmoid(output);
    case "multiclass":
      return softmax(output);
    case "regression": {
      const { range, scaling } = task;
      if (range !== undefined) {
        const ranges = rangesOf(range, task.targetCount);
        const widths = constant(ranges.map(([low, high]) => high - low));
        return add(mul(sigmoid(output), widths), constant(ranges.map(([low]) => low)));
      }
      if (scaling === undefined) return output;
      return add(mul(output, constant(scaling.deviations)), constant(scaling.means));
    }
  }
}

/** (x − mean)/deviation of targets or predictions [events, targets]. */
export function scaleTargets(x: Tensor, { means, deviations }: TargetScaling): Tensor {
  return div(sub(x, constant(means)), constant(deviations));
}

function rangesOf(
  range: readonly [number, number] | readonly (readonly [number, number])[],
  targets: number,
): readonly (readonly [number, number])[] {
  return typeof range[0] === "number"
    ? Array(targets).fill(range)
    : (range as readonly (readonly [number, number])[]);
}

/** @throws ConfigurationError for ranges or a scaling that do not fit the targets. */
export function checkTask(task: Task): void {
  if (task.kind !== "regression") return;
  const { range, scaling, targetCount: targets } = task;
  const refuse = (what: string) => {
    throw new ConfigurationError(`regression: ${what}`);
  };
  if (range !== undefined) {
    const ranges = rangesOf(range, targets);
    if (ranges.length !== targets)
      refuse(`${counted(targets, "target")}, but ${counted(ranges.length, "range")}.`);
    for (const [low, high] of ranges) {
      if (!(low < high && Number.isFinite(high - low))) {
        refuse(`a range goes from a lower to a higher number, but one is [${low}, ${high}].`);
      }
    }
  }
  if (scaling !== undefined) {
    const { means, deviations } = scaling;
    if (means.length !== targets || deviations.length !== targets) {
      refuse(
        `${counted(targets, "target")}, but a scaling of ${counted(means.length, "mean")} and ${counted(deviations.length, "deviation")}.`,
      );
    }
    if (!(means.every(Number.isFinite) && deviations.every((d) => d > 0 && Number.isFinite(d)))) {
      refuse("the scaling of targets needs finite means and deviations above 0.");
    }
  }
}
