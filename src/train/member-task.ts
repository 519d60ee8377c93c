/** Training one member as a job of a worker process. */
import type { FoldYielderSpec } from "../data/fold-yielder.ts";
import { openFoldYielder } from "../data/hep-aug-fold-yielder.ts";
import { ModelBuilder, type ModelSpec } from "../model/index.ts";
import { type CallbackSpec, makeCallbacks } from "./callback-specs.ts";
import { CheckpointFile, type CheckpointSettings } from "./checkpoint-file.ts";
import { weightsSaver } from "./member-files.ts";
import type { ProgressEvent } from "./member-progress.ts";
import type { MemberSettings, TrainedMember } from "./member-settings.ts";
import { trainMember } from "./train-member.ts";
import type { JobFunction } from "./worker-protocol.ts";

/** Everything that a process needs to train a member. */
export interface MemberPayload {
  readonly folds: FoldYielderSpec;
  readonly model: ModelSpec;
  readonly callbacks: readonly CallbackSpec[];
  readonly settings: MemberSettings;
  /** Where `save` actions of callbacks write. */
  readonly outputDirectory: string | undefined;
  /** Absent: none are kept. */
  readonly checkpoints?: CheckpointSettings | undefined;
}

/** A trained member and how long it took. */
export interface TimedMember {
  readonly trained: TrainedMember;
  readonly seconds: number;
}

/** The job's function. */
export const trainMemberTask: JobFunction<MemberPayload, ProgressEvent, TimedMember> = async (
  payload,
  emit,
) => {
  const started = performance.now();
  const builder = ModelBuilder.fromSpec(payload.model);
  const folds = await openFoldYielder(payload.folds);
  try {
    const callbacks = await makeCallbacks(payload.callbacks);
    const save = weightsSaver(payload.outputDirectory, payload.settings.member, builder);
    const { settings, checkpoints } = payload;
    const trained = await trainMember(folds, builder, callbacks, settings, {
      onProgress: emit,
      checkpoints: checkpoints && new CheckpointFile(checkpoints, settings.member),
      save,
    });
    return { trained, seconds: (performance.now() - started) / 1000 };
  } finally {
    folds.close();
  }
};
