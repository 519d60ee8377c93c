/** `PivotTraining`: an adversary makes a network's predictions independent of nuisance parameters. */
import { ConfigurationError, DataError } from "../errors/index.ts";
import { mutualInformation } from "../metrics/index.ts";
import { type GraphHooks, ModelBuilder } from "../model/index.ts";
import { outputCount } from "../nn/index.ts";
import {
  add,
  cast,
  concat,
  equal,
  less,
  mean,
  mul,
  reshape,
  sub,
  type Tensor,
  where,
} from "../tensor/index.ts";
import { Adversary, type AdversaryOptions } from "./adversary.ts";
import type { Callback, GraphContext, ValidationPredictions } from "./callback.ts";
import type { FoldArrays } from "./programs.ts";

/** Options of `PivotTraining`. */
export interface PivotTrainingOptions {
  /** Columns of the fold file with the nuisance parameters: numbers, not inputs of the network. */
  readonly nuisances: readonly string[];
  /** λ: how much independence is worth, in the unit of the loss per nat. */
  readonly coefficient: number;
  /** Only events of this class shall be independent of them, such as 0: the background. Default: all events. */
  readonly class?: number;
  /** Epochs in which the network learns alone, at the beginning. Default 1. */
  readonly networkEpochs?: number;
  /** Epochs after those in which the adversary learns alone. Default 1. */
  readonly adversaryEpochs?: number;
  /** Epochs after those in which λ rises from 0 to its value, in a straight line. Default 0. */
  readonly riseEpochs?: number;
  /**
   * Once both learn: steps of the adversary alone before each step of the network alone. Default 0: every step
   * trains both.
   */
  readonly adversarySteps?: number;
  readonly adversary?: AdversaryOptions;
}

/**
 * Learning to pivot with adversarial networks (Louppe, Kagan, Cranmer, arXiv 1611.01046). The network minimises
 * L − λ·A, the adversary minimises its own loss A = −log p(z | prediction), the surprise at the nuisance parameters.
 * With the best adversary L − λ·A is L + λ·I(z; prediction) but for a constant: what the predictions tell of z costs
 * λ per nat. Both nets are one graph: λ and what learns in a step are inputs of it.
 *
 * First the network learns alone, then the adversary alone, then both. The training loss has −λ·A in it, the validation
 * loss has not. The history gets `dependence`, the mutual information of prediction and z in the validation fold
 * (for several: the largest of each, summed), and `surprise`, a running mean of A. The best epoch is that of the
 * lowest L + λ·dependence among those in which both learnt; early stopping goes by it too.
 *
 * Events weigh as in the network's loss. Nuisance parameters are brought to mean 0 and deviation 1 for the adversary.
 *
 * Unlike Python LUMIN's: one training instead of three after each other, the adversary sees any dependence (a mixture
 * of Gaussians) unless it has one component, and the best epoch is not one before the adversary.
 */
export function pivotTrainingCallback(options: PivotTrainingOptions): Callback {
  checkOptions(options);
  const { nuisances, coefficient, riseEpochs = 0 } = options;
  let phases: Phases | undefined;
  const dependence = (validation: ValidationPredictions): number => dependenceOn(options, validation);
  return {
    name: "PivotTraining",
    columns: nuisances,
    graph: (context) => {
      phases = phasesOf(options, context);
      return pivotHooks(options, phases, riseEpochs * context.stepsPerEpoch, context);
    },
    measure: async (view) => ({
      dependence: dependence(await view.validationPredictions()),
      surprise: view.state.slots[carriedName("surprise")]?.[0] ?? Number.NaN,
    }),
    judge: async ({ loss, source, weights }, view) => {
      if (view.step <= phases!.bothFrom) return undefined;
      const predictions = await view.validationPredictions(source === undefined ? undefined : weights());
      return loss + coefficient * dependence(predictions);
    },
    state: () => undefined,
  };
}

