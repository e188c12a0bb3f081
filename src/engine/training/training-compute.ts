import type { AdamSettings, Datum, Loss, PassResult } from '../../train/protocol/index.ts';
import type { EmbeddedModel } from '../embedded-model.ts';
import type { UpdateOutput } from './optimizer.ts';
import type { SavedState, TrainedShape, TrainedVectors } from './saved-state.ts';

/** Where a model is trained: on the processor's cores or on a GPU. The trainer's calls come one after the other. */
export interface TrainingCompute {
  readonly shape: TrainedShape;
  /** The loss of the data; with a gradient, that is added to what waits for `update`. */
  pass(data: readonly Datum[], loss: Loss, withGradient: boolean): Promise<PassResult>;
  clearGradients(): void;
  /** Applies the waiting gradient as update number `step`, from 1, and clears it. */
  update(settings: AdamSettings, step: number): Promise<UpdateOutput>;
  /** The model's weights as they are now, in the layout's order. */
  weights(): Promise<Float32Array>;
  vectors(): Promise<TrainedVectors>;
  restore(saved: SavedState): Promise<void>;
  /** A model of its own with the weights as they are now. */
  publish(name: string, hash: string): Promise<EmbeddedModel>;
  release(): void;
}
