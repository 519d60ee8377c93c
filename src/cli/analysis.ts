/** The description of an analysis: what one YAML file says, after checking and with all defaults filled in. */

import type { AugmentationTransform, FittableStep, FunctionTransform, Scaling } from "../data/index.ts";
import type { Device } from "../engine/index.ts";
import type { TreesSpec } from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type {
  Conv1dHeadOptions,
  GraphHeadOptions,
  LorentzBoostHeadOptions,
  NamedLoss,
  RecurrentHeadOptions,
} from "../nn/index.ts";
import type { OptimiserSpec } from "../optim/index.ts";
import type { PlotSettings } from "../plot/index.ts";

/** User code in a module of its own: `name` is the exported function, `options` its argument. */
export interface ModuleReference {
  readonly module: string;
  readonly name: string;
  readonly options?: unknown;
}

/** Where the events come from. */
export interface InputConfiguration {
  /** Files of events of any format that is read, with `*` and `?`; relative to the analysis file. */
  readonly files: readonly string[];
  /** What is said of some of the files beside their names. */
  readonly sources: readonly SourceConfiguration[];
  /** The tree or ntuple of ROOT files, the group of HDF5 files. */
  readonly tree?: string | undefined;
  /** SQL expression that chooses rows, e.g. `KaggleSet = 't'`. */
  readonly select?: string | undefined;
  /** Columns that identify an event, such as run, luminosityBlock and event; they are carried to every prediction. */
  readonly id: readonly string[];
  /** Values that mean "not measured"; they become NaN. */
  readonly missing: readonly number[];
  /** New columns, for features, targets, weights and cuts: expressions such as `mass(lep + tau)`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Tables whose columns are joined to the events. */
  readonly friends: readonly FriendConfiguration[];
}

/** A table of the same events. */
export interface FriendConfiguration {
  /** Absolute after reading; none: another tree of the files of events. */
  readonly files: readonly string[];
  readonly tree?: string | undefined;
  /** Columns that identify an event, or here: there; absent: row by row. */
  readonly on?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /** Columns that are joined; all by default. */
  readonly columns?: readonly string[] | undefined;
  /** Before the names of the joined columns. */
  readonly prefix?: string | undefined;
  /** Whether events without a partner go, or stay with missing values. */
  readonly join: "inner" | "left";
}

/** Files of one origin, such as one simulated process. */
export interface SourceConfiguration {
  /** One of the names or patterns of `files`. */
  readonly file: string;
  /** Becomes the text column `source`. */
  readonly label?: string | undefined;
  /** Factor on the weights of these events; also the column `source_weight`. */
  readonly weight: number;
  /** SQL expression that chooses rows of these files. */
  readonly select?: string | undefined;
}

export type Task = "binary" | "multiclass" | "regression";

/** What is to be learnt. */
export interface TargetConfiguration {
  /** One column; a regression may have several. */
  readonly columns: readonly string[];
  /** Columns that are made where targets are needed: SQL expressions of the file's columns, by name. */
  readonly compute: Readonly<Record<string, string>>;
  readonly task: Task;
  /** The class number of each value of the column; absent: the column holds the numbers. */
  readonly classes?: Readonly<Record<string, number>> | undefined;
}

export type WeightNormalisation = "meanOnePerClass" | "sumOnePerClass" | "meanOne" | "none";

/** Event weights, and how they are scaled for training (evaluation always uses them as they are). */
export interface WeightsConfiguration {
  readonly column?: string | undefined;
  readonly normalise: WeightNormalisation;
  /** Means, deviations, quantiles and components of the preprocessing are those of weighted events. */
  readonly preprocessing: boolean;
}

/** One step that is applied to the raw columns, in the order of the list. */
export type TransformConfiguration =
  | { readonly kind: "rename"; readonly columns: Readonly<Record<string, string>> }
  | CartesianConfiguration
  | { readonly kind: "columns"; readonly columns: Readonly<Record<string, string>> }
  | ({ readonly kind: "module" } & ModuleReference)
  | FittableStep;

/** Vectors (pt, eta, phi) become (px, py, pz). */
export interface CartesianConfiguration {
  readonly kind: "cartesian";
  /** Polar columns that stay beside the Cartesian ones. */
  readonly keep: readonly string[];
  /** Vectors that are left alone. */
  readonly ignore: readonly string[];
  /** Rotate and reflect every event so that the reference vectors point the same way. */
  readonly align?:
    | {
        readonly reference: string;
        readonly second?: string | undefined;
        readonly phi: boolean;
        readonly y: boolean;
        readonly z: boolean;
      }
    | undefined;
}

