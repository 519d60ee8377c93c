/** The training step of a network, traced, compiled, and run for many batches in one call. */
import type { Stream } from "../array/index.ts";
import { grad } from "../autodiff/index.ts";
import {
  checkMemory,
  chooseDevice,
  type EngineOptions,
  finalStateName,
  freeMemory,
  type Runnable,
  Session,
  type SessionValue,
  type StepGraph,
  scanModel,
} from "../engine/index.ts";
import { ConfigurationError, ShapeError } from "../errors/index.ts";
import {
  flatten,
  type Loss,
  type NetworkLayout,
  outputCount,
  type Scope,
  scaleTargets,
  type Task,
  targetCount,
  toPrediction,
  traceNetwork,
} from "../nn/index.ts";
import { slotShape, takeStep } from "../optim/index.ts";
import {
  concat,
  constant,
  elementCount,
  gather,
  type InputTensor,
  inPlace,
  input,
  mul,
  shapeText,
  slice,
  type Tensor,
} from "../tensor/index.ts";
import type { ModelBuilder } from "./builder.ts";
import { dropoutMasks } from "./dropout-masks.ts";
import type { BatchTensors, GraphHooks, LossContext } from "./graph-hooks.ts";
import { HookInputs } from "./hook-inputs.ts";

/** Everything that training changes, as flat vectors. */
export interface TrainingState {
  readonly parameters: Float32Array;
  /** Running statistics. */
  readonly buffers: Float32Array;
  /** What the optimiser carries from step to step, and graph hooks. */
  readonly slots: Readonly<Record<string, Float32Array>>;
  /** Steps done. */
  readonly step: number;
}

/** Some steps on the events of one fold. */
export interface FoldCall {
  /** Stored inputs [rows, features]. */
  readonly table: Float32Array;
  readonly rows: number;
  /** [rows, targets]. */
  readonly targets: Float32Array;
  /** [rows]; all ones when the data have no weights. */
  readonly weights: Float32Array;
  /** Indices of the events of each batch, [steps × batchSize]. */
  readonly order: Int32Array;
  /** [steps]. */
  readonly learningRates: Float32Array;
  /** [steps]. */
  readonly momenta: Float32Array;
  /** Further columns of the events that the step was compiled with, [rows] each. */
  readonly columns?: Readonly<Record<string, Float32Array>>;
  /** The network learns in every step, whatever graph hooks say: for a pass that makes running statistics. */
  readonly neverRests?: boolean;
  /** Where the random bits of dropout come from; read step by step. */
  readonly random: Stream;
}

/** A compiled training step that runs over a fold. */
export interface TrainingProgram {
  readonly parameterCount: number;
  /** Runs the steps; `losses` has one value a step. The given state is not changed. */
  run(
    state: TrainingState,
    call: FoldCall,
  ): Promise<{ readonly state: TrainingState; readonly losses: Float32Array }>;
  /** Gives back the engine's memory; the program cannot run afterwards. */
  release(): Promise<void>;
}

export interface StepOptions extends EngineOptions {
  readonly batchSize: number;
  /** The training events' mean weight: weights are divided by it. */
  readonly meanWeight: number;
  readonly loss: Loss;
  readonly graphHooks?: readonly GraphHooks[];
  /** Further columns of the events for the hooks; every call has to give them. */
  readonly columns?: readonly string[];
}

/** The part of a `ModelBuilder` that a training step is made from. */
export type StepRecipe = Pick<
  ModelBuilder,
  "task" | "featureCount" | "layout" | "frozen" | "network" | "makeOptimiser"
>;

/**
 * Traces and compiles the step: gather the batch, network, loss, gradient, update. What runs the traced step is made
 * by `open`: a session on the device of the options, if nothing else is given.
 */
