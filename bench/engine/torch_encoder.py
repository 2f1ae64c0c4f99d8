"""Workload D in PyTorch: the nano encoder (src/model) with LoRA on every linear layer, and its loss."""

import re

import torch
import torch.nn.functional as F

DEPTH, WIDTH, VISION_HEADS, EPSILON = 4, 128, 4, 1e-6
LAYERS, HEADS, KV_HEADS, HEAD_DIM = 3, 4, 2, 32
LORA_SCALE = 16 / 8
TEMPERATURE, ALPHA, DELTA = 0.05, 9.0, 0.95


def rotate(x, cos, sin):
    x1, x2 = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-x2, x1], dim=-1) * sin


def loss(query, target):
    """In-batch InfoNCE with hardness weights exp(alpha s) and targets that look alike masked out."""
    scores, alike = query @ target.T, (target @ target.T).detach() > DELTA
    own = torch.eye(len(query), dtype=torch.bool)
    positive = scores.diagonal()[:, None]
    margins = (scores - positive) / TEMPERATURE + ALPHA * scores.detach()
    margins = margins.masked_fill(alike | own, -1e9)
    return torch.cat([torch.zeros_like(positive), margins], dim=1).logsumexp(1).mean()


class Encoder:
    """Parameters by name; those of LoRA train."""

    def __init__(self, values, names):
        self.values = values
        self.shapes = [tuple(side_of(side) for side in name.split("|")[:2]) for name in names]
        self.trained = {k: v.requires_grad_() for k, v in values.items() if ".lora_" in k}

    def __call__(self, number, fed):
        query, target = (
            self.embed({k.removeprefix(f"{side}."): v for k, v in fed.items() if k.startswith(side)}, vision)
            for side, vision in zip(("query", "target"), self.shapes[number])
        )
        return loss(query, target)

    def linear(self, x, name):
        get = self.values.get
        y = F.linear(x, self.values[f"{name}.weight"], get(f"{name}.bias"))
        a, b = self.values[f"{name}.lora_A.weight"], self.values[f"{name}.lora_B.weight"]
        return y + LORA_SCALE * F.linear(F.linear(x, a), b)

    def layer_norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.values[f"{name}.weight"], self.values[f"{name}.bias"], EPSILON)

    def rms_norm(self, x, name):
        return F.rms_norm(x, x.shape[-1:], self.values[f"{name}.weight"], EPSILON)

    def embed(self, fed, vision):
        x = F.embedding(fed["ids"], self.values["model.embed_tokens.weight"])
        if vision is not None:
            tokens = self.see(fed["patches"], *vision)
            x = torch.where(fed["isVision"], F.embedding(fed["visionIndex"], tokens), x)
        return F.normalize(self.decode(x, fed["cos"], fed["sin"], fed["pool"]), dim=-1)

    def see(self, patches, count, grid, still):
        kernel = self.values["visual.patch_embed.proj.weight"]
        kernel = kernel.sum(2) if still else kernel
        time, n = grid[0], grid[1] * grid[2]
        table = {k: self.values[f"grid/{'x'.join(map(str, grid))}/{k}"] for k in ("cos", "sin", "rows", "columns", "slices")}
        place = lambda axis: table[axis] @ self.values[f"visual.pos_embed.{axis}"]
        x = F.linear(patches, kernel.reshape(WIDTH, -1)).view(count, time, n, WIDTH)
        x = x + (place("rows") + place("columns"))
        if not still:
            x = x + place("slices")[:, None]
        x = x.view(-1, WIDTH)
        for block in range(DEPTH):
            at = f"visual.blocks.{block}"
            qkv = self.linear(self.layer_norm(x, f"{at}.norm1"), f"{at}.attn.qkv")
            q, k, v = qkv.view(count * time, n, 3, VISION_HEADS, -1).permute(2, 0, 3, 1, 4)
            q, k = (rotate(part, table["cos"], table["sin"]) for part in (q, k))
            mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(-1, WIDTH)
            x = x + self.linear(mixed, f"{at}.attn.proj")
            hidden = self.linear(self.layer_norm(x, f"{at}.norm2"), f"{at}.mlp.fc1")
            x = x + self.linear(hidden * torch.sigmoid(1.702 * hidden), f"{at}.mlp.fc2")
        x = self.layer_norm(x, "visual.merger.ln_q").view(-1, 4 * WIDTH)
        return self.linear(F.gelu(self.linear(x, "visual.merger.mlp.0")), "visual.merger.mlp.2")

    def decode(self, x, cos, sin, pool):
        """As ours, the last layer asks for the pooled token only."""
        batch, tokens, hidden = x.shape
        heads = lambda part, n: part.view(batch, -1, n, HEAD_DIM).transpose(1, 2)
        pick = lambda all: all.reshape(batch * tokens, -1)[pool]
        for layer in range(LAYERS):
            at, last = f"model.layers.{layer}", layer == LAYERS - 1
            normed = self.rms_norm(x, f"{at}.input_layernorm")
            asking = pick(normed)[:, None] if last else normed
            own = [pick(table)[:, None, None] if last else table for table in (cos, sin)]
            q = rotate(heads(self.linear(asking, f"{at}.self_attn.q_proj"), HEADS), *own)
            k = rotate(heads(self.linear(normed, f"{at}.self_attn.k_proj"), KV_HEADS), cos, sin)
            v = heads(self.linear(normed, f"{at}.self_attn.v_proj"), KV_HEADS)
            seen = None
            if last:
                within = pool - torch.arange(batch) * tokens
                seen = (torch.arange(tokens) <= within[:, None])[:, None, None]
            mixed = F.scaled_dot_product_attention(q, k, v, seen, is_causal=not last, enable_gqa=True)
            mixed = mixed.transpose(1, 2).reshape(batch, -1, HEADS * HEAD_DIM)
            x = (pick(x)[:, None] if last else x) + self.linear(mixed, f"{at}.self_attn.o_proj")
            normed = self.rms_norm(x, f"{at}.post_attention_layernorm")
            gate = F.silu(self.linear(normed, f"{at}.mlp.gate_proj"))
            x = x + self.linear(gate * self.linear(normed, f"{at}.mlp.up_proj"), f"{at}.mlp.down_proj")
        return self.rms_norm(x, "model.norm")[:, 0]


def side_of(key):
    """b48t24v48x1x8x8s -> (pictures, grid, still); None without vision."""
    found = re.fullmatch(r"b\d+t\d+(?:v(\d+)x(\d+)x(\d+)x(\d+)(s?))?", key)
    if found[1] is None:
        return None
    count, *grid = (int(found[i]) for i in range(1, 5))
    return count, tuple(grid), found[5] == "s"