/** The input columns of the network, after the transforms; `*` and `?` match names, a leading `!` takes away. */
export interface FeaturesConfiguration {
  readonly continuous: readonly string[];
  readonly categorical: readonly string[];
  /** How continuous features are scaled: all alike, or by name and glob. */
  readonly scaling: Scaling | Readonly<Record<string, Scaling>>;
  /** What a category is that the training events did not have. */
  readonly unseen: "error" | "other";
}

/** How the training events are split. */
export interface FoldsConfiguration {
  readonly count: number;
  /** stratified: even in all folds; contiguous: neighbours together; or by what `by` or `column` say. */
  readonly order: "stratified" | "contiguous";
  /** Columns that identify an event: their hash decides on its fold, and on its side of the validation split. */
  readonly by?: readonly string[] | undefined;
  /** A column of the fold numbers 0, 1, …; their number counts, not `count`. */
  readonly column?: string | undefined;
  /** Columns whose proportions every fold keeps; `true`: the target and the categorical features. */
  readonly stratify: boolean | readonly string[];
  /** Events that no network trains on: a stratified fraction, or those of a selection. */
  readonly validation: { readonly fraction: number } | { readonly select: string };
  /** Columns of the file, or computed ones, that are carried to the folds, for callbacks. */
  readonly columns: readonly string[];
}

/** What training changes at random and prediction averages over: the symmetries of the detector, or a list of transforms. */
export type AugmentationConfiguration =
  | { readonly rotations: number; readonly reflect: readonly ("x" | "y" | "z")[] }
  | readonly Exclude<AugmentationTransform, FunctionTransform>[];

export type Activation = "relu" | "prelu" | "selu" | "swish" | "mish" | "sigmoid" | "tanh";

/** A head that sees the objects of an event. */
export type ObjectsConfiguration =
  | ({ readonly kind: "recurrent" } & RecurrentHeadOptions)
  | ({ readonly kind: "conv1d" } & Conv1dHeadOptions)
  | ({ readonly kind: "graph" } & GraphHeadOptions)
  | ({ readonly kind: "lorentzBoost" } & LorentzBoostHeadOptions);

/** Fully connected layers. */
export interface LayersConfiguration {
  readonly depth: number;
  readonly width: number;
  readonly activation: Activation;
  readonly connect: "plain" | "residual" | "dense";
  readonly growthRate: number;
  readonly dropout: number;
  readonly batchNorm: boolean;
}

/** The hidden layers of the network. */
export type BodyConfiguration =
  | ({ readonly kind: "fullyConnected" } & LayersConfiguration)
  | {
      readonly kind: "multiBlock";
      readonly blocks: readonly (LayersConfiguration & {
        readonly features: readonly string[];
        readonly bottleneck?: number;
      })[];
      readonly bottleneck: number;
      readonly bottleneckActivation: Activation | "linear";
    }
  | { readonly kind: "identity" };

/** Trees instead of networks. */
export type TreesConfiguration = TreesSpec;

/** The network. */
export interface ModelConfiguration {
  readonly type?: "network" | undefined;
  readonly head: {
    /** Embedding size per categorical feature: LUMIN's rule of the paper, min(50, 1 + ⌊n/2⌋), one number, or one each. */
    readonly embeddings: "paper" | number | Readonly<Record<string, number>>;
    readonly inputDropout: number;
    readonly embeddingDropout: number;
    /** Each member sees other continuous features. */
    readonly subsample?: { readonly fraction: number; readonly always: readonly string[] };
    /** A network of the objects of an event. */
    readonly objects?: ObjectsConfiguration;
    /** Whether the other features are seen beside the objects. */
    readonly flat: boolean;
  };
  readonly body: BodyConfiguration;
  readonly tail: {
    /** Limits of a regression's outputs: of all, or of each. */
    readonly range?: readonly [number, number] | readonly (readonly [number, number])[] | undefined;
    readonly scaleTargets: boolean;
    readonly bias?: number | readonly number[];
  };
  /** Weights of a saved network, or embeddings of a file, that all networks start with. */
  readonly start?: {
    readonly model?: string;
    readonly names: readonly string[];
    readonly embeddings?: string;
  };
  readonly loss: string | NamedLoss | ModuleReference;
  readonly optimiser: OptimiserSpec;
}

