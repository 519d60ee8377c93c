/** How the events of one list of features are augmented: transforms put together and checked once. */
import { ConfigurationError } from "../../errors/index.ts";
import type { Scaler } from "../scaler.ts";
import { droppingStep } from "./dropping.ts";
import { eventVectors } from "./event-vectors.ts";
import { smearingStep } from "./smearing.ts";
import type { DrawnStep, Units } from "./step.ts";
import { type SymmetryStep, symmetryStep } from "./symmetries.ts";
import type {
  Augmentation,
  AugmentationOptions,
  AugmentationTransform,
  Axis,
  ModuleTransform,
  ReflectionTransform,
  RotationTransform,
} from "./transforms.ts";
import { functionStep } from "./user-function.ts";
import { variationStep } from "./variation.ts";

/** How the events of one list of features are augmented. */
export interface AugmentationPlan {
  readonly featureCount: number;
  /** Views of an event in prediction: the product of those of the transforms; view 0 is the event as it is. */
  readonly count: number;
  /** The transforms in their order; of views the first one's go fastest. */
  readonly steps: readonly (SymmetryStep | DrawnStep)[];
  /** Columns of the targets. */
  readonly targetCount: number;
  /** Whether target columns turn with the events, and predictions back. */
  readonly turnsTargets: boolean;
  /** Rules what random views of prediction draw. */
  readonly seed: number;
}

/** Further settings of {@link augmentationPlan}. */
export interface AugmentationPlanOptions {
  /** Names of the target columns: vectors among them (`…_px`, `…_py`, `…_pz`) turn with the events. */
  readonly targets?: readonly string[] | undefined;
  /** "none": the features are stored in physical units, without a scaler. */
  readonly scaler?: "required" | "none" | undefined;
  /** Rules the random views of prediction (default 0). */
  readonly seed?: number | undefined;
}

/**
 * Finds the columns that each transform changes, and the vectors (features `…_px`, `…_py`, `…_pz`; or `…_phi`, `…_eta` beside a pT) that turn.
 *
 * @param features all features in the order of a row: continuous ones, then categorical ones.
 * @param scaler means and deviations of the continuous features.
 * @throws ConfigurationError where there is no scaler, no vector, a rotation lacks a component, or a transform is not as
 * it should be; UnknownNameError for a feature that is not there.
 */
export function augmentationPlan(
  features: readonly string[],
  scaler: Scaler | undefined,
  augmentation: Augmentation = {},
  options: AugmentationPlanOptions = {},
): AugmentationPlan {
  const { targets = [], seed = 0 } = options;
  const isScaled = (options.scaler ?? ("scaler" in augmentation && augmentation.scaler)) !== "none";
  if (!scaler && isScaled) {
    throw new ConfigurationError(
      "augmentation: rotation acts on physical momenta, so the scaler of the features (means and standard deviations) is needed, and these events come without one. Write the fold file with its scaler, or say that the features are not scaled (scaler: none).",
    );
  }
  const units = unitsOf(features, isScaled ? scaler : undefined);
  const inputs = eventVectors(units);
  const turned = eventVectors(unitsOf(targets, undefined));
  const transforms = "length" in augmentation ? augmentation : transformsOf(augmentation);
  checkSymmetries(transforms);
  const steps = merged(transforms).map((transform) =>
    transform.kind === "symmetries" ? symmetryStep(transform, inputs, turned) : drawnStep(transform, units),
  );
  return {
    featureCount: features.length,
    count: steps.reduce((count, { views }) => count * views, 1),
    steps,
    targetCount: targets.length,
    turnsTargets: steps.some(({ keeps }) => !keeps.includes("targets")),
    seed,
  };
}

