/** Callbacks that change the traced step: `GradClip` and `LabelSmoothing`. */
import { ConfigurationError } from "../errors/index.ts";
import type { LossContext } from "../model/index.ts";
import {
  add,
  clip,
  constant,
  div,
  logSoftmax,
  maximum,
  mean,
  mul,
  oneHot,
  sqrt,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";
import type { Callback } from "./callback.ts";

/** Options of `GradClip`: one of the two, or both. */
export interface GradClipOptions {
  /** Largest absolute value of a component of the gradient. */
  readonly value?: number;
  /** Largest Euclidean length of the whole gradient; a longer one is shortened. */
  readonly norm?: number;
}

/** Limits the gradient before the optimiser sees it; first the components, then the length. */
export function gradClipCallback({ value, norm }: GradClipOptions): Callback {
  const limits = [value, norm].filter((limit) => limit !== undefined);
  if (limits.length === 0 || !limits.every((limit) => limit > 0)) {
    throw new ConfigurationError(
      `GradClip: value is ${value} and norm ${norm}; give at least one of them, above 0.`,
    );
  }
  return {
    name: "GradClip",
    graph: {
      gradient: (gradient) => {
        const limited = value === undefined ? gradient : clip(gradient, -value, value);
        if (norm === undefined) return limited;
        const length = sqrt(sum(mul(limited, limited)));
        return mul(limited, div(norm, maximum(length, norm)));
      },
    },
  };
}

/** Options of `LabelSmoothing`: of two classes `zero` and `one`, of several `amount`. */
export interface LabelSmoothingOptions {
  /** Target 0 is trained as c₀. Default 0. */
  readonly zero?: number;
  /** Target 1 is trained as 1 − c₁. Default 0. */
  readonly one?: number;
  /** Several classes: the share ε of an event that is spread over all of them; one number, or one for each true class. */
  readonly amount?: number | readonly number[];
}

/**
 * Softer targets of a classification in training; validation keeps the true ones (Szegedy et al., arXiv 1512.00567).
 *
 * Two classes: 0 → c₀ and 1 → 1 − c₁. Several: class k is trained as (1 − ε_k)·(only k) + ε_k·(all K alike); the
 * difference that this makes to the cross-entropy, w·ε_k·(log p_k − Σ log p / K), is added to the loss.
 */
export function labelSmoothingCallback(options: LabelSmoothingOptions): Callback {
  const { zero = 0, one = 0, amount } = options;
  if (!(zero >= 0 && one >= 0 && zero + one < 1)) {
    throw new ConfigurationError(
      `LabelSmoothing: zero is ${zero} and one ${one}; they must not be negative and their sum be less than 1.`,
    );
  }
  if (amount === undefined) {
    return {
      name: "LabelSmoothing",
      graph: {
        batch: (batch) => ({ ...batch, targets: add(mul(batch.targets, 1 - zero - one), zero) }),
        loss: (loss, { logits }) => {
          if (logits.shape[1] === 1) return loss;
          throw new ConfigurationError(
            `LabelSmoothing: zero and one are of two classes, but the network has ${logits.shape[1]} outputs; give amount instead.`,
          );
        },
      },
    };
  }
  const amounts = typeof amount === "number" ? [amount] : amount;
  if (!(amounts.length > 0 && amounts.every((value) => value >= 0 && value < 1) && zero + one === 0)) {
    throw new ConfigurationError(
      `LabelSmoothing: amount is ${amounts.join(", ")}; give numbers of at least 0 and below 1, without zero and one.`,
    );
  }
  return { name: "LabelSmoothing", graph: { loss: (loss, context) => add(loss, spread(amounts, context)) } };
}

/** Mean of w·ε_k·(log p_k − Σ log p / K) over the events of the batch, k their true class. */
function spread(amounts: readonly number[], { logits, targets, weights }: LossContext): Tensor {
  const classes = logits.shape[1] as number;
  if (classes < 2 || (amounts.length > 1 && amounts.length !== classes)) {
    throw new ConfigurationError(
      `LabelSmoothing: amount has ${amounts.length} numbers, but the network ${classes} outputs; give one number, or one for each of several classes${classes < 2 ? "; of two classes with one output, zero and one" : ""}.`,
    );
  }
  const logs = logSoftmax(logits);
  const each = constant(
    Array.from({ length: classes }, (_, k) => amounts[k] ?? amounts[0]!),
    [1, classes],
  );
  const truth = mul(oneHot(targets, classes), each);
  const ofTruth = sum(mul(truth, logs), { axes: 1 });
  const ofAll = mul(sum(truth, { axes: 1 }), mean(logs, { axes: 1 }));
  return mean(mul(sub(ofTruth, ofAll), weights));
}
