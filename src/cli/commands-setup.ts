/** The commands about the installation and the analysis file. */
import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { subcommand } from "./command-options.ts";

/** Adds doctor and schema. */
export function addSetupCommands(program: Command, context: CommandContext): void {
  subcommand(program, "doctor", "say what works here: versions, processor, and the devices that train")
    .option("--json", "print JSON instead of a table")
    .action(async (options: { readonly json?: boolean }) => {
      const { doctorCommand } = await import("./command-doctor.ts");
      await doctorCommand(options, context);
    });

  subcommand(program, "schema", "print the JSON Schema of analysis files, for editors").action(async () => {
    const { analysisJsonSchema } = await import("./analysis-schema.ts");
    process.stdout.write(`${JSON.stringify(analysisJsonSchema(), null, 2)}\n`);
  });
}
