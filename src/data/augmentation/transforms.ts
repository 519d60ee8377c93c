/** What can be asked for as augmentation: a list of transforms, each plain data but for functions. */
import type { ModuleReference } from "../user-module.ts";
import type { EventsFunction } from "./user-function.ts";

/** An axis whose sign may be turned. */
export type Axis = "x" | "y" | "z";

/** The two symmetries of a detector in one: a rotation, then reflections. */
export interface AugmentationOptions {
  /**
   * How many rotations about the beam the fixed set of prediction has, evenly spaced from 0; training then draws any
   * angle. 0 switches rotations off. Default 2.
   */
  readonly rotations?: number | undefined;
  /** Axes that are reflected (default y and z; x only without rotations, which contain it). */
  readonly reflect?: readonly Axis[] | undefined;
  /**
   * "required" (default): the features were standardised and their scaler must be known, for a rotation is one only in
   * physical units. "none": the features are stored in physical units.
   */
  readonly scaler?: "required" | "none" | undefined;
}

/** All vectors of an event turn about the beam: by any angle in training, by evenly spaced ones in prediction. */
export interface RotationTransform {
  readonly kind: "rotation";
  /** Angles of prediction (default 2: 0 and π). */
  readonly views?: number | undefined;
}

/** All vectors of an event are mirrored, each axis or not with probability ½; in prediction all combinations. */
export interface ReflectionTransform {
  readonly kind: "reflection";
  /** Default y and z; x only without a rotation, which contains it. */
  readonly axes?: readonly Axis[] | undefined;
  /** 1: in training only. Default: every combination, 2^axes. */
  readonly views?: number | undefined;
}

/** How often prediction sees an event where a transform is no symmetry. */
interface DrawnViews {
  /**
   * Views of prediction (default 1: the event as it is, so that only training changes events). The first is the event as it is;
   * the others are drawn from the analysis' seed and the event's own values, so that an event's prediction does not
   * depend on the events beside it.
   */
  readonly views?: number | undefined;
}

/** Gaussian noise of deviation √((relative·x)² + absolute²) in physical units. */
export interface SmearingTransform extends DrawnViews {
  readonly kind: "smearing";
  /** Columns that are smeared, each by itself; globs allowed. Or `vectors`. */
  readonly columns?: readonly string[] | undefined;
  /** Vectors that are made longer or shorter: their directions stay and, where they have an energy, their masses. */
  readonly vectors?: readonly string[] | undefined;
  /** Of vectors, what the deviation is of (default pt). */
  readonly quantity?: "pt" | "energy" | undefined;
  readonly relative?: number | undefined;
  readonly absolute?: number | undefined;
}

/** A column one deviation up and down: factors, or further columns of the fold file with the values. */
export interface ShiftedColumn {
  readonly up: number | string;
  readonly down: number | string;
}

/** Systematic uncertainties: one nuisance parameter at a time goes up or down, with all its columns together. */
export interface VariationTransform extends DrawnViews {
  readonly kind: "variation";
  /** By the name of the nuisance parameter: its columns (globs allowed), each with its values up and down. */
  readonly nuisances: Readonly<Record<string, Readonly<Record<string, ShiftedColumn>>>>;
  /** "step" (default): by ±1 deviation; "gaussian": by a normal number of them, linear on either side. */
  readonly amount?: "step" | "gaussian" | undefined;
  /** How likely an event is varied at all (default 1). */
  readonly probability?: number | undefined;
}

/** Each object goes missing, with all its continuous columns NAME_…, with a probability. */
export interface DroppingTransform extends DrawnViews {
  readonly kind: "dropping";
  /** Names of objects: `jet_leading` is the columns jet_leading_px, …; globs allowed. */
  readonly objects: readonly string[];
  readonly probability: number;
}

/** A function of the user's own, given where no worker process is involved. */
export interface FunctionTransform extends DrawnViews {
  readonly kind: "function";
  readonly apply: EventsFunction;
  readonly options?: unknown;
}

/** A function of the user's own, by module. */
export interface ModuleTransform extends ModuleReference, DrawnViews {
  readonly kind: "module";
}

/** One transform of a list. */
export type AugmentationTransform =
  | RotationTransform
  | ReflectionTransform
  | SmearingTransform
  | VariationTransform
  | DroppingTransform
  | FunctionTransform
  | ModuleTransform;

/** A list of transforms, made one after the other; or the symmetries of a detector. */
export type Augmentation = AugmentationOptions | readonly AugmentationTransform[];

/**
 * What a transform leaves as it is, for every event. All leave event weights, categories, and what is missing, and no
 * transform but rotation and reflection changes targets.
 *
 * - transverseMomenta, longitudinalMomenta: pT and |pz| (or |η|) of every vector;
 * - angularDistances: |Δφ| and |Δη| of every pair of vectors, and with the momenta the masses of all sums;
 * - directions: φ and η of every vector;
 * - ownMasses: E² − p² of every vector with an energy;
 * - targets: the columns of the targets.
 */
export type Invariant =
  | "transverseMomenta"
  | "longitudinalMomenta"
  | "angularDistances"
  | "directions"
  | "ownMasses"
  | "targets";
