/** Optimisers as plain data: what a model's file says, and the chain of links that it stands for. */
import { ConfigurationError, unknownName } from "../errors/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { adam, adaptiveRate } from "./adam.ts";
import { type LookaheadOptions, lookahead, scheduleFree, weightAverage } from "./averages.ts";
import { clipByNorm, clipByValue } from "./clip.ts";
import { type Factors, l2Penalty, layerRates, weightDecay } from "./decay.ts";
import { constrain, freeze } from "./freeze.ts";
import { lion } from "./lion.ts";
import { muon } from "./muon.ts";
import { nadam } from "./nadam.ts";
import { chain, type Optimiser } from "./optimiser.ts";
import { chosenNames, type ParameterLayout, perElement } from "./parameter-groups.ts";
import { radam } from "./radam.ts";
import { rmsProp } from "./rms-prop.ts";
import { sgd } from "./sgd.ts";

/** Names of the optimisers; `adamW` and `scheduleFreeAdamW` have a decay of 0.01 unless told otherwise. */
export const optimiserNames = [
  "adam",
  "adamW",
  "lion",
  "muon",
  "nadam",
  "radam",
  "rmsProp",
  "scheduleFreeAdamW",
  "sgd",
] as const;

/** Name of an optimiser. */
export type OptimiserName = (typeof optimiserNames)[number];

/**
 * The optimiser and its values where no schedule sets them. Parameters are named by lists of patterns,
 * as in `["head.*", "*.bias"]`.
 *
 * @example
 * ({ name: "adamW", weightDecay: 0.05, withoutDecay: ["*.bias"], clip: { norm: 1 }, freeze: ["head.*"] })
 */
export interface OptimiserSpec {
  readonly name: OptimiserName;
  /** Default 2e-3, as in LUMIN. */
  readonly learningRate?: number;
  /** Momentum, β₁ of Adam and its like. Default 0.9; 0 for `rmsProp`. */
  readonly momentum?: number;
  /** Decay of the mean of squared gradients. Default 0.999; 0.99 for `rmsProp` and `lion`, where it is β₂. */
  readonly beta2?: number;
  /** Added to the root of squared gradients. Default 1e-8. */
  readonly epsilon?: number;
  /** For `nadam`: repeat torch before 2.0, which counted a momentum twice. */
  readonly asTorch1?: boolean;
  /** Nesterov's momentum, for `sgd`. */
  readonly nesterov?: boolean;
  /** The matrices that `muon` takes. Default `["body.*"]`; what is no matrix goes to Adam in any case. */
  readonly matrices?: readonly string[];
  /** Limits of the gradient: of each component, then of its Euclidean norm. */
  readonly clip?: { readonly value?: number; readonly norm?: number };
  /** λ of the decoupled decay θ ← θ − η·λ·θ, for any optimiser. */
  readonly weightDecay?: number;
  /** λ of a penalty ½·λ·θ² in the loss; the loss that is reported is without it. */
  readonly l2?: number;
  /** Parameters that neither decay nor penalty pulls. */
  readonly withoutDecay?: readonly string[];
  /** Factors of the learning rate (and with it of the decay); of several patterns the last that fits. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Parameters and running statistics that stay as they are. */
  readonly freeze?: readonly string[];
  /** Lookahead around the optimiser. */
  readonly lookahead?: LookaheadOptions;
  /** Decay of a moving average of the weights, which is then evaluated; 0.999 forgets within about 1,000 steps. */
  readonly average?: number;
}

/** The momentum where no schedule sets it. */
export function startMomentum({ name, momentum }: OptimiserSpec): number {
  return momentum ?? (name === "rmsProp" ? 0 : 0.9);
}

/** Names of parameters and running statistics that the specification freezes. */
export function frozenNames(spec: OptimiserSpec, layout: ParameterLayout): ReadonlySet<string> {
  const names = [...layout.parameters, ...layout.buffers].map(({ name }) => name);
  return chosenNames(spec.freeze ?? [], names);
}

/**
 * The optimiser that a specification describes:
 * clipping, penalty, the algorithm, decay, rates, freezing, averaging.
 *
 * @param rule changes the next parameters, before they are averaged over steps.
 * @throws ConfigurationError for values out of range, UnknownNameError for unknown names and patterns.
 */
