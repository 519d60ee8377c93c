/** Options that several commands share, and what their values may be. */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";

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
