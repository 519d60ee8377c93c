/** Options that several commands share, and what their values may be. */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { memorySize } from "./memory-size.ts";

/** A command with what every command has. */
export function subcommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option("--debug", "print the stack of an error");
}

export function workersOption(): Option {
  return new Option("--workers <count>", "worker processes side by side; 0 trains in one process")
    .default(availableParallelism(), "the number of cores")
    .argParser(wholeNumber(0));
}

export function seedOption(): Option {
  return new Option("--seed <number>", "overrides the seed of the analysis").argParser(wholeNumber(0));
}

/** A ceiling for all processes of a command together. */
export function memoryOption(): Option {
  return new Option(
    "--memory <size>",
    "ceiling for all processes together, e.g. 512MB or 4GB; events are then put aside on disk",
  ).argParser((text) => {
    const bytes = memorySize(text);
    if (bytes === undefined || bytes <= 0)
      throw new InvalidArgumentError("Expected a size such as 512MB or 4GB.");
    return bytes;
  });
}

export function setOption(): Option {
  return new Option(
    "--set <path=value>",
    "overrides keys of the analysis; each value is YAML; several path=value may follow",
  )
    .default([] as string[], "none")
    .argParser((value: string, before: readonly string[]) => [...before, value]);
}

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text.trim()) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    }
    return value;
  };
}

export function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

export function notNegative(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && Number.isFinite(value) && text.trim() !== ""))
    throw new InvalidArgumentError("Expected a number, 0 or more.");
  return value;
}
