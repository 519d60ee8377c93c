/** How the bytes of one entry of a TTree branch are to be read: which numbers, how many, where. */
import type { RootBranch, RootLeaf } from "#jsroot";
import type { NumberKind } from "./value-sink.ts";

/** A number as ROOT stores it: big-endian, of `size` bytes. */
export interface StoredNumber {
  readonly name: string;
  readonly size: number;
  readonly kind: NumberKind;
  read(bytes: DataView, at: number): number | bigint;
}

/** What an entry of a branch holds. */
export type EntryLayout =
  /** `count` numbers, starting `offset` bytes into the entry. */
  | {
      readonly shape: "fixed";
      readonly number: StoredNumber;
      readonly count: number;
      readonly offset: number;
    }
  /**
   * As many numbers as the entry is long, after a header of `header` bytes. Where the file does not store how long
   * the entries are, the branch `counter` says how many numbers each has.
   */
  | {
      readonly shape: "ragged";
      readonly number: StoredNumber;
      readonly header: number;
      readonly counter?: string | undefined;
    }
  | { readonly shape: "text" };

const stored = {
  float: { name: "float", size: 4, kind: "float32", read: (bytes, at) => bytes.getFloat32(at) },
  double: { name: "double", size: 8, kind: "float64", read: (bytes, at) => bytes.getFloat64(at) },
  bool: { name: "bool", size: 1, kind: "integer", read: (bytes, at) => bytes.getUint8(at) },
  int8: { name: "int8", size: 1, kind: "integer", read: (bytes, at) => bytes.getInt8(at) },
  uint8: { name: "uint8", size: 1, kind: "integer", read: (bytes, at) => bytes.getUint8(at) },
  int16: { name: "int16", size: 2, kind: "integer", read: (bytes, at) => bytes.getInt16(at) },
  uint16: { name: "uint16", size: 2, kind: "integer", read: (bytes, at) => bytes.getUint16(at) },
  int32: { name: "int32", size: 4, kind: "integer", read: (bytes, at) => bytes.getInt32(at) },
  uint32: { name: "uint32", size: 4, kind: "integer", read: (bytes, at) => bytes.getUint32(at) },
  int64: { name: "int64", size: 8, kind: "integer", read: (bytes, at) => bytes.getBigInt64(at) },
  uint64: { name: "uint64", size: 8, kind: "integer", read: (bytes, at) => bytes.getBigUint64(at) },
} as const satisfies Record<string, StoredNumber>;

/** ROOT's numbers for basic types (TVirtualStreamerInfo::EReadWrite). */
const basicTypes: Readonly<Record<number, StoredNumber>> = {
  1: stored.int8,
  2: stored.int16,
  3: stored.int32,
  4: stored.int64,
  5: stored.float,
  6: stored.int32,
  8: stored.double,
  11: stored.uint8,
  12: stored.uint16,
  13: stored.uint32,
  14: stored.uint64,
  16: stored.int64,
  17: stored.uint64,
  18: stored.bool,
};

/** The C++ names of element types in `vector<…>`. */
const elementTypes: Readonly<Record<string, StoredNumber>> = {
  bool: stored.bool,
  char: stored.int8,
  "unsigned char": stored.uint8,
  short: stored.int16,
  "unsigned short": stored.uint16,
  int: stored.int32,
  "unsigned int": stored.uint32,
  long: stored.int64,
  "unsigned long": stored.uint64,
  Long64_t: stored.int64,
  ULong64_t: stored.uint64,
  float: stored.float,
  double: stored.double,
};

/** A byte count, a version and a length stand before the elements of a `std::vector`. */
const vectorHeader = 10;

/** The columns of a branch with their layouts, or why it cannot be read. */
export function branchLayout(branch: RootBranch): { readonly [column: string]: EntryLayout } | string {
  const leaves = branch.fLeaves?.arr ?? [];
  if (leaves.length === 0) return "no leaf";
  if (leaves.length > 1) return leafListLayout(branch, leaves);
  const leaf = leaves[0]!;
  const layout = leaf._typename === "TLeafElement" ? elementLayout(branch, leaf) : leafLayout(leaf, 0);
  return typeof layout === "string" ? layout : { [columnName(branch.fName)]: layout };
}

