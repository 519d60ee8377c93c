/** A user's module: a callback for worker processes. */
export function stopAfter({ epochs }) {
  return {
    name: "stopAfter",
    onEpochEnd: (view) => ({ stop: view.epoch === epochs, save: `epoch-${view.epoch}` }),
  };
}

/** Kills its own process once in the second epoch of member 1, as the system does when memory runs out. */
export function dieOnce({ marker, resumable = false }) {
  return {
    name: "dieOnce",
    ...(resumable ? { state: () => undefined } : {}),
    onEpochBegin: async ({ member, epoch }) => {
      const { existsSync, writeFileSync } = await import("node:fs");
      if (member !== 1 || epoch !== 2 || existsSync(marker)) return;
      writeFileSync(marker, "");
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => setInterval(() => undefined, 1000));
    },
  };
}

/** Makes the loss infinite. */
export function explode() {
  return {
    name: "explode",
    schedule: () => ({ values: (step) => ({ learningRate: step < 5 ? 1e-3 : Infinity }) }),
  };
}

/** Lowers the learning rate by what it has seen so far. */
export function warmUp() {
  const mine = warmUpWithoutState();
  let seen = [];
  return {
    ...mine,
    state: () => ({ seen }),
    restore: (state) => {
      ({ seen } = state);
    },
    onEpochEnd: (view) => {
      seen.push(view.validationLoss);
      return { scaleLearningRate: 1 / (1 + seen.reduce((sum, loss) => sum + loss, 0) / 100) };
    },
  };
}

/** The same, of which nobody can tell what it remembers. */
export function warmUpWithoutState() {
  const seen = [];
  return {
    name: "warmUp",
    onEpochEnd: (view) => {
      seen.push(view.validationLoss);
      return { scaleLearningRate: 1 / (1 + seen.reduce((sum, loss) => sum + loss, 0) / 100) };
    },
  };
}
