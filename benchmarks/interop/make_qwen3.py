"""A folder in the shape of Qwen3-0.6B with two layers and random weights, and what `transformers` makes of it; for `qwen3.ts`.

    venv/bin/python benchmarks/interop/make_qwen3.py FOLDER
"""
import json
import pathlib
import sys

import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

VOCABULARY, TOKENS = 151_936, 151_643
SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
           "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
           "<|image_pad|>", "<|video_pad|>"]
PLAIN = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
         "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
# The constructs of Qwen3's own template: a namespace, a reversed loop, string methods, tests, an option that may be undefined.
TEMPLATE = r"""
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning) %}
            {{- '<|im_start|>assistant\n<think>\n' + reasoning.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>assistant\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}
"""
TEXTS = ["What is 12 + 34?", "  don't STOP\n\n\tnaïve café – 東京 🙂 e\u0301", "x = [1,2,3]\r\nprint(sum(x))", "<think>a</think><|im_end|>b", "\\boxed{42}"]
CHATS = [
    [{"role": "user", "content": TEXTS[0]}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1"},
     {"role": "assistant", "content": "<think>\nsum\n</think>\n\n2"}, {"role": "user", "content": "And 2+2?"}],
]


def tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: i for i, character in enumerate(alphabet)}
    merges = []
    # Common letters first, so that real text is merged; then whatever fills the vocabulary.
    order = sorted(alphabet, key=lambda c: (c not in "Ġetaoinshrdlcumwfgypbvk", c))
    known = list(order)
    for left in known:
        for right in order:
            if len(vocabulary) == TOKENS:
                break
            vocabulary[left + right] = len(vocabulary)
            merges.append((left, right))
            if len(known) < 2000:
                known.append(left + right)
    assert len(vocabulary) == TOKENS, len(vocabulary)
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.post_processor = processors.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(text, normalized=False) for text in SPECIAL])
    made.add_tokens([AddedToken(text, normalized=False) for text in PLAIN])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>",
                                   chat_template=TEMPLATE, clean_up_tokenization_spaces=False)


def main(folder: pathlib.Path) -> None:
    torch.manual_seed(1)
    config = Qwen3Config(
        vocab_size=VOCABULARY, hidden_size=1024, num_hidden_layers=2, num_attention_heads=16, num_key_value_heads=8,
        head_dim=128, intermediate_size=3072, max_position_embeddings=40_960, rope_theta=1_000_000.0, rms_norm_eps=1e-6,
        tie_word_embeddings=True, bos_token_id=151_643, eos_token_id=151_645, initializer_range=0.05)
    model = Qwen3ForCausalLM(config).to(torch.bfloat16)
    model.generation_config.eos_token_id = [151_645, 151_643]
    model.generation_config.pad_token_id = 151_643
    model.save_pretrained(folder, max_shard_size="100MB")
    words = tokenizer()
    words.save_pretrained(folder)

    # Read back rather than cast: casting would also round the table of rotary frequencies.
    model = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    chats = [words.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in CHATS]
    prompt = words.encode(chats[1], add_special_tokens=False)
    with torch.no_grad():
        logits = model(torch.tensor([prompt])).logits[0]
        drawn = model.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False)[0][len(prompt):].tolist()
    (folder / "logits.bin").write_bytes(logits.numpy().astype("<f4").tobytes())
    expected = {
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        "texts": [{"text": text, "ids": words.encode(text, add_special_tokens=False)} for text in TEXTS],
        "chats": [{"messages": chat, "ids": words.encode(text, add_special_tokens=False)} for chat, text in zip(CHATS, chats)],
        "prompt": prompt, "drawn": drawn, "drawnText": words.decode(drawn, skip_special_tokens=True),
    }
    (folder / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
