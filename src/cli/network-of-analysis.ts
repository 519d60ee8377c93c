/** The networks that an analysis asks for. */
import { resolve } from "node:path";
import { type FoldYielder, resolveModule } from "../data/index.ts";
import {
  type Embeddings,
  fitTargetScaling,
  loadEmbeddings,
  Model,
  ModelBuilder,
  type NamedWeights,
} from "../model/index.ts";
import {
  type BodySpec,
  catEmbHead,
  conv1dHead,
  graphHead,
  type HeadSpec,
  lorentzBoostHead,
  type MatrixHeadSpec,
  multiBlock,
  multiHead,
  recurrentHead,
  type Task,
} from "../nn/index.ts";
import {
  type Analysis,
  type BodyConfiguration,
  classNames,
  type ModelConfiguration,
  networkConfiguration,
  type ObjectsConfiguration,
} from "./analysis.ts";

/**
 * The builder of the analysis's networks; paths in the analysis are relative to `directory`.
 * @throws FileFormatError where weights to start with cannot be read, ConfigurationError where they do not fit.
 */
export async function builderFor(
  analysis: Analysis,
  folds: FoldYielder,
  directory: string,
): Promise<ModelBuilder> {
  const { head, body, tail, loss, optimiser } = networkConfiguration(analysis);
  const { subsample } = head;
  const embeddingSizes = sizesOf(head.embeddings, folds);
  return new ModelBuilder({
    task: taskOf(analysis, folds),
    features: folds,
    head: headOf(head),
    body: bodyOf(body),
    tail: { kind: "classRegMulti", ...(tail.bias === undefined ? {} : { bias: tail.bias }) },
    optimiser,
    ...(embeddingSizes === undefined ? {} : { embeddingSizes }),
    ...(subsample === undefined ? {} : { inputMask: subsample }),
    ...(loss === "auto"
      ? {}
      : { loss: typeof loss === "object" && "module" in loss ? resolveModule(loss, directory) : loss }),
    ...(await startOf(analysis, directory)),
  });
}

function sizesOf(
  embeddings: ModelConfiguration["head"]["embeddings"],
  folds: FoldYielder,
): Readonly<Record<string, number>> | undefined {
  if (embeddings === "paper") return undefined;
  if (typeof embeddings !== "number") return embeddings;
  return Object.fromEntries(folds.categoricalFeatures.map((name) => [name, embeddings]));
}

function headOf({ inputDropout, embeddingDropout, objects, flat }: ModelConfiguration["head"]): HeadSpec {
  const besides = catEmbHead({ inputDropout, embeddingDropout });
  if (objects === undefined) return besides;
  const ofObjects = objectsOf(objects);
  return flat ? multiHead({ objects: ofObjects, flat: besides }) : ofObjects;
}

function objectsOf(objects: ObjectsConfiguration): MatrixHeadSpec {
  switch (objects.kind) {
    case "recurrent":
      return recurrentHead(objects);
    case "conv1d":
      return conv1dHead(objects);
    case "graph":
      return graphHead(objects);
    case "lorentzBoost":
      return lorentzBoostHead(objects);
  }
}

function bodyOf(body: BodyConfiguration): BodySpec {
  return body.kind === "multiBlock" ? multiBlock(body) : body;
}

function taskOf(analysis: Analysis, folds: FoldYielder): Task {
  const { target } = analysis;
  switch (target.task) {
    case "binary":
      return { kind: "binary" };
    case "multiclass":
      return { kind: "multiclass", classCount: classNames(target).length };
    case "regression": {
      const { range, scaleTargets } = networkConfiguration(analysis).tail;
      return {
        kind: "regression",
        targetCount: target.columns.length,
        ...(range === undefined ? {} : { range }),
        ...(scaleTargets ? { scaling: fitTargetScaling(folds) } : {}),
      };
    }
  }
}

/** The weights that the networks of the analysis start with. @throws FileFormatError where they cannot be read. */
export async function startOf(
  analysis: Analysis,
  directory: string,
): Promise<{ readonly start?: NamedWeights; readonly embeddings?: Embeddings }> {
  const { start } = networkConfiguration(analysis);
  if (start === undefined) return {};
  const { model, embeddings, names } = start;
  return {
    ...(model === undefined
      ? {}
      : { start: (await Model.load(resolve(directory, model))).weightsByName(names) }),
    ...(embeddings === undefined ? {} : { embeddings: await loadEmbeddings(resolve(directory, embeddings)) }),
  };
}

/** A body in a few words. */
export function bodyText(body: BodyConfiguration): string {
  switch (body.kind) {
    case "fullyConnected":
      return `${body.connect}, ${body.depth} × ${body.width}, ${body.activation}`;
    case "multiBlock":
      return body.blocks
        .map((block) => `${block.features.join(" ")}: ${bodyText({ ...block, kind: "fullyConnected" })}`)
        .join("; ");
    case "identity":
      return "no hidden layer";
  }
}
