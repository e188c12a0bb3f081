import type { Datum, Loss, PassResult } from '../../train/protocol/index.ts';
import { createArena, type Machine } from '../kernels/machine.ts';
import { type DecodedPiece, type DecodeInput, decode } from '../sampling/decode.ts';
import { type PrefillInput, prefill } from '../sampling/prefill.ts';
import { mergeLowRank } from '../training/low-rank.ts';
import { applyUpdate, type TrainingState, type UpdateInput, type UpdateOutput } from '../training/optimizer.ts';
import { chunkOf, trainingPass } from '../training/training-pass.ts';
import { refreshWeights, type TrainableWeights } from '../transformer/backward.ts';
import type { WeightsInMemory } from '../transformer/forward.ts';

/** A piece of shared memory that a job may write to while it runs. */
export interface Workspace {
  readonly address: number;
  readonly bytes: number;
}

export interface PassInput {
  readonly model: WeightsInMemory | TrainableWeights;
  /** Each list of data is computed at once, one list after the other. */
  readonly chunks: readonly (readonly Datum[])[];
  readonly loss: Loss;
  /** Address of the block that the gradient is added to. */
  readonly gradient: number | undefined;
  readonly workspace: Workspace;
}

/** What a core can be asked to do: functions of plain data and shared memory. */
export const JOBS = {
  pass(machine: Machine, { model, chunks, loss, gradient, workspace }: PassInput): readonly PassResult[] {
    const arena = createArena(workspace.address, workspace.bytes);
    return chunks.map((data) => trainingPass(machine, model, chunkOf(data), loss, arena, gradient));
  },
  update: (machine: Machine, input: UpdateInput): UpdateOutput => applyUpdate(machine, input),
  /** Brings merged weights up to date after the factors were loaded. */
  merge(machine: Machine, state: TrainingState): true {
    if (state.lowRank !== undefined) mergeLowRank(machine, state.model, state.lowRank, state.workspace);
    refreshWeights(machine, state.model);
    return true;
  },
  refresh(machine: Machine, model: WeightsInMemory | TrainableWeights): true {
    refreshWeights(machine, model);
    return true;
  },
  prefill: (machine: Machine, input: PrefillInput): true => prefill(machine, input),
  decode: (machine: Machine, input: DecodeInput): readonly DecodedPiece[] => decode(machine, input),
} as const;

export type JobName = keyof typeof JOBS;
export type JobInput<N extends JobName> = Parameters<(typeof JOBS)[N]>[1];
export type JobOutput<N extends JobName> = ReturnType<(typeof JOBS)[N]>;
