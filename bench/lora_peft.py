# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""peft on torch as a process that measures one thing per line of its input.

    python lora_peft.py CHECKPOINT DTYPE THREADS ADAPTER OTHER_ADAPTER

    decode N    tokens per second of N greedy tokens, the first adapter active
    switch      seconds of set_adapter to the other one and back, halved
    load        seconds of load_adapter and set_adapter from the folder

Each answer is one line of JSON; the first says the versions."""

import json
import sys
import time
import warnings

import peft
import torch
import transformers

PROMPT = [[1, 5, 9, 13, 17, 21, 25, 29]]


class Peer:
    def __init__(self, checkpoint, dtype, first, other):
        model = transformers.LlamaForCausalLM.from_pretrained(
            checkpoint, dtype=getattr(torch, dtype)
        )
        model.generation_config.eos_token_id = None
        self.folder = first
        self.model = peft.PeftModel.from_pretrained(
            model, first, adapter_name="first"
        ).eval()
        self.model.load_adapter(other, "other")
        self.model.set_adapter("first")

    @torch.inference_mode()
    def decode(self, tokens: str) -> float:
        ids = torch.tensor(PROMPT)
        cache = transformers.DynamicCache()
        logits = self.model(input_ids=ids, past_key_values=cache).logits
        start = time.perf_counter()
        for _ in range(int(tokens)):
            ids = logits[:, -1:].argmax(-1)
            logits = self.model(input_ids=ids, past_key_values=cache).logits
        return int(tokens) / (time.perf_counter() - start)

    def switch(self) -> float:
        start = time.perf_counter()
        self.model.set_adapter("other")
        self.model.set_adapter("first")
        return (time.perf_counter() - start) / 2

    def load(self) -> float:
        start = time.perf_counter()
        self.model.load_adapter(self.folder, "again")
        self.model.set_adapter("again")
        seconds = time.perf_counter() - start
        self.model.set_adapter("first")
        self.model.delete_adapter("again")
        return seconds


def main() -> None:
    checkpoint, dtype, threads, first, other = sys.argv[1:]
    warnings.simplefilter("ignore")
    torch.set_num_threads(int(threads))
    peer = Peer(checkpoint, dtype, first, other)
    versions = {
        "peft": peft.__version__, "torch": torch.__version__,
        "transformers": transformers.__version__, "dtype": dtype,
    }
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        print(json.dumps(getattr(peer, name)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
