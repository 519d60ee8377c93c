/** Endcaps: what is made of a network's predictions when it predicts, not while it trains. */
import type { ModuleReference } from "../data/user-module.ts";
import { ConfigurationError } from "../errors/index.ts";
import { input, shapeText, type Tensor } from "../tensor/index.ts";

/**
 * A function of predictions [events, outputs] and of the network's inputs [events, features] (pre-processed), written
 * with tensor functions, that gives [events, other outputs]: a mass from regressed momenta, for example. The loss is
 * of the predictions before it. It is part of predictions and of exported graphs.
 */
export type EndcapFunction = (prediction: Tensor, inputs: Tensor) => Tensor;

/** An endcap by module, which travels to worker processes and is saved with a model. */
export interface EndcapModule extends ModuleReference {
  /** How many values it gives an event. */
  readonly outputCount: number;
}

/** An endcap by module, or as a function that stays in this process. */
export type EndcapChoice = EndcapModule | EndcapFunction;

/** Values an event that leave the endcap. */
export function endcapOutputs(endcap: EndcapChoice, outputs: number, features: number): number {
  if (typeof endcap !== "function") return endcap.outputCount;
  const [prediction, inputs] = [
    input("prediction", ["events", outputs]),
    input("inputs", ["events", features]),
  ];
  return checkedOutputs(endcap(prediction, inputs), undefined);
}

/**
 * The endcap's function.
 * @throws ConfigurationError if its module cannot be loaded.
 */
export async function loadEndcap(choice: EndcapChoice): Promise<EndcapFunction> {
  if (typeof choice === "function") return choice;
  // Only Node loads modules from files.
  const { loadModule } = await import("../data/user-module.ts");
  const loaded = (await loadModule(choice)) as EndcapFunction;
  return (prediction, inputs) => {
    const result = loaded(prediction, inputs);
    checkedOutputs(result, choice.outputCount);
    return result;
  };
}

function checkedOutputs({ shape }: Tensor, expected: number | undefined): number {
  const [, outputs] = shape;
  if (shape.length === 2 && typeof outputs === "number" && (expected ?? outputs) === outputs) return outputs;
  throw new ConfigurationError(
    `endcap: it must give ${expected ?? "its"} values for each event, [events, ${expected ?? "outputs"}], ` +
      `but gave ${shapeText(shape)}.`,
  );
}
