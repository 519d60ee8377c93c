/** A command in a child process with its own group, and the answer to Ctrl-C within a second. */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { resolve } from "node:path";

/** Time that the child has to end by itself after the first signal, ms. */
const grace = 400;

/** Exit code after an interruption, as shells give it for Ctrl-C. */
export const interruptedExitCode = 130;

/** What the working process tells the one that listens. */
export interface SupervisorMessage {
  /** What to say if the user interrupts now. */
  readonly onInterrupt: string;
  /** A folder that is of no use if the work ends now. */
  readonly unfinished?: string | undefined;
}

/**
 * Runs the script in a child and gives its exit code. The first SIGINT or SIGTERM asks the child to stop and
 * ends it with all its workers when it has not after 0.4 s; a second one ends it at once.
 */
export function runSupervised(script: string, words: readonly string[]): Promise<number> {
  let interrupted = false;
  let advice = "interrupted.";
  let unfinished: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  // Before the child is there: a signal that comes while it starts must find someone who listens.
  const onSignal = (): void => {
    if (interrupted) {
      endGroup(child);
      return;
    }
    interrupted = true;
    child.kill("SIGTERM");
    timer = setTimeout(() => endGroup(child), grace);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", onSignal);
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    // A group of its own: the terminal's Ctrl-C reaches this process alone, and one kill ends all workers.
    detached: process.platform !== "win32",
    env: { ...process.env, ...allocation(words), LUMIN_SUPERVISED: "1" },
  });
  child.on("message", (message: SupervisorMessage) => {
    advice = message.onInterrupt;
    unfinished = message.unfinished;
  });
  return new Promise((settle) => {
    let isSettled = false;
    const finish = (code: number): void => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      process.off("SIGHUP", onSignal);
      settle(code);
    };
    child.on("error", (error) => {
      process.stderr.write(`lumin: the working process did not start: ${error.message}.\n`);
      finish(1);
    });
    child.on("exit", (code, signal) => {
      // Workers that the child left behind end with it, also after a crash.
      if (interrupted || signal !== null) {
        endGroup(child);
        if (unfinished !== undefined) remove(unfinished);
      }
      if (interrupted) {
        process.stderr.write(`\nlumin: ${advice}\n`);
        finish(interruptedExitCode);
      } else if (signal !== null) {
        process.stderr.write(`\nlumin: the working process was ended by ${signal}${signalHint(signal)}\n`);
        finish(1);
      } else {
        finish(code ?? 1);
      }
    });
  });
}

/** With a limit on memory, the C library gives freed arrays back to the system at once. */
function allocation(words: readonly string[]): Readonly<Record<string, string>> {
  if (!words.some((word) => /^--memory(=|$)/.test(word))) return {};
  return { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "65536" };
}

/**
 * Sets what is said when the user interrupts from now on; without a supervisor it does nothing.
 *
 * @param unfinished a folder that is removed then, and also when this process comes to a sudden end.
 */
export function adviseOnInterrupt(text: string, unfinished?: string): void {
  const folder = unfinished === undefined ? undefined : resolve(unfinished);
  if (process.connected)
    process.send?.({ onInterrupt: text, unfinished: folder } satisfies SupervisorMessage);
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    process.stderr.write(`\nlumin: "${folder}" is unfinished and could not be removed; delete it.\n`);
  }
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function signalHint(signal: NodeJS.Signals): string {
  return signal === "SIGKILL" ? "; on Linux this is mostly because the memory was used up." : ".";
}