function drawnStep(transform: DrawnTransform, units: Units): DrawnStep {
  const where = `augmentation: ${transform.kind}`;
  checkViews(transform.views, where);
  switch (transform.kind) {
    case "smearing":
      return smearingStep(transform, units, where);
    case "variation":
      return variationStep(transform, units, where);
    case "dropping":
      return droppingStep(transform, units, where);
    case "function":
      return functionStep(transform, units, where);
  }
}

/** The transforms that the symmetries of a detector are short for. */
function transformsOf({ rotations = 2, reflect = ["y", "z"] }: AugmentationOptions): AugmentationTransform[] {
  if (!Number.isInteger(rotations) || rotations < 0) {
    throw new ConfigurationError(`augmentation: rotations must be 0, 1, 2, …, but ${rotations} came.`);
  }
  return [
    ...(rotations > 0 ? [{ kind: "rotation", views: rotations } as const] : []),
    { kind: "reflection", axes: reflect },
  ];
}

function unitsOf(names: readonly string[], scaler: Scaler | undefined): Units {
  return {
    names,
    continuousCount: scaler ? Math.min(names.length, scaler.means.length) : names.length,
    means: Float64Array.from(names, (_, f) => scaler?.means[f] ?? 0),
    deviations: Float64Array.from(names, (_, f) => scaler?.standardDeviations[f] ?? 1),
  };
}

function checkSymmetries(transforms: readonly AugmentationTransform[]): void {
  const reflectsX = transforms.some(
    (transform) => transform.kind === "reflection" && transform.axes?.includes("x"),
  );
  if (reflectsX && transforms.some(({ kind }) => kind === "rotation")) {
    throw new ConfigurationError(
      "augmentation: a reflection in x is a rotation by π and a reflection in y; leave x out, or set rotations to 0.",
    );
  }
}

function checkViews(views: number | undefined, where: string): void {
  if (views === undefined || (Number.isInteger(views) && views >= 1)) return;
  throw new ConfigurationError(`${where}: views must be 1, 2, 3, …, but ${views} came.`);
}

/** A rotation and reflections in one. */
interface Symmetries {
  readonly kind: "symmetries";
  readonly rotations: number;
  readonly reflect: readonly Axis[];
  readonly views?: number | undefined;
}

/** A transform that is no symmetry, loaded. */
type DrawnTransform = Exclude<
  AugmentationTransform,
  RotationTransform | ReflectionTransform | ModuleTransform
>;

/** The transforms, in which a rotation with the reflections after it is one map. */
function merged(transforms: readonly AugmentationTransform[]): readonly (Symmetries | DrawnTransform)[] {
  const result: (Symmetries | DrawnTransform)[] = [];
  for (const transform of transforms) {
    switch (transform.kind) {
      case "rotation": {
        const { views = 2 } = transform;
        checkViews(views, "augmentation: rotation");
        result.push({ kind: "symmetries", rotations: views, reflect: [] });
        break;
      }
      case "reflection": {
        const reflections = reflectionsOf(transform);
        const last = result.at(-1);
        const joins =
          last?.kind === "symmetries" && last.reflect.length === 0 && reflections.views === undefined;
        if (joins) result[result.length - 1] = { ...last, reflect: reflections.reflect };
        else result.push(reflections);
        break;
      }
      case "module":
        throw new ConfigurationError(
          `augmentation: the function "${transform.name}" of "${transform.module}" is not loaded. Give the augmentation to loadAugmentation first.`,
        );
      default:
        result.push(transform);
    }
  }
  return result;
}

function reflectionsOf({ axes = ["y", "z"], views }: ReflectionTransform): Symmetries {
  const reflect = [...new Set(axes)];
  const all = 2 ** reflect.length;
  if (views !== undefined && views !== 1 && views !== all) {
    throw new ConfigurationError(
      `augmentation: reflection: views must be ${all}, every combination of ${reflect.join(", ")}, or 1, none in prediction, but ${views} came.`,
    );
  }
  return { kind: "symmetries", rotations: 0, reflect, ...(views === 1 ? { views } : {}) };
}
