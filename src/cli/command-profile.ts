/** `lumin profile`: where the time of an analysis's training step goes, and the step's graph as a file. */
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stream } from "../array/index.ts";
import {
  type Profile,
  profileText,
  type Runnable,
  Session,
  type StepGraph,
  scanModel,
} from "../engine/index.ts";
import { ProfiledSession } from "../engine/profiled-session.ts";
import { ConfigurationError, InterruptedError } from "../errors/index.ts";
import { compileTraining, type ModelBuilder, type StepOptions } from "../model/index.ts";
import { graphText } from "../tensor/index.ts";
import {
  type Callback,
  type CallbackSpec,
  columnsWanted,
  type FoldArrays,
  graphHooksOf,
  makeCallbacks,
  withColumns,
} from "../train/index.ts";
import { type AnalysisFile, readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { settingsOf } from "./command-train.ts";
import { count } from "./count.ts";
import { builderFor } from "./network-of-analysis.ts";
import { readAndSplit } from "./prepare-events.ts";
import { prepareTraining } from "./prepare-training.ts";
import { runPaths } from "./run-folder.ts";

export interface ProfileOptions {
  readonly steps: number;
  readonly save?: string;
  readonly set: readonly string[];
}

export async function profileCommand(
  path: string,
  options: ProfileOptions,
  context: CommandContext,
): Promise<void> {
  const { save, steps } = options;
  if (save !== undefined && !/\.(onnx|txt)$/.test(save)) {
    throw new ConfigurationError(
      `profile: the graph is saved as .onnx (for Netron) or as .txt (one line a node), not as "${save}".`,
    );
  }
  const file = readAnalysisFile(path, settingsOf(options));
  const training = await timedTraining(file, context);
  const timing = context.reporter.phase("timing");
  const alone = await training.time(steps, (step) => Session.create(scanModel(step)));
  timing(`timed ${count(steps)} steps`);
  const profiling = context.reporter.phase("profiling");
  const measured = await profileSteps(training, steps);
  profiling(`profiled ${count(steps)} steps`);
  process.stdout.write(
    `\n${profileText(measured.profile, { steps: warmUpSteps + steps })}\n` +
      `one step of ${count(file.analysis.training.batchSize)} events with ${count(training.builder.parameterCount)} parameters: ` +
      `${alone.toFixed(3)} ms, ${measured.milliseconds.toFixed(3)} ms while its nodes are timed\n`,
  );
  if (save !== undefined) {
    await writeFile(save, save.endsWith(".onnx") ? scanModel(measured.step) : stepText(measured.step));
    process.stdout.write(`graph: ${save}\n`);
  }
}

/** Steps before time is taken: memory is allocated in the first ones. */
const warmUpSteps = 5;

/** An analysis's training step on its first fold. */
interface TimedTraining {
  readonly builder: ModelBuilder;
  /** Milliseconds a step; `open` makes what runs the traced step. */
  time(steps: number, open: (step: StepGraph) => Promise<Runnable>): Promise<number>;
}

async function timedTraining(
  file: AnalysisFile,
  { reporter, signal }: CommandContext,
): Promise<TimedTraining> {
  const { analysis, directory } = file;
  const { batchSize, callbacks } = analysis.training;
  const reading = reporter.phase("reading events");
  // The schema has the same names and options as the callbacks.
  const made = await makeCallbacks(callbacks as readonly CallbackSpec[], directory);
  const { builder, fold } = await firstFold(file, made);
  reading(`read a fold of ${count(fold.eventCount)} events`);
  const options: StepOptions = {
    batchSize,
    meanWeight: 1,
    loss: await builder.resolveLoss(),
    graphHooks: graphHooksOf(made, (name) => ({
      network: builder,
      member: 0,
      trainingFolds: [0],
      epochCount: 1,
      stepsPerEpoch: Math.floor(fold.eventCount / batchSize),
      getFold: () => fold,
      stream: (...key) => new Stream(analysis.seed, name, ...key),
    })),
    columns: columnsWanted(made),
  };
  const { inputs: table, eventCount: rows, targets, weights = new Float32Array(rows).fill(1) } = fold;
  const { columns = {} } = fold;
  return {
    builder,
    async time(steps, open) {
      const program = await compileTraining(builder, options, open);
      const stepsOfFold = Math.floor(rows / batchSize);
      const random = new Stream(analysis.seed, "profile");
      let state = builder.initialState(analysis.seed, 0);
      const run = async (count: number): Promise<void> => {
        ({ state } = await program.run(state, {
          table,
          rows,
          targets,
          weights,
          columns,
          order: random.permutation(rows).subarray(0, count * batchSize),
          learningRates: new Float32Array(count).fill(builder.learningRate),
          momenta: new Float32Array(count).fill(builder.momentum),
          random,
        }));
      };
      for (let i = 0; i < warmUpSteps; i++) await run(1);
      const start = performance.now();
      for (let done = 0; done < steps; done += stepsOfFold) {
        if (signal.aborted) throw new InterruptedError("profile: interrupted.");
        await run(Math.min(stepsOfFold, steps - done));
      }
      const milliseconds = performance.now() - start;
      await program.release();
      return milliseconds / steps;
    },
  };
}

/** Reads and prepares the events as for training; the first of the folds. */
async function firstFold(
  file: AnalysisFile,
  callbacks: readonly Callback[],
): Promise<{ readonly builder: ModelBuilder; readonly fold: FoldArrays }> {
  const { analysis, directory, inputFiles } = file;
  const { training } = await readAndSplit(analysis, inputFiles);
  const prepared = await prepareTraining(analysis, training, directory);
  const folder = mkdtempSync(join(tmpdir(), "lumin-profile-"));
  try {
    const folds = await prepared.write(runPaths(folder));
    const stored = folds.getTrainingFold(0, new Stream(analysis.seed, "profile"));
    const fold = withColumns(stored, callbacks, folds, 0);
    const builder = await builderFor(analysis, folds, directory);
    folds.close();
    return { builder, fold };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function profileSteps(
  training: TimedTraining,
  steps: number,
): Promise<{ readonly profile: Profile; readonly milliseconds: number; readonly step: StepGraph }> {
  let traced: StepGraph | undefined;
  let profile: Profile | undefined;
  const milliseconds = await training.time(steps, async (step) => {
    traced = step;
    const session = await ProfiledSession.create(scanModel(step));
    return {
      run: (feeds) => session.run(feeds),
      release: async () => {
        profile = await session.finish();
      },
    };
  });
  return { profile: profile!, milliseconds, step: traced! };
}

/** The step one line a node: what it gives, and the state after it. */
function stepText({ state, outputs }: StepGraph): string {
  const after = state.map(({ before, after }) => [`next ${before.attributes.name}`, after] as const);
  return graphText({ ...outputs, ...Object.fromEntries(after) });
}
