/** What a TTree and an RNTuple have in common: events with named columns, read one at a time. */
import type { ColumnKind } from "../column-kind.ts";
import type { BranchColumn } from "./ragged.ts";

/** A column as it stands in the file. */
export interface ColumnInfo {
  readonly name: string;
  /** As shown to people: `float`, `int32[]`, `double[3]`, `text`, or the class that cannot be read. */
  readonly type: string;
  readonly shape: "scalar" | "fixed" | "ragged" | "text" | "unreadable";
  /** Why it cannot be read. */
  readonly reason?: string;
}

/** The events of one tree or ntuple of a file. */
export interface RootEvents {
  readonly path: string;
  /** With its directories: `analysis/Events`. */
  readonly name: string;
  readonly kind: "TTree" | "RNTuple";
  readonly eventCount: number;
  readonly columns: readonly ColumnInfo[];
  /** What the values of a column become; `integer`: `int32` where all of them fit, else `int64`. */
  kindOf(column: string): ColumnKind | "integer";
  /** The values of one of `columns`. */
  read(column: string): Promise<BranchColumn>;
  /**
   * The same in pieces, in order: about a basket or a cluster each, with whole numbers as narrow as the piece allows.
   *
   * @param bytes about how many packed bytes are read together.
   */
  pieces(column: string, bytes: number): AsyncGenerator<BranchColumn>;
}
