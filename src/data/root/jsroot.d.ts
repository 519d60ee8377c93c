/** The few parts of JSROOT that are used, as it ships no types. The module is the bundle of scripts/bundle-jsroot.mjs. */
declare module "#jsroot" {
  export interface RootKey {
    readonly fName: string;
    readonly fTitle: string;
    readonly fClassName: string;
    readonly fCycle: number;
    /** Where its record begins, and how long it is. */
    readonly fSeekKey: number;
    readonly fNbytes: number;
  }
  export interface RootObject {
    readonly _typename: string;
    readonly fTitle?: string;
  }
  export interface RootDirectory extends RootObject {
    readonly fKeys: readonly RootKey[];
  }
  export interface RootFile {
    readonly fKeys: readonly RootKey[];
    readonly fEND: number;
    readObject(path: string, cycle?: number): Promise<RootObject | null>;
    /** Reads pieces [position, length, position, length, …]: one view where one is asked for, else a list. */
    readBuffer(places: readonly number[]): Promise<DataView | readonly DataView[]>;
    delete?(): void;
  }
  export interface RootLeaf {
    readonly _typename: string;
    readonly fName: string;
    readonly fLen: number;
    readonly fIsUnsigned: boolean;
    readonly fLeafCount?: { readonly fName: string } | null;
  }
  export interface RootBasket {
    readonly fNevBuf: number;
    readonly fKeylen: number;
    readonly fLast: number;
    readonly fNevBufSize: number;
    readonly fEntryOffset?: ArrayLike<number>;
    readonly fBufferRef?: { readonly arr: DataView };
  }
  export interface RootBranch {
    readonly _typename: string;
    readonly fName: string;
    readonly fClassName?: string;
    readonly fStreamerType?: number;
    readonly fEntries: number;
    readonly fType?: number;
    readonly fWriteBasket: number;
    readonly fFileName?: string;
    readonly fBasketSeek: ArrayLike<number>;
    readonly fBasketBytes: ArrayLike<number>;
    readonly fBaskets: { readonly arr: readonly (RootBasket | null)[] };
    readonly fLeaves?: { readonly arr: readonly RootLeaf[] };
    readonly fBranches?: { readonly arr: readonly RootBranch[] };
    readonly fBranchCount?: RootBranch | null;
  }
  export interface RootTree extends RootObject {
    readonly fName: string;
    readonly fEntries: number;
    readonly fBranches: { readonly arr: readonly RootBranch[] };
  }
  export interface NtupleField {
    readonly fieldName: string;
    readonly typeName: string;
    /** Index of the field that contains it; its own for a field of the top level. */
    readonly parentFieldId: number;
    /** 0 plain, 1 collection, 2 record, 3 variant, 4 streamed object. */
    readonly structRole: number;
    readonly arraySize: bigint | null;
  }
  export interface NtupleColumn {
    readonly coltype: number;
    readonly bitsOnStorage: number;
    readonly fieldId: number;
    readonly representationIndex: number;
    readonly minValue: number | null;
    readonly maxValue: number | null;
  }
  export interface NtuplePage {
    readonly numElements: bigint;
    readonly hasChecksum: boolean;
    readonly locator: { readonly size: number; readonly offset: bigint };
  }
  export interface NtupleColumnRange {
    readonly pages: readonly NtuplePage[];
    /** The number of the first element in all of the ntuple. */
    readonly elementOffset: bigint;
  }
  export interface NtupleAnchor extends RootObject {
    readonly fSeekHeader: number | bigint;
    readonly fNBytesHeader: number | bigint;
    readonly fLenHeader: number | bigint;
    readonly fSeekFooter: number | bigint;
    readonly fNBytesFooter: number | bigint;
    readonly fLenFooter: number | bigint;
  }
  export interface NtupleDescription {
    readonly fieldDescriptors: readonly NtupleField[];
    readonly columnDescriptors: readonly NtupleColumn[];
    readonly aliasColumns: readonly { readonly physicalColumnId: number; readonly fieldId: number }[];
    readonly clusterSummaries: readonly {
      readonly firstEntry: bigint;
      readonly numEntries: number | bigint;
    }[];
    /** Of each cluster, by physical column. */
    readonly pageLocations: readonly (readonly NtupleColumnRange[])[];
  }
  /** What JSROOT fills while it reads a header, a footer, and lists of pages: those of the last group. */
  export interface NtupleBuilder extends NtupleDescription {
    readonly clusterGroups: readonly {
      readonly numClusters: number;
      readonly pageListLength: bigint;
      readonly pageListLocator: { readonly size: number; readonly offset: bigint };
    }[];
    deserializePageList(list: DataView): void;
  }
  export const complaints: string[];
  export function openFile(path: string): Promise<RootFile | null>;
  export function R__unzip(packed: DataView, size: number, quiet: boolean): Promise<DataView | null>;
  export function readHeaderFooter(ntuple: RootObject): Promise<NtupleBuilder | null>;
}
