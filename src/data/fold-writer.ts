/** Puts folds and what a fold file says of itself into HDF5. */
import { DigestWriter, loadDigest } from "./fold-digest.ts";
import type { FoldEvents, FoldFileHeader, FoldFormat } from "./fold-file.ts";
import { writeOrigin } from "./fold-origin.ts";
import { type Hdf5File, openHdf5 } from "./hdf5.ts";
import { encodedMatrix, writeMatrixHeader } from "./matrix-inputs.ts";
import type { Column } from "./table.ts";

/** Writes one file: fold after fold, then the header and the checksums. */
export class FoldWriter {
  readonly #file: Hdf5File;
  readonly #header: FoldFileHeader;
  readonly #format: FoldFormat;
  readonly #digests = new DigestWriter();
  #foldCount = 0;

  private constructor(file: Hdf5File, header: FoldFileHeader, format: FoldFormat) {
    this.#file = file;
    this.#header = header;
    this.#format = format;
  }

  static async create(path: string, header: FoldFileHeader, format: FoldFormat): Promise<FoldWriter> {
    await loadDigest();
    return new FoldWriter(await openHdf5(path, "w"), header, format);
  }

  async add({ features, targets, weights, matrix, columns }: FoldEvents): Promise<void> {
    const { continuousFeatures, categoricalFeatures, targetFeatures, matrix: layout } = this.#header;
    const featureCount = continuousFeatures.length + categoricalFeatures.length;
    const targetCount = targetFeatures.length;
    const eventCount = targetCount > 0 ? targets.length / targetCount : features.length / featureCount;
    const fold = `fold_${this.#foldCount++}`;
    this.#file.createGroup(fold);
    this.#store(`${fold}/inputs`, features, [eventCount, featureCount]);
    this.#store(
      `${fold}/targets`,
      this.#format.wholeTargets ? wholeNumbers(targets) : targets,
      targetCount === 1 ? [eventCount] : [eventCount, targetCount],
    );
    if (weights) this.#store(`${fold}/weights`, weights);
    if (matrix && layout) {
      const stored = encodedMatrix(matrix, eventCount, layout);
      this.#store(`${fold}/matrix_inputs`, stored.values, stored.shape);
    }
    for (const [name, column] of Object.entries(columns)) this.#store(`${fold}/${name}`, column);
  }

  async finish(): Promise<void> {
    writeHeader(this.#file, this.#header);
    for (const name of this.#file.keys("meta_data")) {
      this.#digests.add(`meta_data/${name}`, this.#file.read(`meta_data/${name}`));
    }
    this.#digests.write(this.#file);
    this.#file.close();
  }

  /** Closes the file after an error; it is of no use. */
  async abandon(): Promise<void> {
    this.#file.abandon();
  }

  #store(name: string, values: Column, shape: readonly number[] = [values.length]): void {
    const { compression } = this.#format;
    this.#file.write(name, values, { shape, ...(compression === undefined ? {} : { compression }) });
    this.#digests.add(name, values);
  }
}

function writeHeader(file: Hdf5File, header: FoldFileHeader): void {
  file.createGroup("meta_data");
  file.writeJson("meta_data/cont_feats", header.continuousFeatures);
  file.writeJson("meta_data/cat_feats", header.categoricalFeatures);
  file.writeJson(
    "meta_data/targ_feats",
    header.targetFeatures.length === 1 ? header.targetFeatures[0] : header.targetFeatures,
  );
  file.writeJson("meta_data/wgt_feat", header.weightFeature ?? null);
  const maps = header.categories.map(({ name, values }) => [name, Object.fromEntries(values.entries())]);
  file.writeJson("meta_data/cat_maps", Object.fromEntries(maps));
  if (header.matrix) writeMatrixHeader(file, header.matrix);
  if (header.scaler) {
    file.writeJson("meta_data/scaler", {
      features: header.continuousFeatures,
      means: header.scaler.means,
      stds: header.scaler.standardDeviations,
    });
  }
  if (header.origin) writeOrigin(file, header.origin);
}

function wholeNumbers(values: Float32Array): BigInt64Array {
  const result = new BigInt64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = BigInt(values[i]!);
  return result;
}
