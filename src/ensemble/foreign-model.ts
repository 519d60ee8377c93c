/** `ForeignModel`: an ONNX model of another program as a member of an ensemble, for prediction. */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeAtomically, writeText } from "../data/atomic-file.ts";
import { findProvider, type Runtime } from "../engine/provider.ts";
import { ConfigurationError, counted, DataError, FileFormatError } from "../errors/index.ts";
import {
  type Feed,
  type ForeignModelOptions,
  feedsOf,
  gathered,
  type OrtSession,
  outputOf,
} from "./foreign-interface.ts";
import type { Predictor } from "./member.ts";

const [modelFile, memberFile] = ["model.onnx", "foreign.json"];
const formatName = "lumin foreign model";

/** Events in one call of the engine. */
const rowsPerCall = 4096;

/**
 * A trained model of any program that writes ONNX. It gets the same pre-processed inputs as our networks, missing
 * values as 0, and its output counts as a prediction. What its inputs and outputs are declared to be is checked
 * when it is opened, and so is what it gives for two and for three events.
 */
export class ForeignModel implements Predictor {
  readonly kind = "onnx";
  readonly featureCount: number;
  readonly outputCount: number;
  readonly options: ForeignModelOptions;
  readonly #bytes: Uint8Array;
  readonly #runner: Runner;

  private constructor(bytes: Uint8Array, options: ForeignModelOptions, runner: Runner, outputCount: number) {
    this.#bytes = bytes;
    this.#runner = runner;
    this.options = options;
    this.featureCount = options.features.length;
    this.outputCount = outputCount;
  }

