/** Folds as they are stored, and the memory that keeps the last used ones. */

/** A fold as it is stored: missing values are NaN. Shared with the cache, not to be changed. */
export interface StoredFold {
  readonly eventCount: number;
  readonly features: Float32Array;
  /** The positions of the missing values. */
  readonly gaps: Int32Array;
  readonly targets: Float32Array;
  readonly weights: Float32Array | undefined;
}

const defaultCacheBytes = 256 * 2 ** 20;

/** Keeps folds in memory, up to a number of bytes; the least recently used ones go first. */
export class FoldCache {
  readonly #limit: number;
  readonly #folds = new Map<number, StoredFold>();
  #bytes = 0;
  #isTooSmall = false;

  constructor(limit: number = defaultCacheBytes) {
    this.#limit = limit;
  }

  /** Whether it ever had to let a fold go, or could not take one. */
  get isTooSmall(): boolean {
    return this.#isTooSmall;
  }

  /** Whether the fold is there. */
  has(index: number): boolean {
    return this.#folds.has(index);
  }

  /** The fold if it is there; it then counts as just used. */
  get(index: number): StoredFold | undefined {
    const fold = this.#folds.get(index);
    if (fold) {
      // The most recently used comes last.
      this.#folds.delete(index);
      this.#folds.set(index, fold);
    }
    return fold;
  }

  /** Keeps a fold that is not there yet, unless it is larger than the limit. */
  add(index: number, fold: StoredFold): void {
    const size = bytesOf(fold);
    if (this.#bytes + size > this.#limit) this.#isTooSmall = true;
    if (size > this.#limit) return;
    for (const [oldest, old] of this.#folds) {
      if (this.#bytes + size <= this.#limit) break;
      this.#folds.delete(oldest);
      this.#bytes -= bytesOf(old);
    }
    this.#folds.set(index, fold);
    this.#bytes += size;
  }

  clear(): void {
    this.#folds.clear();
    this.#bytes = 0;
  }
}

function bytesOf({ features, gaps, targets, weights }: StoredFold): number {
  return features.byteLength + gaps.byteLength + targets.byteLength + (weights?.byteLength ?? 0);
}
