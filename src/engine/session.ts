/** Sessions of ONNX Runtime: a model's bytes made ready to run on a device. */
import { checkEngineOptions, type Device, type EngineOptions } from "./device.ts";
import { findProvider, type Provider, type Runtime } from "./provider.ts";

/** Typed arrays that sessions take and give; truth values (bool) are bytes 0 and 1. */
export type SessionData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Values with their shape. */
export interface SessionValue {
  readonly data: SessionData;
  readonly shape: readonly number[];
}

/** What runs: a session, or something in its place. */
export interface Runnable {
  /** All outputs, by name, for values of all inputs. */
  run(feeds: Readonly<Record<string, SessionValue>>): Promise<Record<string, SessionValue>>;
  /** Gives back the session's memory; it cannot run afterwards. */
  release(): Promise<void>;
}

/**
 * A model ready to run. On the CPU a run blocks the JavaScript thread, so never terminate a worker thread that may
 * be inside one: the whole process would abort. Processes may be killed at any time.
 *
 * Sessions of equal models on one device share what was compiled; it is freed when the last of them is released.
 */
export class Session implements Runnable {
  readonly #compiled: Compiled;
  #isReleased = false;

  private constructor(compiled: Compiled) {
    this.#compiled = compiled;
  }

  /** @throws ConfigurationError if none of the devices works here. */
  static async create(model: Uint8Array, options: EngineOptions = {}): Promise<Session> {
    const { choices, threads } = checkEngineOptions(options);
    return new Session(await shared(model, await findProvider(choices, threads), threads));
  }

  /** The device that runs the model. */
  get device(): Device {
    return this.#compiled.provider.device;
  }

  /** Runs the model; all outputs, by name. Runs of one model come one after the other. */
  async run(feeds: Readonly<Record<string, SessionValue>>): Promise<Record<string, SessionValue>> {
    if (this.#isReleased) throw new Error("Session.run: the session was released.");
    return await this.#compiled.run(feeds);
  }

  /** Gives the memory back, after runs that are under way. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await giveBack(this.#compiled);
  }
}

/** The version of ONNX Runtime that serves a device. */
export async function runtimeVersion(device: Device = "cpu"): Promise<string> {
  const { versions } = (await findProvider([device], 1)).runtime.env;
  return versions.node ?? versions.web ?? versions.common;
}

type OrtSession = Awaited<ReturnType<Runtime["InferenceSession"]["create"]>>;
type OrtTensor = InstanceType<Runtime["Tensor"]>;

/** A compiled model and how many sessions use it. */
class Compiled {
  readonly provider: Provider;
  readonly model: Uint8Array;
  readonly key: string;
  users = 0;
  readonly #session: Promise<OrtSession>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: Uint8Array, key: string, provider: Provider, threads: number) {
    this.model = model;
    this.key = key;
    this.provider = provider;
    this.#session = provider.runtime.InferenceSession.create(model, {
      executionProviders: [provider.device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      logSeverityLevel: 4,
    });
  }

  /** Resolves when it can run. */
  async ready(): Promise<void> {
    await this.#session;
  }

  async run(feeds: Readonly<Record<string, SessionValue>>): Promise<Record<string, SessionValue>> {
    const before = this.#last;
    const run = (async () => {
      await before;
      return await this.#runNow(feeds);
    })();
    this.#last = run.catch(() => undefined);
    return await run;
  }

  async free(): Promise<void> {
    await this.#last;
    await (await this.#session).release();
  }

  async #runNow(feeds: Readonly<Record<string, SessionValue>>): Promise<Record<string, SessionValue>> {
    const { Tensor } = this.provider.runtime;
    const session = await this.#session;
    const truthValues = session.inputMetadata.filter((input) => input.isTensor && input.type === "bool");
    const inputs: Record<string, OrtTensor> = {};
    for (const [name, { data, shape }] of Object.entries(feeds)) {
      const isTruth = truthValues.some((input) => input.name === name);
      inputs[name] = new Tensor(isTruth ? "bool" : typeOf(data), data as Uint8Array, shape);
    }
    const outputs = await session.run(inputs);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]): [string, SessionValue] => [
        name,
        { data: tensor.data as SessionData, shape: tensor.dims },
      ]),
    );
  }
}

/** Models in use, by a key of their bytes, device and threads. */
const inUse = new Map<string, Compiled[]>();

async function shared(model: Uint8Array, provider: Provider, threads: number): Promise<Compiled> {
  const key = `${provider.device} ${threads} ${model.length} ${hash(model)}`;
  const candidates = inUse.get(key) ?? [];
  inUse.set(key, candidates);
  let compiled = candidates.find((other) => isEqual(other.model, model));
  if (compiled === undefined) {
    compiled = new Compiled(model, key, provider, threads);
    candidates.push(compiled);
  }
  compiled.users++;
  try {
    await compiled.ready();
    return compiled;
  } catch (error) {
    forget(compiled);
    throw error;
  }
}

async function giveBack(compiled: Compiled): Promise<void> {
  if (forget(compiled)) await compiled.free();
}

/** One user less; true if it was the last one. */
function forget(compiled: Compiled): boolean {
  compiled.users--;
  if (compiled.users > 0) return false;
  const others = inUse.get(compiled.key)!.filter((other) => other !== compiled);
  if (others.length > 0) inUse.set(compiled.key, others);
  else inUse.delete(compiled.key);
  return true;
}

/** FNV-1a, 32 bits. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return value >>> 0;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function typeOf(data: SessionData): "float32" | "float64" | "int32" | "uint8" {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  return data instanceof Int32Array ? "int32" : "uint8";
}