export async function compileTraining(
  builder: StepRecipe,
  options: StepOptions,
  open: (step: StepGraph) => Promise<Runnable> = (step) => openSession(step, options),
): Promise<TrainingProgram> {
  const { batchSize, meanWeight } = options;
  if (!(Number.isFinite(meanWeight) && meanWeight !== 0)) {
    throw new ConfigurationError(
      `training: the mean weight of the training events must be a number that is not 0, but is ${meanWeight}. ` +
        "Check the weight column, or choose another normalisation of the weights.",
    );
  }
  const step = traceStep(builder, options);
  const session = await open({ ...step, batch: batchSize });
  const optimiser = builder.makeOptimiser();
  const { parameterCount, bufferCount } = builder.layout;
  const features = builder.featureCount;
  const targets = targetCount(builder.task);

  return {
    parameterCount,
    async run(state, call) {
      const steps = call.learningRates.length;
      const feeds: Record<string, SessionValue> = {
        table: { data: call.table, shape: [call.rows, features] },
        targets: { data: call.targets, shape: [call.rows, targets] },
        weights: { data: call.weights, shape: [call.rows] },
        weightScale: { data: Float32Array.of(1 / meanWeight), shape: [] },
        order: { data: call.order, shape: [steps, batchSize] },
        parameters: { data: state.parameters, shape: [parameterCount] },
      };
      if (bufferCount > 0) feeds.buffers = { data: state.buffers, shape: [bufferCount] };
      for (const slot of optimiser.slots) {
        feeds[`slot:${slot.name}`] = {
          data: state.slots[slot.name]!,
          shape: slotShape(slot, parameterCount),
        };
      }
      const scalars = optimiser.scalars.map(() => new Float32Array(steps));
      for (let i = 0; i < steps; i++) {
        const now = optimiser.scalarsAt(
          step.hooks.optimiserStep(state.step + i + 1),
          call.learningRates[i]!,
          call.momenta[i]!,
        );
        now.forEach((value, s) => {
          scalars[s]![i] = value;
        });
      }
      optimiser.scalars.forEach((name, s) => {
        feeds[`scalar:${name}`] = { data: scalars[s]!, shape: [steps] };
      });
      Object.assign(feeds, step.hooks.feeds(state, call, steps));
      Object.assign(feeds, dropoutMasks(step.masks, steps, call.random));
      const results = await session.run(feeds);
      const final = (name: string) => results[finalStateName(name)]!.data as Float32Array;
      return {
        state: {
          parameters: final("parameters"),
          buffers: bufferCount > 0 ? final("buffers") : state.buffers,
          slots: Object.fromEntries([
            ...optimiser.slots.map(({ name }) => [name, final(`slot:${name}`)] as const),
            ...Object.keys(step.hooks.carried).map((name) => [name, final(`carried:${name}`)] as const),
          ]),
          step: state.step + steps,
        },
        losses: results.loss!.data as Float32Array,
      };
    },
    release: () => session.release(),
  };
}

/** A session for the step, on the first device that works. */
async function openSession(step: StepGraph, options: EngineOptions): Promise<Session> {
  const values = [...step.state.map(({ after }) => after), ...Object.values(step.outputs)];
  checkMemory("training step", values, freeMemory(await chooseDevice(options)));
  return await Session.create(scanModel(step), options);
}

