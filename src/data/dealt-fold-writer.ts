/** Writes events that come in pieces as folds, which are in memory until the last piece is there. */
import { FoldAssembly } from "./fold-assembly.ts";
import type { DealtFormat, DealtPiece, FoldFileHeader } from "./fold-file.ts";
import { FoldWriter } from "./fold-writer.ts";

/** As `FoldWriter`, of pieces instead of folds. */
export class DealtFoldWriter {
  readonly #writer: FoldWriter;
  readonly #folds: FoldAssembly[];

  private constructor(writer: FoldWriter, header: FoldFileHeader, sizes: readonly number[]) {
    const { continuousFeatures, categoricalFeatures, targetFeatures } = header;
    const widths = {
      features: continuousFeatures.length + categoricalFeatures.length,
      targets: targetFeatures.length,
    };
    this.#writer = writer;
    this.#folds = sizes.map((size) => new FoldAssembly(size, widths));
  }

  static async create(path: string, header: FoldFileHeader, format: DealtFormat): Promise<DealtFoldWriter> {
    return new DealtFoldWriter(await FoldWriter.create(path, header, format), header, format.sizes);
  }

  async add({ events, rowsOfFold }: DealtPiece): Promise<void> {
    for (const [fold, rows] of rowsOfFold.entries()) this.#folds[fold]!.add(events, rows);
  }

  async finish(): Promise<void> {
    for (const fold of this.#folds) await this.#writer.add(fold.finish());
    await this.#writer.finish();
  }

  /** Closes the file after an error; it is of no use. */
  async abandon(): Promise<void> {
    await this.#writer.abandon();
  }
}