function checkOptions(options: PivotTrainingOptions): void {
  const { nuisances, coefficient, networkEpochs = 1, adversaryEpochs = 1 } = options;
  const { riseEpochs = 0, adversarySteps = 0 } = options;
  if (!(Array.isArray(nuisances) && nuisances.length > 0)) {
    throw new ConfigurationError(
      'PivotTraining: give the nuisance parameters as a list of columns, such as nuisances: ["mass"].',
    );
  }
  const counts = Object.entries({ networkEpochs, adversaryEpochs, riseEpochs, adversarySteps });
  const wrong = counts.find(([, value]) => !(Number.isInteger(value) && value >= 0));
  if (wrong) {
    throw new ConfigurationError(
      `PivotTraining: ${wrong[0]} is ${wrong[1]}; give a whole number of at least 0.`,
    );
  }
  if (!(coefficient >= 0 && Number.isFinite(coefficient))) {
    throw new ConfigurationError(
      `PivotTraining: the coefficient is ${coefficient}; give a number of at least 0.`,
    );
  }
}

/** When what learns: numbers of steps since the start. */
interface Phases {
  /** The network has learnt alone. */
  readonly networkUntil: number;
  /** The adversary has learnt alone. */
  readonly bothFrom: number;
  /** Steps of the network among the first `step`. */
  networkSteps(step: number): number;
  /** Steps of the adversary among the first `step`. */
  adversarySteps(step: number): number;
}

function phasesOf(options: PivotTrainingOptions, { epochCount, stepsPerEpoch }: GraphContext): Phases {
  const { networkEpochs = 1, adversaryEpochs = 1, adversarySteps = 0 } = options;
  if (networkEpochs + adversaryEpochs >= epochCount) {
    throw new ConfigurationError(
      `PivotTraining: network and adversary learn alone for ${networkEpochs} and ${adversaryEpochs} epochs, but ${epochCount} are trained; leave some for both.`,
    );
  }
  const networkUntil = networkEpochs * stepsPerEpoch;
  const bothFrom = networkUntil + adversaryEpochs * stepsPerEpoch;
  const turns = (step: number): number => Math.floor(Math.max(0, step - bothFrom) / (adversarySteps + 1));
  return {
    networkUntil,
    bothFrom,
    networkSteps: (step) => Math.min(step, networkUntil) + turns(step),
    adversarySteps: (step) => {
      const alone = Math.min(Math.max(0, step - networkUntil), bothFrom - networkUntil);
      const both = Math.max(0, step - bothFrom);
      return alone + (adversarySteps === 0 ? both : both - turns(step));
    },
  };
}

/** Names of what the callback carries along and of its numbers, unlike all others. */
function carriedName(name: string): string {
  return `PivotTraining.${name}`;
}

function named<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [carriedName(name), value]));
}

