/** `TreeModel`: a forest or boosted trees as a member of an ensemble. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeText } from "../data/atomic-file.ts";
import { counted, DataError, FileFormatError } from "../errors/index.ts";
import { columnsOfMatrix, parseTrees, type TreeEnsemble, treesToJson } from "../trees/index.ts";
import type { Predictor } from "./member.ts";

const fileName = "trees.json";

/** Trees on the same pre-processed inputs as networks: standardised, missing values 0, category codes last. */
export class TreeModel implements Predictor {
  readonly kind = "trees";
  readonly trees: TreeEnsemble;

  constructor(trees: TreeEnsemble) {
    this.trees = trees;
  }

  get featureCount(): number {
    return this.trees.featureCount;
  }

  get outputCount(): number {
    return this.trees.outputs;
  }

  /** Leaves of all its trees. */
  get leafCount(): number {
    return this.trees.trees.reduce((sum, { feature }) => sum + feature.filter((f) => f < 0).length, 0);
  }

  predict(inputs: Float32Array, eventCount: number): Promise<Float64Array> {
    const { featureCount } = this;
    if (inputs.length !== eventCount * featureCount) {
      throw new DataError(
        `TreeModel.predict: ${counted(eventCount, "event")} of ${counted(featureCount, "feature")} are ${counted(eventCount * featureCount, "value")}, but ${inputs.length} came.`,
      );
    }
    return Promise.resolve(this.trees.predict(columnsOfMatrix(inputs, featureCount)));
  }

  async save(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    await writeText(join(directory, fileName), [treesToJson(this.trees)]);
  }

  /** Reads what `save` wrote. @throws FileFormatError for a folder without it. */
  static async load(directory: string): Promise<TreeModel> {
    const path = join(directory, fileName);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch {
      throw new FileFormatError(`"${path}" cannot be read. The folder of a tree model holds ${fileName}.`);
    }
    return new TreeModel(parseTrees(text, `"${path}"`));
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}
