/** The program of a worker process: runs one job after the other and ends with its parent. */
import { errorToData, type Job, type JobFunction, type Reply } from "./worker-protocol.ts";

// Ctrl-C reaches all processes of a terminal; the parent decides what happens then.
process.on("SIGINT", () => undefined);
// Heard when no call of the engine is under way: such a call blocks the thread until it is done.
process.on("disconnect", () => process.exit());
process.on("message", (job: Job) => void run(job));

async function run(job: Job): Promise<void> {
  try {
    const exports = (await import(job.module)) as Record<string, JobFunction<unknown, unknown, unknown>>;
    const result = await exports[job.name]!(job.payload, (message) => reply({ kind: "message", message }));
    reply({ kind: "result", result });
  } catch (error) {
    reply({ kind: "error", error: errorToData(error) });
  }
}

function reply(message: Reply): void {
  if (process.connected) process.send!(message);
}
