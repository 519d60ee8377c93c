/** `lumin doctor`: versions, processor, and which devices really train here. */
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { type Device, devices } from "../engine/index.ts";
import type { DeviceCheck } from "../model/index.ts";
import { softwareVersions } from "../train/index.ts";
import type { CommandContext } from "./command-context.ts";
import { padded } from "./terminal.ts";

export interface DoctorOptions {
  readonly json?: boolean;
}

/** What became of a device. */
export type Finding =
  | { readonly device: Device; readonly state: "works" | "wrong"; readonly check: DeviceCheck }
  /** "untested": there is no such hardware; "fails": it is there, or not needed, and yet nothing runs. */
  | { readonly device: Device; readonly state: "untested" | "fails"; readonly reason: string };

/** What the process that checks one device sends. */
export type CheckReply = { readonly check: DeviceCheck } | { readonly reason: string };

/** Exit code 1 when the processor itself does not train, or a device computes something else. */
export async function doctorCommand(options: DoctorOptions, context: CommandContext): Promise<void> {
  const machine = describeMachine();
  const versions = softwareVersions();
  const findings: Finding[] = [];
  for (const device of devices) {
    context.reporter.note(`trying ${device} …`);
    findings.push(await examine(device));
  }
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ versions, machine, devices: findings }, null, 2)}\n`
      : describe(versions, machine, findings),
  );
  const isSound = findings.every(
    ({ device, state }) => state !== "wrong" && !(device === "cpu" && state !== "works"),
  );
  if (!isSound) process.exitCode = 1;
}

interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Undefined where the system does not tell. */
  readonly instructionSets: readonly string[] | undefined;
}

function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    instructionSets: instructionSets(),
  };
}

/** Sets that matter to products of matrices, as Linux names them. */
const notable =
  /^(sse4_2|avx|avx2|fma|f16c|avx512(f|bw|vl|dq|_vnni|_bf16)|avx_vnni|amx_\w+|asimd|asimddp|i8mm|bf16|sve2?)$/;

function instructionSets(): readonly string[] | undefined {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    return line
      ?.trim()
      .split(/\s+/)
      .filter((name) => notable.test(name));
  } catch {
    return undefined;
  }
}

/** Checks a device in a process of its own: a driver that crashes ends that one alone. */
async function examine(device: Device): Promise<Finding> {
  const child = fork(fileURLToPath(new URL("./check-device-process.js", import.meta.url)), [device], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const reply = await new Promise<CheckReply>((resolve) => {
    child.once("message", (message) => resolve(message as CheckReply));
    child.once("error", (error) => resolve({ reason: error.message }));
    child.once("exit", (code, signal) =>
      resolve({ reason: `its process ended with ${signal ?? `exit code ${code}`}` }),
    );
  });
  if ("check" in reply) return { device, state: reply.check.agrees ? "works" : "wrong", check: reply.check };
  return { device, state: lacksHardware(device, reply.reason) ? "untested" : "fails", reason: reply.reason };
}

function lacksHardware(device: Device, reason: string): boolean {
  if (device === "webgpu") return /adapter/i.test(reason);
  return device === "cuda" && process.platform === "linux" && !existsSync("/dev/nvidiactl");
}

function describe(
  versions: Readonly<Record<string, string>>,
  { processor, cores, instructionSets }: Machine,
  findings: readonly Finding[],
): string {
  const lines = [
    Object.entries(versions)
      .map(([name, version]) => (name === "platform" ? version : `${name} ${version}`))
      .join(", "),
    `${processor}, ${cores} ${cores === 1 ? "core" : "cores"}; ${instructionSets?.join(" ") ?? "instruction sets: the system does not tell"}`,
    "",
    row("device", "state", "ms a step", "deviation"),
    ...findings.map((finding) =>
      "check" in finding
        ? row(
            finding.device,
            finding.state,
            finding.check.stepMilliseconds.toPrecision(3),
            finding.check.weightDeviation.toExponential(1),
          )
        : row(finding.device, finding.state),
    ),
    "",
    "A step: six dense layers of 33, 256 events, one thread. Deviation: of the weights after two steps from the",
    "float64 reference, as a part of their largest change; more than 1e-4 is wrong.",
  ];
  for (const finding of findings) {
    if ("reason" in finding)
      lines.push(
        "",
        `${finding.device} is ${finding.state === "untested" ? "untested" : "not usable"}: ${finding.reason}`,
      );
  }
  return `${lines.join("\n")}\n`;
}

function row(device: string, state: string, time: string = "", deviation: string = ""): string {
  return `${padded(device, 8)}${padded(state, 10)}${padded(time, -10)}${padded(deviation, -12)}`.trimEnd();
}
