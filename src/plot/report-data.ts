/** The contents of a report: plain data that JSON can hold, without any time of day. */
import type { LabelledAmsScan } from "./ams-scan.ts";
import type { AttributionCloud } from "./attributions.ts";
import type { EffectCurve } from "./effects.ts";
import type { ImportanceRow } from "./importance.ts";
import type { LossHistory } from "./losses.ts";
import type { PredictionHistograms } from "./predictions.ts";
import type { ReliabilityCurve } from "./reliability.ts";
import type { ResolutionProfile } from "./resolution.ts";
import type { LabelledRocCurve } from "./roc.ts";
import type { ScheduleHistory } from "./schedule.ts";

/** A number at the head of the report. */
export interface HeadlineNumber {
  /** What it is: "AUC, weighted". */
  readonly label: string;
  /** null where it is undefined. */
  readonly value: number | null;
  readonly uncertainty?: number | null;
  /** The events it was measured on: "validation, 3600 events". */
  readonly events: string;
  /** How it was computed: "b_reg = 10, cut at 0.873". */
  readonly detail?: string;
}

/** A data file that went into the run. */
export interface ReportFile {
  readonly name: string;
  readonly eventCount: number;
  readonly fingerprint: string;
}

/** What passes the cut of one class in one set of events. */
export interface YieldRow {
  readonly events: string;
  readonly class: string;
  /** Σw. */
  readonly yield: number;
  /** √Σw². */
  readonly uncertainty: number;
  /** Number of events, not weighted. */
  readonly count: number;
  /** Share of the class's weight that passes. */
  readonly efficiency?: number | null;
}

/** A small table of names and values under a heading. */
export interface SettingsGroup {
  readonly heading: string;
  readonly rows: readonly (readonly [name: string, value: string | number | boolean])[];
}

/** How the prediction of one class of several responds to events of every class. */
export interface ClassResponse {
  readonly class: string;
  readonly predictions: PredictionHistograms;
}

/** Shares of each true class that are given to each class. */
export interface ConfusionTable {
  readonly events: string;
  readonly classes: readonly string[];
  /** Row i: events of class i; entry j: share of their weight whose highest prediction is that of class j. */
  readonly shares: readonly (readonly number[])[];
}

/** What is shown of one target of a regression. */
export interface RegressionFigures {
  readonly target: string;
  /** Of prediction − truth. */
  readonly differences: PredictionHistograms;
  readonly profile: ResolutionProfile;
}

/** How long something took. */
export interface TimingRow {
  readonly label: string;
  readonly seconds: number;
  readonly detail?: string;
}

/** A table of cells as they are shown: the first column are names, the others numbers. */
export interface ReportTable {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A sentence under it. */
  readonly note?: string;
}

/** Distributions of a feature, for each class. */
export interface FeatureDistribution {
  readonly name: string;
  /** Bin limits, one more than bins; absent for categories. */
  readonly edges?: readonly number[];
  /** The values of a categorical feature, one a bin. */
  readonly categories?: readonly string[];
  /** [classes] of [bins]: shares of the weight of the class that has a value. */
  readonly shares: readonly (readonly number[])[];
  /** Share of the weight of each class that has no value. */
  readonly missing: readonly number[];
}

/** Which events the distributions are of, and the features in the order in which they matter. */
export interface FeatureDistributions {
  readonly events: string;
  readonly classes: readonly string[];
  readonly features: readonly FeatureDistribution[];
}

/** Importances with what they are of. */
export interface ReportImportances {
  /** "Loss of AUC when shuffled". */
  readonly label: string;
  readonly events: string;
  readonly rows: readonly ImportanceRow[];
}

/** Whether two sets of events can be told apart. */
export interface ReportDiscrimination {
  readonly first: string;
  readonly second: string;
  readonly auc: number;
  readonly standardError: number;
  readonly pValue: number;
  /** The most different features first. */
  readonly features: readonly {
    readonly name: string;
    readonly importance: number;
    readonly distance: number;
  }[];
}

/** What passes each of several cuts. */
export interface CutScan {
  readonly events: string;
  /** Ascending. */
  readonly cuts: readonly number[];
  readonly processes: readonly {
    readonly name: string;
    readonly isSignal: boolean;
    /** Σw, √Σw² and number of events at or above each cut. */
    readonly sums: readonly number[];
    readonly uncertainties: readonly number[];
    readonly counts: readonly number[];
  }[];
  readonly significances: readonly {
    readonly label: string;
    readonly ams: readonly (number | null)[];
    /** Standard deviation over bootstrap replicas of the events. */
    readonly uncertainties: readonly (number | null)[];
  }[];
  readonly chosen?: number | null;
}

/** All that the report of a run shows; parts that a run does not have are left out of the page. */
export interface RunReport {
  readonly title: string;
  /** One or two sentences under the title. */
  readonly summary?: string;
  /** Printed in the pictures. */
  readonly experiment?: string;
  readonly status?: string;
  readonly note?: string;
  readonly provenance: {
    readonly seed: number | string;
    readonly versions: Readonly<Record<string, string>>;
    readonly files: readonly ReportFile[];
  };
  readonly headline: readonly HeadlineNumber[];
  /** Honest lines about the numbers: which events they were measured on, what was renormalised. */
  readonly notes?: readonly string[];
  readonly histories?: readonly LossHistory[];
  readonly schedule?: ScheduleHistory;
  readonly rocCurves?: readonly LabelledRocCurve[];
  readonly predictions?: PredictionHistograms;
  readonly amsScans?: readonly LabelledAmsScan[];
  /** One for each class of a classification into several. */
  readonly classResponses?: readonly ClassResponse[];
  readonly confusion?: ConfusionTable;
  /** One for each target of a regression. */
  readonly regressions?: readonly RegressionFigures[];
  readonly cut?: number | null;
  readonly yields?: readonly YieldRow[];
  /** Further tables, after the yields. */
  readonly tables?: readonly ReportTable[];
  readonly settings?: readonly SettingsGroup[];
  readonly features?: FeatureDistributions;
  readonly importances?: ReportImportances;
  /** Attributions of single events. */
  readonly attributions?: AttributionCloud;
  readonly effects?: readonly EffectCurve[];
  readonly discrimination?: ReportDiscrimination;
  readonly reliability?: readonly ReliabilityCurve[];
  readonly cutScan?: CutScan;
}
