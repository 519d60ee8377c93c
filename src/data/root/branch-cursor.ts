/** Going through the values of a branch by any number of events at a time, whatever pieces they come in. */
import { type BranchColumn, isRagged } from "./ragged.ts";

/** Where in a branch one is. */
export class BranchCursor {
  readonly #pieces: AsyncIterator<BranchColumn>;
  #piece: BranchColumn = [];
  #at = 0;

  constructor(pieces: AsyncIterable<BranchColumn>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `count` events, in as many parts as they happen to lie in. The branch must have that many more. */
  async take(count: number): Promise<BranchColumn[]> {
    const parts: BranchColumn[] = [];
    for (let missing = count; missing > 0; ) {
      const left = lengthOf(this.#piece) - this.#at;
      if (left === 0) {
        const { value, done } = await this.#pieces.next();
        if (done === true) throw new Error("internal: a branch is shorter than its tree");
        this.#piece = value;
        this.#at = 0;
        continue;
      }
      const taken = Math.min(left, missing);
      parts.push(part(this.#piece, this.#at, this.#at + taken));
      this.#at += taken;
      missing -= taken;
    }
    return parts;
  }
}

function lengthOf(column: BranchColumn): number {
  return isRagged(column) ? column.offsets.length - 1 : column.length;
}

function part(column: BranchColumn, from: number, to: number): BranchColumn {
  if (isRagged(column)) return { offsets: column.offsets.subarray(from, to + 1), values: column.values };
  return ArrayBuffer.isView(column) ? column.subarray(from, to) : column.slice(from, to);
}
