/** The light door: what each thread of a trainer loads. Behind it is nothing but the losses, so that threads start fast. */
export { checkDatum, LOSS_NAMES, type LossTerms, lossTerms } from '../losses.ts';
export type {
  AdamSettings,
  Datum,
  Loss,
  PassResult,
  Tokenizer,
  TokenRequest,
  TokenSequence,
  TrainedModel,
  Trainer,
  UpdateResult,
} from '../trainer.ts';
