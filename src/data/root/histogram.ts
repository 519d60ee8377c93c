/** Histograms of ROOT files as plain numbers. */
import { FileFormatError } from "../../errors/index.ts";
import type { RootReader } from "./root-file.ts";

/** A histogram in one or two dimensions. Contents are in bins only: under- and overflow stand apart. */
export interface RootHistogram {
  readonly title: string;
  /** Of each axis its bin edges, ascending. */
  readonly edges: readonly Float64Array[];
  /** Sum of weights of each bin; of two dimensions y slow, x fast. */
  readonly contents: Float64Array;
  /** Standard deviation of each content: √Σw², or √content where ROOT stored no Σw². */
  readonly errors: Float64Array;
  /** Number of entries, as ROOT counted them. */
  readonly entries: number;
  /** Sum of weights outside the axes. */
  readonly outside: number;
}

interface Axis {
  readonly fNbins: number;
  readonly fXmin: number;
  readonly fXmax: number;
  readonly fXbins?: ArrayLike<number>;
}

interface StoredHistogram {
  readonly _typename: string;
  readonly fTitle: string;
  readonly fXaxis: Axis;
  readonly fYaxis: Axis;
  readonly fArray: ArrayLike<number>;
  readonly fSumw2?: ArrayLike<number>;
  readonly fEntries: number;
}

/**
 * Reads a TH1 or TH2 of any precision.
 *
 * @throws FileFormatError for other objects.
 */
export async function readHistogram(file: RootReader, name: string): Promise<RootHistogram> {
  const stored = (await file.object(name)) as unknown as StoredHistogram;
  const dimensions = /^TH([12])[CSIFDL]$/.exec(stored._typename)?.[1];
  if (!dimensions) {
    throw new FileFormatError(`"${file.path}": "${name}" is a ${stored._typename}; expected a TH1 or TH2.`);
  }
  const axes = dimensions === "1" ? [stored.fXaxis] : [stored.fXaxis, stored.fYaxis];
  const [columns, rows] = [axes[0]!.fNbins, axes[1]?.fNbins ?? 1];
  const contents = new Float64Array(columns * rows);
  const errors = new Float64Array(columns * rows);
  let all = 0;
  for (let i = 0; i < stored.fArray.length; i++) all += stored.fArray[i]!;
  const squares = stored.fSumw2 && stored.fSumw2.length === stored.fArray.length ? stored.fSumw2 : undefined;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = x + 1 + (axes.length === 2 ? (y + 1) * (columns + 2) : 0);
      contents[y * columns + x] = stored.fArray[at]!;
      errors[y * columns + x] = Math.sqrt(squares?.[at] ?? Math.abs(stored.fArray[at]!));
    }
  }
  return {
    title: stored.fTitle,
    edges: axes.map(edgesOf),
    contents,
    errors,
    entries: stored.fEntries,
    outside: all - contents.reduce((sum, value) => sum + value, 0),
  };
}

function edgesOf({ fNbins, fXmin, fXmax, fXbins }: Axis): Float64Array {
  if (fXbins && fXbins.length === fNbins + 1) return Float64Array.from(fXbins);
  return Float64Array.from({ length: fNbins + 1 }, (_, i) => fXmin + ((fXmax - fXmin) * i) / fNbins);
}
