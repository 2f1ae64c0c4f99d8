"""Workloads B and C of bench/engine.bench.ts in PyTorch: python torch_workloads.py b|c threads steps

Prints one JSON line: wall and processor milliseconds of each step, peak memory, losses.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def info_nce(a, b, scale):
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T * scale.exp()
    own = torch.arange(len(a))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


class Towers(nn.Module):
    """B: two towers 768 -> 1024 -> 512 with tanh-GELU, batch 1024."""

    def __init__(self):
        super().__init__()

        def tower():
            return nn.Sequential(nn.Linear(768, 1024), nn.GELU("tanh"), nn.Linear(1024, 512))

        self.a, self.b = tower(), tower()
        self.scale = nn.Parameter(torch.tensor(2.659))

    def forward(self, x, y):
        return info_nce(self.a(x), self.b(y), self.scale)


class Block(nn.Module):
    def __init__(self, d=256, heads=4):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.fc1, self.fc2 = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (
            part.view(b, t, self.heads, d // self.heads).transpose(1, 2)
            for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = x + self.out(mixed.transpose(1, 2).reshape(b, t, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class Transformer(nn.Module):
    """C: 4 pre-norm layers, d 256, 4 heads, MLP 1024, 64 tokens, batch 32, embedding 8192 x 256 trained."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(8192, 256)
        self.place = nn.Parameter(torch.randn(64, 256) * 0.02)
        self.blocks = nn.Sequential(*[Block() for _ in range(4)])
        self.norm = nn.LayerNorm(256)
        self.scale = nn.Parameter(torch.tensor(2.659))

    def forward(self, ids, y):
        x = self.blocks(self.embed(ids) + self.place)
        return info_nce(self.norm(x).mean(1), y, self.scale)


def main(workload, threads, steps):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if workload == "b":
        model = Towers()
        x = torch.randn(1024, 768)
        feeds = (x, torch.randn(1024, 768) * 0.1 + x)
    else:
        model = Transformer()
        feeds = (torch.randint(0, 8192, (32, 64)), torch.randn(32, 256))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    times, work, losses = [], [], []
    for _ in range(steps):
        start, busy = time.perf_counter(), time.process_time()
        loss = model(*feeds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        times.append((time.perf_counter() - start) * 1000)
        work.append((time.process_time() - busy) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"ms": times, "cpuMs": work, "rssMb": peak, "losses": losses}
    print(json.dumps({**result, "version": torch.__version__}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