  /**
   * Opens an ONNX file.
   *
   * @throws FileFormatError for a file that ONNX Runtime cannot load; ConfigurationError where its inputs or outputs
   * are not what the options say.
   */
  static async open(path: string, options: ForeignModelOptions): Promise<ForeignModel> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch {
      throw new FileFormatError(`foreign model "${path}": this file cannot be read.`);
    }
    return ForeignModel.#of(bytes, path, options);
  }

  /** Reads what `save` wrote. */
  static async load(directory: string): Promise<ForeignModel> {
    const path = join(directory, modelFile);
    let content: { format: string; sha256: string; options: ForeignModelOptions };
    try {
      content = JSON.parse(await readFile(join(directory, memberFile), "utf8"));
    } catch {
      throw new FileFormatError(
        `"${join(directory, memberFile)}" cannot be read. The folder of a foreign model holds ${modelFile} and ${memberFile}.`,
      );
    }
    if (content?.format !== formatName || !Array.isArray(content.options?.features)) {
      throw new FileFormatError(`"${join(directory, memberFile)}" does not describe a foreign model.`);
    }
    const model = await ForeignModel.open(path, content.options);
    if (fingerprint(model.#bytes) === content.sha256) return model;
    throw new FileFormatError(`"${path}" is not the model that ${memberFile} beside it describes.`);
  }

  static async #of(bytes: Uint8Array, path: string, options: ForeignModelOptions): Promise<ForeignModel> {
    const where = `foreign model "${basename(path)}"`;
    const { runtime } = await findProvider(["cpu"], 1);
    let session: OrtSession;
    try {
      session = await runtime.InferenceSession.create(bytes, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 4,
      });
    } catch (error) {
      throw new FileFormatError(`${where}: ONNX Runtime cannot load it (${firstLine(error)}).`);
    }
    const feeds = feedsOf(session, options, where);
    const output = outputOf(session, options, where);
    const runner = new Runner(runtime, session, feeds, output, options, where);
    const count = await runner.outputCount();
    return new ForeignModel(bytes, options, runner, count);
  }

  async predict(inputs: Float32Array, eventCount: number): Promise<Float32Array> {
    const { featureCount, outputCount } = this;
    if (inputs.length !== eventCount * featureCount) {
      throw new DataError(
        `ForeignModel.predict: ${counted(eventCount, "event")} of ${counted(featureCount, "feature")} are ${counted(eventCount * featureCount, "value")}, but ${inputs.length} came.`,
      );
    }
    const prediction = new Float32Array(eventCount * outputCount);
    for (let start = 0; start < eventCount; start += rowsPerCall) {
      const rows = Math.min(rowsPerCall, eventCount - start);
      const piece = inputs.subarray(start * featureCount, (start + rows) * featureCount);
      prediction.set(await this.#runner.run(piece, rows), start * outputCount);
    }
    return prediction;
  }

  async save(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    await writeAtomically(join(directory, modelFile), (path) => writeFile(path, this.#bytes));
    const content = { format: formatName, sha256: fingerprint(this.#bytes), options: this.options };
    await writeText(join(directory, memberFile), [`${JSON.stringify(content, null, 2)}\n`]);
  }

  async release(): Promise<void> {
    await this.#runner.release();
  }
}

/** The compiled model; feeds it and reads its output. */
class Runner {
  readonly #runtime: Runtime;
  #session: OrtSession | undefined;
  readonly #feeds: readonly Feed[];
  readonly #output: string;
  readonly #options: ForeignModelOptions;
  readonly #where: string;

  constructor(
    runtime: Runtime,
    session: OrtSession,
    feeds: readonly Feed[],
    output: string,
    options: ForeignModelOptions,
    where: string,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#feeds = feeds;
    this.#output = output;
    this.#options = options;
    this.#where = where;
  }

  /** Outputs for one event, from trying two and three events. */
  async outputCount(): Promise<number> {
    const { length } = this.#options.features;
    const widths: number[] = [];
    for (const rows of [2, 3]) {
      widths.push((await this.run(new Float32Array(rows * length), rows)).length / rows);
    }
    return widths[0]!;
  }

  async run(inputs: Float32Array, rows: number): Promise<Float32Array> {
    if (this.#session === undefined) throw new Error(`${this.#where}: it was released.`);
    const width = this.#options.features.length;
    const feeds = Object.fromEntries(
      this.#feeds.map(({ name, type, columns, isVector }) => {
        const data = gathered(inputs, rows, width, columns, type);
        const shape = isVector ? [rows] : [rows, columns.length];
        return [name, new this.#runtime.Tensor(type, data as Float32Array, shape)];
      }),
    );
    let result: { readonly data: unknown; readonly dims: readonly number[] };
    try {
      result = (await this.#session.run(feeds, [this.#output]))[this.#output]!;
    } catch (error) {
      throw new DataError(`${this.#where}: it fails for ${counted(rows, "event")} (${firstLine(error)}).`);
    }
    const { data, dims } = result;
    if (!(data instanceof Float32Array || data instanceof Float64Array) || dims[0] !== rows) {
      throw new ConfigurationError(
        `${this.#where}: for ${counted(rows, "event")} its output "${this.#output}" has the shape [${dims.join(", ")}]; expected [events, outputs] of floats. Export it with a free number of events.`,
      );
    }
    return activated(Float32Array.from(data), rows, this.#options, this.#where);
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }
}

/** Probabilities of the chosen columns. */
function activated(
  values: Float32Array,
  rows: number,
  { columns, activation = "none" }: ForeignModelOptions,
  where: string,
): Float32Array {
  const width = values.length / rows;
  const chosen = columns ?? Array.from({ length: width }, (_, column) => column);
  const wrong = chosen.find((column) => !(Number.isInteger(column) && column >= 0 && column < width));
  if (wrong !== undefined) {
    throw new ConfigurationError(
      `${where}: column ${wrong} of its output is asked for, but it has ${width}, counted from 0.`,
    );
  }
  const result = new Float32Array(rows * chosen.length);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    const probabilities =
      activation === "none" ? own : activation === "sigmoid" ? own.map(sigmoid) : softmax(own);
    for (const [i, column] of chosen.entries()) result[row * chosen.length + i] = probabilities[column]!;
  }
  return result;
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

function softmax(logits: Float32Array): Float32Array {
  const highest = Math.max(...logits);
  const exponentials = logits.map((x) => Math.exp(x - highest));
  const sum = exponentials.reduce((total, x) => total + x, 0);
  return exponentials.map((x) => x / sum);
}

function fingerprint(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