/** A callback by name with its options, or one of the user's. */
export type CallbackConfiguration =
  | { readonly callback: string; readonly options: Readonly<Record<string, unknown>> }
  | ModuleReference;

/** What the members of the ensemble are, as `EnsembleRecipe`. */
export type EnsembleConfiguration =
  | {
      readonly kind: "members";
      readonly size?: number;
      readonly weighting: "reciprocal" | "uniform";
      /** `loss` when left out. */
      readonly metric?: string;
      readonly higherIsBetter?: boolean;
    }
  | {
      readonly kind: "snapshots" | "geometric" | "average";
      readonly size?: number;
      readonly weighting: "rank" | "reciprocal" | "uniform";
      readonly power?: number;
      readonly choose?: "latest" | "best";
      readonly patience?: number;
      readonly cyclesOnly?: boolean;
    };

/** How the ensemble is trained. */
export interface TrainingConfiguration {
  readonly members: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly callbacks: readonly CallbackConfiguration[];
  /** The user's functions on training folds, each time one is read. */
  readonly foldTransforms: readonly ModuleReference[];
  /** Epochs without a better validation loss after which a member stops; absent: never. */
  readonly patience?: number | undefined;
  /** What trains and predicts, or several devices in the order of preference. */
  readonly device: Device | readonly Device[];
  readonly ensemble: EnsembleConfiguration;
}

/** Events that are only scored, beside the validation split. */
export interface EvaluationSet {
  readonly select: string;
  /** Scale the class sums of these events to `evaluation.renormalise`. */
  readonly renormalise: boolean;
}

/** What is computed from the predictions. */
export interface EvaluationConfiguration {
  readonly ams: {
    /** b_reg; with several, the first chooses the cut and all are reported. */
    readonly regularisation: readonly number[];
    /** Relative systematic uncertainty of the background. */
    readonly backgroundUncertainty: number;
  };
  readonly cut: {
    readonly topPercent: number;
    readonly minimumPrediction: number;
    readonly smoothingPercent?: number | undefined;
  };
  /** Of several classes those that are signal; the AMS then is of them against the others. */
  readonly signal?: readonly string[] | undefined;
  /** Class sums of weights that the AMS is computed for, by class name. */
  readonly renormalise?: Readonly<Record<string, number>> | undefined;
  /** Bootstrap samples for the uncertainties. */
  readonly bootstrap: number;
  /** Metrics of larger sets are computed on so many of their events. */
  readonly events: number;
  readonly sets: Readonly<Record<string, EvaluationSet>>;
}

/** One analysis, complete. */
export interface Analysis {
  readonly input: InputConfiguration;
  readonly target: TargetConfiguration;
  readonly weights: WeightsConfiguration;
  readonly transforms: readonly TransformConfiguration[];
  readonly features: FeaturesConfiguration;
  readonly folds: FoldsConfiguration;
  readonly augmentation: AugmentationConfiguration | "off";
  readonly model: ModelConfiguration | TreesConfiguration;
  readonly training: TrainingConfiguration;
  readonly evaluation: EvaluationConfiguration;
  /** Looks of all pictures of the run. */
  readonly plots?: PlotSettings;
  readonly seed: number;
}

/** The class names in the order of their numbers; `"0"`, `"1"` … where the target column holds numbers. */
export function classNames(target: TargetConfiguration): readonly string[] {
  if (target.task === "regression") return [];
  if (target.classes === undefined) return ["0", "1"];
  const names: string[] = [];
  for (const [name, code] of Object.entries(target.classes)) {
    names[code] = names[code] === undefined ? name : `${names[code]}, ${name}`;
  }
  return names;
}

/** Whether an analysis asks for trees. */
export function isTrees(model: Analysis["model"]): model is TreesConfiguration {
  return model.type === "boosting" || model.type === "forest";
}

/** The network of an analysis. @throws ConfigurationError where it asks for trees. */
export function networkConfiguration({ model }: Pick<Analysis, "model">): ModelConfiguration {
  if (!isTrees(model)) return model;
  throw new ConfigurationError(`model.type: ${model.type}: this needs a network; use type: network.`);
}
