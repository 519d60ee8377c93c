/** `lumin model`: the parameters of a saved network. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Model, parameterTableText } from "../model/index.ts";

/** What `lumin model` can be asked for. */
export interface ModelCommandOptions {
  readonly json?: boolean;
}

/** Prints the table of a network, or of the first one of a run. */
export async function modelCommand(folder: string, options: ModelCommandOptions): Promise<void> {
  const isRun = !existsSync(join(folder, "model.json")) && existsSync(join(folder, "members/0/model.json"));
  const model = await Model.load(isRun ? join(folder, "members/0") : folder);
  const rows = model.parameterTable();
  process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : parameterTableText(rows));
}