function pivotHooks(
  options: PivotTrainingOptions,
  phases: Phases,
  riseSteps: number,
  context: GraphContext,
): GraphHooks {
  const { network, getFold, trainingFolds, stream } = context;
  if (!(network instanceof ModelBuilder)) {
    throw new ConfigurationError("PivotTraining: it needs a network of a ModelBuilder.");
  }
  const { nuisances, coefficient } = options;
  const adversary = new Adversary(outputCount(network.task), nuisances.length, options.adversary ?? {});
  const folds = trainingFolds.map((fold) => getFold(fold));
  const scales = nuisances.map((name) => scaleOf(name, folds, options.class));
  const share = weightShare(folds, options.class);
  const start = adversary.start((...key) => stream("adversary", ...key));
  const vectorNames = Object.keys(start);
  const coefficientAt = (step: number): number => {
    if (step <= phases.bothFrom) return 0;
    return riseSteps === 0 ? coefficient : coefficient * Math.min(1, (step - phases.bothFrom) / riseSteps);
  };
  // From `loss` to `carry` of the same trace.
  let surprise: Tensor;
  let parameters: readonly Tensor[];
  const vectorsOf = (carried: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
    Object.fromEntries(vectorNames.map((name) => [name, carried[carriedName(name)]!]));
  return {
    carried: named({ ...start, surprise: new Float32Array(1) }),
    scalars: ["coefficient", "learns", ...adversary.scalars].map(carriedName),
    scalarsAt: (step) => {
      const done = phases.adversarySteps(step - 1);
      return [coefficientAt(step), phases.adversarySteps(step) - done, ...adversary.scalarsAt(done + 1)];
    },
    networkSteps: (step) => phases.networkSteps(step),
    loss: (loss, { prediction, targets, weights, columns, carried, scalars }) => {
      const scaled = nuisances.map((name, j) => {
        const { mean: centre, deviation } = scales[j]!;
        return reshape(mul(sub(columns[name]!, centre), 1 / deviation), [-1, 1]);
      });
      const told = adversary.surprise(vectorsOf(carried), prediction, concat(scaled, 1));
      const column = reshape(weights, [-1, 1]);
      const counted =
        options.class === undefined ? column : mul(column, cast(equal(targets, options.class), "float32"));
      surprise = mul(mean(mul(told.surprise, counted)), 1 / share);
      parameters = told.parameters;
      return sub(loss, mul(surprise, scalars[carriedName("coefficient")]!));
    },
    carry: ({ carried, scalars }) => {
      const before = vectorsOf(carried);
      const own = Object.fromEntries(adversary.scalars.map((name) => [name, scalars[carriedName(name)]!]));
      const after = adversary.step(before, surprise, parameters, own);
      const learns = less(0.5, scalars[carriedName("learns")]!);
      const next = vectorNames.map((name) => [name, where(learns, after[name]!, before[name]!)] as const);
      const mean98 = carried[carriedName("surprise")]!;
      const running = add(mean98, mul(sub(reshape(surprise, [1]), mean98), 0.02));
      return named({ ...Object.fromEntries(next), surprise: where(learns, running, mean98) });
    },
  };
}

/** Rows of the class that shall be independent; all where none is named. */
function countsIn(chosen: number | undefined, events: FoldArrays, row: number): boolean {
  return chosen === undefined || events.targets[row * events.targetCount] === chosen;
}

function scaleOf(
  name: string,
  folds: readonly FoldArrays[],
  chosen: number | undefined,
): { readonly mean: number; readonly deviation: number } {
  let [count, sum, squares] = [0, 0, 0];
  for (const fold of folds) {
    for (const [row, value] of fold.columns![name]!.entries()) {
      if (!countsIn(chosen, fold, row)) continue;
      count += 1;
      // Welford's recursion: no difference of large numbers.
      const step = value - sum;
      sum += step / count;
      squares += step * (value - sum);
    }
  }
  const deviation = Math.sqrt(squares / count);
  if (!(deviation > 0)) {
    throw new DataError(
      `PivotTraining: "${name}" does not vary among the ${count} events${chosen === undefined ? "" : ` of class ${chosen}`}; nothing can depend on it.`,
    );
  }
  return { mean: sum, deviation };
}

/** Share of the weights that the class has. */
function weightShare(folds: readonly FoldArrays[], chosen: number | undefined): number {
  let [all, own] = [0, 0];
  for (const fold of folds) {
    for (let row = 0; row < fold.eventCount; row++) {
      const weight = fold.weights?.[row] ?? 1;
      all += weight;
      if (countsIn(chosen, fold, row)) own += weight;
    }
  }
  if (own > 0 && all > 0) return own / all;
  throw new DataError(
    `PivotTraining: the weights of the events of class ${chosen} sum to ${own}; they must be positive.`,
  );
}

/** Mutual information of the predictions with each nuisance parameter, summed. */
function dependenceOn(
  options: PivotTrainingOptions,
  { predictions, outputCount: outputs, events, weights }: ValidationPredictions,
): number {
  const rows = Array.from({ length: events.eventCount }, (_, row) => row).filter((row) =>
    countsIn(options.class, events, row),
  );
  const chosenWeights = Float32Array.from(rows, (row) => weights[row]!);
  return options.nuisances.reduce((sum, name) => {
    const z = Float32Array.from(rows, (row) => events.columns![name]![row]!);
    const ofOutputs = Array.from({ length: outputs }, (_, output) =>
      mutualInformation(
        Float32Array.from(rows, (row) => predictions[row * outputs + output]!),
        z,
        chosenWeights,
      ),
    );
    return sum + Math.max(...ofOutputs);
  }, 0);
}