/** `x/D:y/I` in one branch: columns `branch.x` and `branch.y`. */
function leafListLayout(
  branch: RootBranch,
  leaves: readonly RootLeaf[],
): { readonly [column: string]: EntryLayout } | string {
  const layouts: Record<string, EntryLayout> = {};
  let offset = 0;
  for (const leaf of leaves) {
    const layout = leafLayout(leaf, offset);
    if (typeof layout === "string") return layout;
    if (layout.shape !== "fixed") return "a list of leaves of which one has a varying length";
    layouts[`${columnName(branch.fName)}.${leaf.fName}`] = layout;
    offset += layout.count * layout.number.size;
  }
  return layouts;
}

function leafLayout(leaf: RootLeaf, offset: number): EntryLayout | string {
  if (leaf._typename === "TLeafC") return { shape: "text" };
  const number = leafNumber(leaf);
  if (!number) return `leaves of type ${leaf._typename}`;
  if (leaf.fLeafCount) return { shape: "ragged", number, header: 0, counter: leaf.fLeafCount.fName };
  return { shape: "fixed", number, count: leaf.fLen, offset };
}

function leafNumber({ _typename, fIsUnsigned }: RootLeaf): StoredNumber | undefined {
  switch (_typename) {
    case "TLeafF":
      return stored.float;
    case "TLeafD":
      return stored.double;
    case "TLeafO":
      return stored.bool;
    case "TLeafB":
      return fIsUnsigned ? stored.uint8 : stored.int8;
    case "TLeafS":
      return fIsUnsigned ? stored.uint16 : stored.int16;
    case "TLeafI":
      return fIsUnsigned ? stored.uint32 : stored.int32;
    case "TLeafL":
    case "TLeafG":
      return fIsUnsigned ? stored.uint64 : stored.int64;
    default:
      return undefined;
  }
}

/** A member of a class, split into a branch of its own, or a container of numbers. */
function elementLayout(branch: RootBranch, leaf: RootLeaf): EntryLayout | string {
  const type = branch.fStreamerType ?? -1;
  const className = branch.fClassName ?? "";
  const simple = basicTypes[type];
  if (branch.fType === 31 || branch.fType === 41) {
    return simple
      ? { shape: "ragged", number: simple, header: 0, counter: branch.fBranchCount?.fName }
      : "members, of objects in a container, that are no plain numbers";
  }
  if (simple) return { shape: "fixed", number: simple, count: 1, offset: 0 };
  const array = type > 20 && type < 40 ? basicTypes[type - 20] : undefined;
  if (array) return { shape: "fixed", number: array, count: leaf.fLen, offset: 0 };
  // A C array with a counter: one byte says whether it is there.
  const counted = type > 40 && type < 60 ? basicTypes[type - 40] : undefined;
  if (counted) return { shape: "ragged", number: counted, header: 1 };
  if (type === 65 || type === 365) return { shape: "text" };
  if (/^(std::)?(string|basic_string<char>)$/.test(className) && (type < 0 || type === 365)) {
    return { shape: "text" };
  }
  const element = type < 0 ? /^(?:std::)?vector<\s*([^<>,]+?)\s*>$/.exec(className)?.[1] : undefined;
  const number = element === undefined ? undefined : elementTypes[element];
  if (number) return { shape: "ragged", number, header: vectorHeader };
  return type < 0 ? `objects of class ${className}` : `members of type ${type} of ${className}`;
}

/** `Jet_Px[NJet]` and `evt.` are columns `Jet_Px` and `evt`. */
export function columnName(branchName: string): string {
  return branchName.replace(/\[.*$/, "").replace(/\.$/, "");
}

/** The type as shown to people: `float`, `double[3]`, `int32[]`, `text`. */
export function layoutText(layout: EntryLayout): string {
  if (layout.shape === "text") return "text";
  if (layout.shape === "ragged") return `${layout.number.name}[]`;
  return layout.count === 1 ? layout.number.name : `${layout.number.name}[${layout.count}]`;
}