export function makeOptimiser(
  spec: OptimiserSpec,
  layout: ParameterLayout,
  rule?: (next: Tensor, before: Tensor) => Tensor,
): Optimiser {
  check(spec);
  const { clip = {}, l2 = 0, rates = {}, average } = spec;
  const decays = spec.name === "adamW" || spec.name === "scheduleFreeAdamW";
  const decay = spec.weightDecay ?? (decays ? 0.01 : 0);
  const parameterNames = layout.parameters.map(({ name }) => name);
  const spared = chosenNames(spec.withoutDecay ?? [], parameterNames);
  const unlessSpared = (strength: number): Factors =>
    spared.size === 0
      ? strength
      : perElement(layout, new Float64Array(layout.parameterCount), (name) =>
          spared.has(name) ? 0 : strength,
        );
  const frozen = frozenNames(spec, layout);
  const mask = parameterNames.some((name) => frozen.has(name))
    ? perElement(layout, new Int32Array(layout.parameterCount), (name) => (frozen.has(name) ? 1 : 0))
    : undefined;
  const constrained = rule === undefined ? [] : [constrain(rule, mask)];
  return chain(
    ...(clip.value === undefined ? [] : [clipByValue(clip.value)]),
    ...(clip.norm === undefined ? [] : [clipByNorm(clip.norm)]),
    ...(l2 === 0 ? [] : [l2Penalty(unlessSpared(l2))]),
    algorithm(spec, layout, frozen),
    ...(decay === 0 ? [] : [weightDecay(unlessSpared(decay))]),
    ...(Object.keys(rates).length === 0 ? [] : [layerRates(rateFactors(rates, layout))]),
    ...(mask === undefined ? [] : [freeze(mask)]),
    // A rule for the weights holds for those that gradients are taken at; slow weights lie between such.
    ...(spec.name === "scheduleFreeAdamW" ? [scheduleFree(), ...constrained] : constrained),
    ...(spec.lookahead === undefined ? [] : [lookahead(spec.lookahead)]),
    ...(average === undefined ? [] : [weightAverage(average)]),
  );
}

/** The link that makes steps of the gradient. */
function algorithm(spec: OptimiserSpec, layout: ParameterLayout, frozen: ReadonlySet<string>): Optimiser {
  switch (spec.name) {
    case "adam":
    case "adamW":
      return adam(spec);
    case "lion":
      return lion(spec);
    case "muon": {
      const names = layout.parameters.map(({ name }) => name);
      const chosen = chosenNames(spec.matrices ?? ["body.*"], names);
      const isMatrix = (shape: readonly number[]) => shape.length === 2 && shape.every((size) => size > 1);
      return muon(
        layout.parameters.filter(
          ({ name, shape }) => chosen.has(name) && isMatrix(shape) && !frozen.has(name),
        ),
        spec,
      );
    }
    case "nadam":
      return nadam(spec);
    case "radam":
      return radam(spec);
    case "rmsProp":
      return rmsProp(spec);
    case "scheduleFreeAdamW":
      return adaptiveRate(spec);
    case "sgd":
      return sgd(spec);
    default:
      throw unknownName("optimiser", spec.name, optimiserNames);
  }
}

function rateFactors(rates: Readonly<Record<string, number>>, layout: ParameterLayout): Float64Array {
  const factors = new Map<string, number>();
  for (const [pattern, factor] of Object.entries(rates)) {
    const names = layout.parameters.map(({ name }) => name);
    for (const name of chosenNames([pattern], names)) factors.set(name, factor);
  }
  return perElement(layout, new Float64Array(layout.parameterCount), (name) => factors.get(name) ?? 1);
}

/** Refuses values out of range, and averages of averages. */
function check(spec: OptimiserSpec): void {
  const demand = (what: string, value: number | undefined, holds: (x: number) => boolean, wanted: string) => {
    if (value !== undefined && !(Number.isFinite(value) && holds(value))) {
      throw new ConfigurationError(`optimiser "${spec.name}": ${what} must be ${wanted}, but is ${value}.`);
    }
  };
  const isDecay = (x: number) => x >= 0 && x < 1;
  const isPositive = (x: number) => x > 0;
  const isStrength = (x: number) => x >= 0;
  demand("learningRate", spec.learningRate, isStrength, "0 or more");
  demand("momentum", spec.momentum, isDecay, "in [0, 1)");
  demand("beta2", spec.beta2, isDecay, "in [0, 1)");
  demand("epsilon", spec.epsilon, isPositive, "more than 0");
  demand("clip.value", spec.clip?.value, isPositive, "more than 0");
  demand("clip.norm", spec.clip?.norm, isPositive, "more than 0");
  demand("weightDecay", spec.weightDecay, isStrength, "0 or more");
  demand("l2", spec.l2, isStrength, "0 or more");
  for (const [pattern, factor] of Object.entries(spec.rates ?? {})) {
    demand(`the factor of "${pattern}" in rates`, factor, isStrength, "0 or more");
  }
  demand(
    "lookahead.steps",
    spec.lookahead?.steps,
    (x) => Number.isInteger(x) && x > 0,
    "a whole number of at least 1",
  );
  demand("lookahead.pull", spec.lookahead?.pull, (x) => x > 0 && x <= 1, "in (0, 1]");
  demand("average", spec.average, (x) => x > 0 && x < 1, "in (0, 1)");
  if (spec.name === "scheduleFreeAdamW" && (spec.lookahead ?? spec.average) !== undefined) {
    throw new ConfigurationError(
      'optimiser "scheduleFreeAdamW": it averages the weights itself. Leave lookahead and average out.',
    );
  }
}
