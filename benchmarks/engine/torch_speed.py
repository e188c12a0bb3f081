"""The training of `sizes.ts` in PyTorch on the processor, eager, for `versus-torch.ts`, which starts this and says what to run.

Each line on standard input is {"name", "config", "sequences", "length", "learning_rate", "seconds"}; each line of the answer is
{"tokens", "wall", "processor"}: what was trained, and the seconds it took by the clock and of processor time.
"""
import json
import resource
import sys
import time

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

torch.set_num_threads(int(sys.argv[1]))
print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)


def processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def training(config: dict, sequences: int, length: int, learning_rate: float):
    model = Qwen3ForCausalLM(Qwen3Config(**config))
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    tokens = torch.randint(0, config["vocab_size"], (sequences, length + 1))

    def step() -> int:
        logits = model(tokens[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return sequences * length

    step()
    step()
    return step


steps = {}
for line in sys.stdin:
    asked = json.loads(line)
    name, seconds = asked.pop("name"), asked.pop("seconds")
    if name not in steps:
        steps[name] = training(**asked)
    tokens, wall, processor = 0, time.perf_counter(), processor_seconds()
    while time.perf_counter() - wall < seconds:
        tokens += steps[name]()
    answer = {"tokens": tokens, "wall": time.perf_counter() - wall, "processor": processor_seconds() - processor}
    print(json.dumps(answer), flush=True)
