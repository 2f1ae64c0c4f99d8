"""Workloads of bench/engine.bench.ts in PyTorch:

    python torch_workloads.py b|c|d threads rounds eager|compile FILE

FILE holds initial weights and feeds (node workloads.ts b export FILE). Prints one JSON line: wall and
processor milliseconds of each round, peak memory, losses.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn


def info_nce(a, b, scale):
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T * scale.exp()
    own = torch.arange(len(a))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


class Towers(nn.Module):
    """B: two MLP towers 768 -> 1024 -> 512 with tanh-GELU, batch 1024."""

    def __init__(self):
        super().__init__()

        def tower():
            return nn.Sequential(nn.Linear(768, 1024), nn.GELU("tanh"), nn.Linear(1024, 512))

        self.a, self.b = tower(), tower()
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, fed):
        return info_nce(self.a(fed["a"]), self.b(fed["b"]), self.scale)


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
        self.embed = nn.Parameter(torch.zeros(8192, 256))
        self.place = nn.Parameter(torch.zeros(64, 256))
        for i in range(4):
            self.add_module(str(i), Block())
        self.norm = nn.LayerNorm(256)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, fed):
        x = F.embedding(fed["ids"], self.embed) + self.place
        for i in range(4):
            x = getattr(self, str(i))(x)
        return info_nce(self.norm(x).mean(1), fed["targets"], self.scale)


def read(file):
    """Weights and tables by name, feeds of each batch, names of the batches' shapes."""
    values, feeds = {}, {}
    with safe_open(file, "pt") as stored:
        names = json.loads(stored.metadata()["batches"])
        for key in stored.keys():
            if key.startswith("batch."):
                batch, name = key[6:].split("/", 1)
                feeds.setdefault(int(batch), {})[name] = stored.get_tensor(key)
            else:
                values[key] = stored.get_tensor(key)
    return values, [feeds[i] for i in range(len(names))], names


def prepared(workload, values, names):
    """A loss function of (batch number, feeds), its trained parameters, clipping norm and decay."""
    if workload == "d":
        from torch_encoder import Encoder

        model = Encoder(values, names)
        return model, list(model.trained.values()), 1.0, 0.05
    model = Towers() if workload == "b" else Transformer()
    model.load_state_dict(values)
    return (lambda _, fed: model(fed)), list(model.parameters()), None, 0.01


def main(workload, threads, rounds, mode, file):
    torch.set_num_threads(threads)
    values, feeds, names = read(file)
    loss_of, parameters, clip, decay = prepared(workload, values, names)
    if mode == "compile":
        torch._dynamo.config.recompile_limit = 32
        loss_of = torch.compile(loss_of, dynamic=False)
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=decay, fused=True)
    times, work, losses = [], [], []
    for _ in range(rounds):
        start, busy = time.perf_counter(), time.process_time()
        for number, fed in enumerate(feeds):
            loss = loss_of(number, fed)
            optimizer.zero_grad()
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(parameters, clip)
            optimizer.step()
            losses.append(loss.item())
        times.append((time.perf_counter() - start) * 1000)
        work.append((time.process_time() - busy) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"ms": times, "cpuMs": work, "rssMb": peak, "losses": losses, "gflops": matmul_speed()}
    print(json.dumps({**result, "version": torch.__version__}))


@torch.no_grad()
def matmul_speed(chain=8, side=1024):
    """What plain products of 1024 x 1024 reach: GFLOP/s."""
    w = torch.randn(side, side) / side**0.5
    times = []
    for _ in range(8):
        start, y = time.perf_counter(), w
        for _ in range(chain):
            y = y @ w
        times.append(time.perf_counter() - start)
    return chain * 2 * side**3 / 1e9 / min(times)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
