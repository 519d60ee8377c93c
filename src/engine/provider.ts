/** The builds of ONNX Runtime: which one provides a device here, loaded when first needed. */
import { ConfigurationError } from "../errors/index.ts";
import { checkEngineOptions, type Device, type EngineOptions } from "./device.ts";
import { elementType, encodeModel } from "./onnx-messages.ts";

/** What all builds of ONNX Runtime have in common. */
export type Runtime = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor" | "env">;

/** A build of ONNX Runtime that runs graphs on a device. */
export interface Provider {
  /** The device in use: in a browser "cpu" becomes "wasm". */
  readonly device: Device;
  readonly runtime: Runtime;
}

type Package = "onnxruntime-node" | "onnxruntime-web/wasm" | "onnxruntime-web/webgpu";

const isNode = typeof process === "object" && process.versions?.node !== undefined;

/**
 * The provider of the first of the devices that works here.
 * @throws ConfigurationError that says for each device why it does not.
 */
export async function findProvider(choices: readonly Device[], threads: number): Promise<Provider> {
  const reasons: string[] = [];
  for (const choice of choices) {
    const found = await loadProvider(choice, threads);
    if (typeof found !== "string") return found;
    reasons.push(`device "${choice}" does not work here: ${found}`);
  }
  throw new ConfigurationError(reasons.join(" "));
}

/**
 * The first of the devices that works here: a choice that is made once holds for all that is run together.
 * @throws ConfigurationError that says for each device why it does not work.
 */
export async function chooseDevice(options: EngineOptions): Promise<Device> {
  const { choices, threads } = checkEngineOptions(options);
  return (await findProvider(choices, threads)).device;
}

const loaded = new Map<Device, Promise<Provider | string>>();

/** The device's provider, or a sentence that says why there is none. */
function loadProvider(choice: Device, threads: number): Promise<Provider | string> {
  const device = choice === "cpu" && !isNode ? "wasm" : choice;
  let provider = loaded.get(device);
  if (provider === undefined) {
    provider = tryProvider(device, threads);
    loaded.set(device, provider);
  }
  return provider;
}

async function tryProvider(device: Device, threads: number): Promise<Provider | string> {
  if (device === "cuda" && !isNode) return "browsers have no CUDA. Use webgpu or wasm.";
  const name: Package =
    device === "wasm" ? "onnxruntime-web/wasm" : isNode ? "onnxruntime-node" : "onnxruntime-web/webgpu";
  let runtime: Runtime;
  try {
    runtime = await loadRuntime(name);
  } catch (error) {
    const owner = name.split("/")[0]!;
    return isNotFound(error)
      ? `the package ${owner} is not installed. Install it with: npm install ${owner}.`
      : `the package ${owner} cannot be loaded (${firstLine(error)}).`;
  }
  // What goes wrong is thrown; without this it is printed as well.
  runtime.env.logLevel = "fatal";
  if (name !== "onnxruntime-node") runtime.env.wasm.numThreads = canShareMemory() ? threads : 1;
  try {
    if (device !== "cpu") await probe(runtime, device);
    return { device, runtime };
  } catch (error) {
    return `${firstLine(error)}. ${advice[device]}`;
  }
}

const advice: Readonly<Record<Device, string>> = {
  cpu: "",
  wasm: "Use a newer browser or Node.",
  webgpu: "It needs a graphics processor and its driver (Vulkan on Linux); otherwise use cpu.",
  cuda: "It needs an NVIDIA GPU, CUDA 12 with cuDNN 9, and onnxruntime-node installed with its CUDA libraries; otherwise use cpu.",
};

/** Literal names, so that bundlers find them. onnxruntime-node is CommonJS, its names are under `default`. */
async function loadRuntime(name: Package): Promise<Runtime> {
  if (name === "onnxruntime-node") return (await import("onnxruntime-node")).default;
  return name === "onnxruntime-web/wasm"
    ? await import("onnxruntime-web/wasm")
    : await import("onnxruntime-web/webgpu");
}

/** Runs the smallest graph there is: a provider that is compiled in may still lack its hardware. */
async function probe({ InferenceSession, Tensor }: Runtime, device: Device): Promise<void> {
  const type = { tensorType: { elemType: elementType.float32, shape: { dim: [{ dimValue: 1 }] } } };
  const model = encodeModel({
    name: "probe",
    node: [{ opType: "Neg", input: ["x"], output: ["y"], attribute: [] }],
    initializer: [],
    input: [{ name: "x", type }],
    output: [{ name: "y", type }],
  });
  const session = await InferenceSession.create(model, { executionProviders: [device], logSeverityLevel: 4 });
  await session.run({ x: new Tensor("float32", Float32Array.of(1), [1]) });
  await session.release();
}

/** Threads of WebAssembly share memory; pages may only when they are cross-origin isolated. */
function canShareMemory(): boolean {
  return isNode || (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated === true;
}

function isNotFound(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}

/** The first line of what ONNX Runtime says, without the place in its sources. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.trim().split("\n")[0]!;
  return line.replace(/^\S*onnxruntime_src\S* .* was false\. /, "").replace(/\.$/, "");
}
