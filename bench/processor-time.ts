/** The clock of the step benchmarks: time that this process spent computing, whatever else the machine does. */

/** Milliseconds of processor time so far, of all threads of this process. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
