import { readFile } from 'node:fs/promises';
import { WinnowError } from '../../core/index.ts';
import type { ModelConfig } from '../transformer/config.ts';

/** Reads a Hugging Face config.json. Throws `unsupported` for another architecture and `bad-input` for values that cannot be. */
export async function readConfig(path: string): Promise<ModelConfig> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new WinnowError('not-found', `There is no ${path}.`, {
      hint: 'A checkpoint is a folder with config.json, model.safetensors and tokenizer.json.',
      cause,
    });
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new WinnowError('bad-input', `${path} is not JSON: ${String(cause)}`, { cause });
  }
  return parseConfig(content, path);
}

/** The shape that a parsed config.json describes; `path` is named in errors. */
export async function parseConfig(content: unknown, path: string): Promise<ModelConfig> {
  const { z } = await import('zod');
  const kind = z
    .looseObject({ model_type: z.string(), architectures: z.array(z.string()).optional() })
    .safeParse(content);
  const architecture = kind.data?.architectures?.[0] ?? kind.data?.model_type ?? 'none';
  if (kind.data?.model_type !== 'qwen3') {
    throw new WinnowError(
      'unsupported',
      `${path} describes the architecture ${architecture}; the engine runs Qwen3 (dense).`,
      {
        hint: 'Serve other models with vLLM, SGLang or llama.cpp and name their address instead.',
      },
    );
  }
  const count = z.int().min(1);
  const schema = z.looseObject({
    vocab_size: count,
    hidden_size: count,
    // Far beyond any model of this architecture, and small enough to be laid out before the weights are looked at.
    num_hidden_layers: count.max(1024),
    num_attention_heads: count,
    num_key_value_heads: count,
    head_dim: count.default(128),
    intermediate_size: count,
    max_position_embeddings: count,
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().optional(),
    rope_parameters: z
      .looseObject({ rope_theta: z.number().positive(), rope_type: z.string().default('default') })
      .optional(),
    rope_scaling: z.unknown().optional(),
    hidden_act: z.string().default('silu'),
    attention_bias: z.boolean().default(false),
    use_sliding_window: z.boolean().default(false),
    tie_word_embeddings: z.boolean().default(false),
  });
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new WinnowError('bad-input', `${path}: ${z.prettifyError(parsed.error)}`);
  const raw = parsed.data;
  const ropeType = raw.rope_parameters?.rope_type ?? 'default';
  const unsupported = [
    raw.hidden_act !== 'silu' && `hidden_act ${raw.hidden_act}`,
    raw.attention_bias && 'attention_bias',
    raw.use_sliding_window && 'use_sliding_window',
    ropeType !== 'default' && `rope_type ${ropeType}`,
    raw.rope_scaling !== undefined && raw.rope_scaling !== null && 'rope_scaling',
  ].filter((feature) => feature !== false);
  if (unsupported.length > 0) {
    throw new WinnowError('unsupported', `${path} asks for what the engine does not have: ${unsupported.join(', ')}.`);
  }
  const config: ModelConfig = {
    vocabSize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    layers: raw.num_hidden_layers,
    heads: raw.num_attention_heads,
    keyValueHeads: raw.num_key_value_heads,
    headDim: raw.head_dim,
    feedForward: raw.intermediate_size,
    ropeTheta: raw.rope_parameters?.rope_theta ?? raw.rope_theta ?? 10_000,
    normEpsilon: raw.rms_norm_eps,
    contextTokens: raw.max_position_embeddings,
    tied: raw.tie_word_embeddings,
  };
  checkShape(config, path);
  return config;
}

/** Throws `bad-input` for a shape that is contradictory or that the kernels cannot hold. */
export function checkShape(config: ModelConfig, path: string): void {
  const { hiddenSize, heads, keyValueHeads, headDim, feedForward } = config;
  if (heads % keyValueHeads !== 0) {
    throw new WinnowError(
      'bad-input',
      `${path}: num_attention_heads ${heads} is no multiple of num_key_value_heads ${keyValueHeads}.`,
    );
  }
  for (const [name, value] of Object.entries({
    hidden_size: hiddenSize,
    head_dim: headDim,
    intermediate_size: feedForward,
  })) {
    if (value % 8 !== 0) {
      throw new WinnowError('unsupported', `${path}: ${name} is ${value}; the engine's kernels need a multiple of 8.`);
    }
  }
}

/** A config.json that `transformers` reads. */
export function configFile(
  config: ModelConfig,
  type: 'float32' | 'bfloat16',
  endTokens: readonly number[],
): Record<string, unknown> {
  return {
    architectures: ['Qwen3ForCausalLM'],
    model_type: 'qwen3',
    attention_bias: false,
    attention_dropout: 0,
    ...(endTokens[0] === undefined ? {} : { eos_token_id: endTokens[0] }),
    head_dim: config.headDim,
    hidden_act: 'silu',
    hidden_size: config.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: config.feedForward,
    max_position_embeddings: config.contextTokens,
    max_window_layers: config.layers,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.keyValueHeads,
    rms_norm_eps: config.normEpsilon,
    rope_scaling: null,
    rope_theta: config.ropeTheta,
    sliding_window: null,
    tie_word_embeddings: config.tied,
    torch_dtype: type,
    use_cache: true,
    use_sliding_window: false,
    vocab_size: config.vocabSize,
  };
}
