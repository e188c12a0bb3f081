/** Bodies of the Tinker protocol, as far as the engine reads them. */
import * as z from 'zod';
import { WinnowError } from '../../core/index.ts';
import { type AdamSettings, type Datum, LOSS_NAMES, type Loss } from '../../train/protocol/index.ts';
import { check } from './openai-request.ts';

const Id = z.string().min(1).max(255);
const SeqId = z.int().min(1).nullish();

const Chunk = z.looseObject({ tokens: z.array(z.int()) });
const ModelInput = z.looseObject({ chunks: z.array(Chunk, 'only chunks of encoded text are supported') });
const Tensor = z.looseObject({
  data: z.array(z.number()),
  sparse_crow_indices: z.null('sparse tensors are not supported').optional(),
});
const DatumSchema = z.looseObject({ model_input: ModelInput, loss_fn_inputs: z.record(z.string(), Tensor) });
const PassInput = z.looseObject({
  data: z.array(DatumSchema).min(1),
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()).nullish(),
});
const PassSchema = z.looseObject({ forward_backward_input: PassInput.optional(), forward_input: PassInput.optional() });

/** What every request about a model has. */
export const AddressSchema = z.looseObject({ model_id: Id, seq_id: SeqId });
export const CreateSessionSchema = z.looseObject({ tags: z.array(z.string()).optional() });
export const SessionSchema = z.looseObject({ session_id: Id });
export const CreateModelSchema = z.looseObject({
  session_id: Id,
  model_seq_id: z.int().nullish(),
  base_model: z.string(),
  lora_config: z.looseObject({ rank: z.int().min(0).max(1024), seed: z.int().nullish() }).nullish(),
});
export const OptimSchema = z.looseObject({
  adam_params: z.looseObject({
    learning_rate: z.number().default(1e-4),
    beta1: z.number().default(0.9),
    beta2: z.number().default(0.95),
    eps: z.number().default(1e-12),
    weight_decay: z.number().default(0),
    grad_clip_norm: z.number().default(0),
  }),
});
export const SaveSchema = z.looseObject({
  path: Id.nullish(),
  sampling_session_seq_id: z.int().nullish(),
  seq_id: SeqId,
});
export const LoadSchema = z.looseObject({ path: Id, optimizer: z.boolean().default(true) });
export const SamplingSessionSchema = z.looseObject({
  session_id: Id,
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
});
export const SampleSchema = z.looseObject({
  num_samples: z.int().min(1).max(4096).default(1),
  prompt: ModelInput,
  sampling_params: z.looseObject({
    max_tokens: z.int().min(1).nullish(),
    seed: z.int().nullish(),
    stop: z.union([z.string(), z.array(z.string()), z.array(z.int())]).nullish(),
    temperature: z.number().min(0).default(1),
    top_k: z.int().default(-1),
    top_p: z.number().gt(0).max(1).default(1),
  }),
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
  sampling_session_id: z.string().nullish(),
  seq_id: z.int().nullish(),
  prompt_logprobs: z.boolean().nullish(),
  topk_prompt_logprobs: z.literal(0, 'the embedded engine has no top-k of prompts').default(0),
});
export type SampleBody = z.infer<typeof SampleSchema>;
export const RetrieveSchema = z.looseObject({ request_id: Id });
export const PathSchema = z.looseObject({ tinker_path: Id });

/** Data and loss of a forward or forward_backward request. */
export function readPass(body: unknown): { readonly data: readonly Datum[]; readonly loss: Loss } {
  const { forward_backward_input, forward_input } = check(PassSchema, body);
  const input = forward_backward_input ?? forward_input;
  if (input === undefined) throw new WinnowError('bad-input', 'forward_backward_input: expected data and a loss.');
  return { data: input.data.map(readDatum), loss: readLoss(input.loss_fn, input.loss_fn_config ?? {}) };
}

function readDatum(datum: z.infer<typeof DatumSchema>, index: number): Datum {
  const tokens = tokensOf(datum.model_input);
  const { target_tokens: targets, weights, logprobs, advantages } = datum.loss_fn_inputs;
  if (targets === undefined) throw new WinnowError('bad-input', `data.${index}.loss_fn_inputs lacks target_tokens.`);
  return {
    tokens,
    targets: targets.data,
    // As other servers of the protocol do, every token counts where no weights are given.
    weights: weights?.data ?? targets.data.map(() => 1),
    ...(logprobs === undefined ? {} : { logprobs: logprobs.data }),
    ...(advantages === undefined ? {} : { advantages: advantages.data }),
  };
}

export function tokensOf({ chunks }: z.infer<typeof ModelInput>): readonly number[] {
  return chunks.flatMap(({ tokens }) => tokens);
}

function readLoss(name: string, config: Readonly<Record<string, number>>): Loss {
  const known = LOSS_NAMES.find((loss) => loss === name);
  if (known === undefined) {
    throw new WinnowError('unsupported', `The loss ${name} is not known; there are ${LOSS_NAMES.join(', ')}.`);
  }
  const { clip_low_threshold: clipLow, clip_high_threshold: clipHigh, ...others } = config;
  const clips = known === 'ppo' || known === 'cispo';
  const surplus = Object.keys(clips ? others : config);
  if (surplus.length > 0) throw new WinnowError('bad-input', `${known} has no setting ${surplus.join(', ')}.`);
  if (!clips) return { name: known };
  return {
    name: known,
    ...(clipLow === undefined ? {} : { clipLow }),
    ...(clipHigh === undefined ? {} : { clipHigh }),
  };
}

export function readAdam(body: unknown): AdamSettings {
  const { adam_params: adam } = check(OptimSchema, body);
  return {
    learningRate: adam.learning_rate,
    beta1: adam.beta1,
    beta2: adam.beta2,
    epsilon: adam.eps,
    weightDecay: adam.weight_decay,
    clipNorm: adam.grad_clip_norm,
  };
}