/** One training step as a graph. */
function traceStep(builder: StepRecipe, { batchSize, loss, graphHooks = [], columns = [] }: StepOptions) {
  const { layout, frozen } = builder;
  const rules = graphHooks.flatMap((hooks) => (hooks.update ? [hooks.update.bind(hooks)] : []));
  const optimiser = builder.makeOptimiser(
    rules.length === 0
      ? undefined
      : (next, before) => rules.reduce((value, rule) => rule(value, before), next),
  );
  const table = input("table", ["rows", builder.featureCount]);
  const targets = input("targets", ["rows", targetCount(builder.task)]);
  const weights = input("weights", ["rows"]);
  const weightScale = input("weightScale", []);
  const order = input("order", [batchSize], "int32");
  const parameters = input("parameters", [layout.parameterCount]);
  const buffers = input("buffers", [layout.bufferCount]);
  const slots: Record<string, InputTensor> = Object.fromEntries(
    optimiser.slots.map((slot) => [
      slot.name,
      input(`slot:${slot.name}`, slotShape(slot, layout.parameterCount)),
    ]),
  );
  const scalars: Record<string, InputTensor> = Object.fromEntries(
    optimiser.scalars.map((name) => [name, input(`scalar:${name}`, [])]),
  );

  const hooks = new HookInputs(
    graphHooks,
    columns,
    optimiser.slots.map(({ name }) => name),
  );
  const batch = inPart("batch", "what callbacks make of the batch", () =>
    graphHooks.reduce<BatchTensors>((before, hooks) => hooks.batch?.(before) ?? before, {
      inputs: gather(table, order),
      targets: gather(targets, order),
      weights: gather(mul(weights, weightScale), order),
      columns: Object.fromEntries(
        Object.entries(hooks.columns).map(([name, column]) => [name, gather(column, order)]),
      ),
    }),
  );
  const traced = traceNetwork(builder.network, batch.inputs, { parameters, buffers }, true);
  const context: LossContext = {
    ...batch,
    parameters,
    carried: hooks.carried,
    scalars: hooks.scalars,
    logits: traced.output,
    prediction: inPlace("prediction", () => toPrediction(traced.output, builder.task)),
  };
  const value = inPart("loss", "what callbacks add to the loss", () =>
    graphHooks.reduce(
      (before, hooks) => hooks.loss?.(before, context) ?? before,
      lossValue(loss, { ...context, scope: traced.scope }, batch, builder.task),
    ),
  );
  // What is frozen needs no gradient, and has none.
  const isFrozen = layout.parameters.map(({ name }) => frozen.has(name));
  const slopes = grad(
    value,
    traced.parameters.filter((_, i) => !isFrozen[i]),
  ).values();
  const gradients = traced.parameters.map((parameter, i) =>
    isFrozen[i] ? zeros(parameter) : slopes.next().value!,
  );
  const updated = inPart("update", "the update of the parameters", () => {
    const gradient = graphHooks.reduce(
      (before, hooks) => hooks.gradient?.(before) ?? before,
      flatten(gradients, (parts) => concat(parts, 0)),
    );
    return takeStep(optimiser, { parameters, gradient, slots, scalars });
  });
  const statistics = traced.buffers.map((next, i) =>
    frozen.has(layout.buffers[i]!.name) ? stored(buffers, layout.buffers[i]!) : next,
  );

  const ofNetwork = [
    { before: parameters, after: updated.parameters },
    ...(layout.bufferCount > 0
      ? [{ before: buffers, after: flatten(statistics, (parts) => concat(parts, 0)) }]
      : []),
    ...optimiser.slots.map(({ name }) => ({ before: slots[name]!, after: updated.slots[name]! })),
  ].map(({ before, after }) => ({ before, after: hooks.unlessResting(after, before) }));
  const carried = inPart("carry", "what callbacks carry along", () =>
    hooks.carriedOn({ ...context, next: ofNetwork[0]!.after }),
  );

  return {
    state: [...ofNetwork, ...carried],
    scanned: [order, ...Object.values(scalars), ...hooks.scanned, ...traced.masks.map((mask) => mask.tensor)],
    fixed: [table, targets, weights, weightScale, ...Object.values(hooks.columns)],
    outputs: { loss: value },
    masks: traced.masks,
    hooks,
  };
}

/** Tensors of a part of the step; a shape that does not fit is reported with what the part is. */
function inPart<T>(place: string, what: string, make: () => T): T {
  return named(what, () => inPlace(place, make));
}

/** A shape that does not fit is reported with where it was met, if that is not known already. */
function named<T>(where: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ShapeError) || /^(loss|layer) "/.test(error.message)) throw error;
    throw new ShapeError(`${where}: ${error.message}`);
  }
}

/** The scalar loss of a batch, checked. */
export function lossValue(
  loss: Loss,
  network: { readonly logits: Tensor; readonly prediction: Tensor; readonly scope: Scope },
  batch: { readonly targets: Tensor; readonly weights: Tensor },
  task: Task,
): Tensor {
  const { values, targets } = whatLossTakes(loss, network, batch.targets, task);
  const value = named(`loss "${loss.name}"`, () =>
    loss.of(values, targets, batch.weights, network.scope.child("loss")),
  );
  if (value.rank !== 0) {
    throw new ConfigurationError(
      `loss "${loss.name}": it must give one number for the batch (shape []), but gave ${shapeText(value.shape)} ` +
        `for predictions with ${outputCount(task)} outputs. Reduce it with mean.`,
    );
  }
  return value;
}

/** Logits or predictions, and targets; scaled ones where the task has a scaling and the loss is to be taken of them. */
function whatLossTakes(
  { takes, isScaled = false }: Loss,
  { logits, prediction }: { readonly logits: Tensor; readonly prediction: Tensor },
  targets: Tensor,
  task: Task,
): { readonly values: Tensor; readonly targets: Tensor } {
  if (takes === "logits") return { values: logits, targets };
  if (!isScaled || task.kind !== "regression" || task.scaling === undefined) {
    return { values: prediction, targets };
  }
  // Without a range, what leaves the network is the scaled value itself.
  const values = task.range === undefined ? logits : scaleTargets(prediction, task.scaling);
  return { values, targets: scaleTargets(targets, task.scaling) };
}

/** The part of a flat vector where an entry lies. */
function stored(flat: Tensor, { offset, shape }: NetworkLayout["buffers"][number]): Tensor {
  return slice(flat, 0, offset, offset + elementCount(shape));
}

/** Zeros of the parameter's shape. */
function zeros(parameter: Tensor): Tensor {
  return constant(new Float64Array(elementCount(parameter.shape)), parameter.shape);
}
