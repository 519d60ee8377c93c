/** The few parts of JSROOT that bench/root.ts measures, as it ships no types for them. */
declare module "jsroot/io" {
  interface FlatTree {
    readonly fBranches: {
      readonly arr: readonly {
        readonly fName: string;
        readonly fLeaves: { readonly arr: readonly { readonly _typename: string }[] };
      }[];
    };
  }
  export function openFile(path: string): Promise<{ readObject(name: string): Promise<FlatTree> }>;
}
declare module "jsroot/tree" {
  export class TSelector {
    /** The arrays of the present basket, by branch. */
    readonly tgtarr: Readonly<Record<string, ArrayLike<number>>>;
    addBranch(name: string): void;
    /** Its presence asks for arrays; called for every basket. */
    ProcessArrays?: () => void;
  }
  export function treeProcess(tree: unknown, selector: TSelector): Promise<unknown>;
}
