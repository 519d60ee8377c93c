/** The baskets of a TTree branch: where they lie, unpacking, and the entries inside. */
import type { RootBasket, RootBranch, RootFile } from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import { unpackBlocks } from "./unpack.ts";

/** The entries of one basket. */
export interface Entries {
  readonly count: number;
  readonly bytes: DataView;
  /** How many bytes hold values. */
  readonly end: number;
  /** Entry i lies from byte `starts[i]` to `starts[i + 1]`; absent where the file does not say. */
  readonly starts: Uint32Array | undefined;
}

/**
 * The entries of a branch, basket by basket.
 *
 * @param bytesAtOnce baskets are read together up to about this many bytes.
 * @throws FileFormatError when a basket is damaged, or the baskets hold another number of entries than the branch.
 */
export async function* basketsOf(
  file: RootFile,
  branch: RootBranch,
  where: string,
  bytesAtOnce: number,
): AsyncGenerator<Entries> {
  if (branch.fFileName) throw new FileFormatError(`${where} lies in another file, "${branch.fFileName}".`);
  let entryCount = 0;
  for (let first = 0; first < branch.fWriteBasket; ) {
    const last = groupEnd(branch, first, bytesAtOnce);
    for (const packed of await readPacked(file, branch, first, last, where)) {
      const entries = await entriesOf(packed, where);
      entryCount += entries.count;
      yield entries;
    }
    first = last;
  }
  // The last baskets of a small tree are stored with the tree itself.
  for (const basket of branch.fBaskets.arr) {
    if (!basket || basket.fNevBuf === 0) continue;
    const entries = embeddedEntries(basket, where);
    entryCount += entries.count;
    yield entries;
  }
  if (entryCount !== branch.fEntries) {
    throw new FileFormatError(
      `${where}: expected ${branch.fEntries} entries, its baskets hold ${entryCount}: the file is damaged.`,
    );
  }
}

function groupEnd(branch: RootBranch, first: number, bytesAtOnce: number): number {
  let last = first;
  for (let bytes = 0; last < branch.fWriteBasket && (last === first || bytes < bytesAtOnce); last++) {
    bytes += branch.fBasketBytes[last]!;
  }
  return last;
}

async function readPacked(
  file: RootFile,
  branch: RootBranch,
  first: number,
  last: number,
  where: string,
): Promise<readonly DataView[]> {
  const places: number[] = [];
  for (let i = first; i < last; i++) {
    const seek = branch.fBasketSeek[i]!;
    const size = branch.fBasketBytes[i]!;
    if (seek === 0 && branch.fBaskets.arr[i]) continue;
    if (seek <= 0 || size <= 0 || seek + size > file.fEND) {
      throw new FileFormatError(`${where}: basket ${i + 1} lies outside the file, which is damaged.`);
    }
    places.push(seek, size);
  }
  if (places.length === 0) return [];
  const views = await file.readBuffer(places);
  const list = views instanceof DataView ? [views] : views;
  const whole =
    Array.isArray(list) &&
    2 * list.length === places.length &&
    list.every((view, i) => view?.byteLength === places[2 * i + 1]);
  if (!whole) throw new FileFormatError(`${where}: the file ends before its baskets do.`);
  return list;
}

/** The header of a basket: TKey, then TBasket's own few numbers. */
async function entriesOf(packed: DataView, where: string): Promise<Entries> {
  const damaged = (what: string) => new FileFormatError(`${where}: ${what}: the file is damaged.`);
  if (packed.byteLength < 60) throw damaged("a basket is shorter than its header");
  const storedSize = packed.getInt32(0);
  const objectSize = packed.getInt32(6);
  const keyLength = packed.getInt16(14);
  if (storedSize !== packed.byteLength || keyLength < 40 || keyLength > storedSize || objectSize < 0) {
    throw damaged("the header of a basket contradicts the table of baskets");
  }
  // Behind the key: version (2), buffer size, entry size, entry count, end of the values (4 each), flag (1).
  const tail = keyLength - 19;
  const count = packed.getInt32(tail + 10);
  const valuesEnd = packed.getInt32(tail + 14) - keyLength;
  const body = new DataView(packed.buffer, packed.byteOffset + keyLength, storedSize - keyLength);
  const bytes = body.byteLength === objectSize ? body : await unpack(body, objectSize, where);
  if (count < 0 || valuesEnd < 0 || valuesEnd > bytes.byteLength) throw damaged("a basket has wrong sizes");
  const starts = valuesEnd === objectSize ? undefined : storedStarts(bytes, count, valuesEnd, keyLength);
  if (starts === null) throw damaged("the entries of a basket have wrong lengths");
  return { count, bytes, end: valuesEnd, starts };
}

/** Behind the values: how many offsets, then the offset of each entry, counted from the start of the key. */
function storedStarts(bytes: DataView, count: number, end: number, keyLength: number): Uint32Array | null {
  if (bytes.byteLength < end + 4 + 4 * count) return null;
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) starts[i] = bytes.getInt32(end + 4 + 4 * i) - keyLength;
  starts[count] = end;
  return ascending(starts) ? starts : null;
}

function ascending(starts: Uint32Array): boolean {
  for (let i = 1; i < starts.length; i++) if (starts[i]! < starts[i - 1]!) return false;
  return true;
}

function embeddedEntries(basket: RootBasket, where: string): Entries {
  const count = basket.fNevBuf;
  const end = Math.max(0, basket.fLast - basket.fKeylen);
  // Events without a single value leave no buffer.
  const bytes = basket.fBufferRef?.arr ?? new DataView(new ArrayBuffer(0));
  const offsets = basket.fEntryOffset;
  const starts =
    offsets && offsets.length >= count
      ? Uint32Array.from({ length: count + 1 }, (_, i) => (i < count ? offsets[i]! - basket.fKeylen : end))
      : undefined;
  if ((basket.fBufferRef && end > bytes.byteLength) || (starts && !ascending(starts))) {
    throw new FileFormatError(`${where}: the entries of a basket have wrong lengths: the file is damaged.`);
  }
  return basket.fBufferRef
    ? { count, bytes, end, starts }
    : { count, bytes, end: 0, starts: new Uint32Array(count + 1) };
}

async function unpack(packed: DataView, size: number, where: string): Promise<DataView> {
  try {
    return await unpackBlocks(packed, size);
  } catch (error) {
    throw new FileFormatError(
      `${where}: a basket cannot be unpacked (${(error as Error).message}): the file is damaged.`,
    );
  }
}
