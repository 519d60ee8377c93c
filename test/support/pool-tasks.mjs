/** Tasks for the tests of the worker pool. */
import { existsSync, writeFileSync } from "node:fs";

export async function double({ value, wait = 0 }, emit) {
  emit({ started: value });
  await new Promise((resolve) => setTimeout(resolve, wait));
  return { doubled: Float32Array.from(value, (x) => 2 * x), pid: process.pid };
}

/** Kills its own process until `marker` exists as often as asked. */
export async function dieOnce({ marker, deaths }) {
  for (let death = 0; death < deaths; death++) {
    if (!existsSync(`${marker}.${death}`)) {
      writeFileSync(`${marker}.${death}`, "");
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => setInterval(() => undefined, 1000));
    }
  }
  return "lived";
}

export async function fail({ kind, message }) {
  const errors = await import(new URL("../../dist/errors/index.js", import.meta.url).href);
  throw new (errors[kind] ?? globalThis[kind])(message);
}

/** Fails when another job blocks its thread. */
export async function failWhenBlocked({ marker }) {
  while (!existsSync(`${marker}.begun`)) await new Promise((resolve) => setTimeout(resolve, 10));
  throw new Error("later");
}

export async function forever(_, emit) {
  emit({ pid: process.pid });
  await new Promise(() => setInterval(() => undefined, 1000));
}

/** Blocks the thread for a while, as a call of the engine does, and leaves a mark behind. */
export async function block({ marker, milliseconds }, emit) {
  emit({ pid: process.pid });
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(`${marker}.begun`, "");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  writeFileSync(marker, "whole");
  await new Promise(() => setInterval(() => undefined, 1000));
}
