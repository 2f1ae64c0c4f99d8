"""The RzenLab encoder in PyTorch: texts, pictures, clips and pages -> unit vectors.

Parameters have the names that Qwen2-VL's have on the hub; `visual.pos_embed.*` and `head.*` are RzenLab's.
Every number is computed as the ONNX file beside this one computes it.
"""

from dataclasses import dataclass
from typing import Optional

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_rzen import RzenConfig


@dataclass
class RzenOutput(ModelOutput):
    """`embedding`: unit rows [batch, dim]. `pooled`: final-normed state of the last token [batch, hidden]."""

    embedding: Optional[torch.FloatTensor] = None
    pooled: Optional[torch.FloatTensor] = None


def frequencies(dim, theta, device):
    return theta ** (-torch.arange(0, dim, 2, dtype=torch.float64, device=device) / dim)


def tables(angles, like):
    """cos and sin of float64 angles, as the weights' type."""
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def anchor_shares(places, count, anchors, like):
    """How places below `count` mix the anchors of a learnt table: [places, anchors]."""
    at = places.double() * (anchors - 1) / max(count - 1, 1)
    index = torch.arange(anchors, device=places.device)
    return (1 - (at[:, None] - index).abs()).clamp(min=0).to(like.dtype)


class PatchEmbed(nn.Module):
    def __init__(self, vision):
        super().__init__()
        kernel = (vision["temporalPatchSize"], vision["patchSize"], vision["patchSize"])
        self.proj = nn.Conv3d(vision["inChannels"], vision["width"], kernel, stride=kernel, bias=False)

    def forward(self, patches):
        return patches @ self.proj.weight.flatten(1).T


class PlaceEmbed(nn.Module):
    def __init__(self, vision):
        super().__init__()
        anchors, width = vision["learnedPositions"], vision["width"]
        self.rows = nn.Parameter(torch.zeros(anchors["space"], width))
        self.columns = nn.Parameter(torch.zeros(anchors["space"], width))
        self.slices = nn.Parameter(torch.zeros(anchors["time"], width))

    def forward(self, x, rows, columns, grid, timed):
        """x [slices, patches, width]."""
        time, height, width = grid
        x = x + anchor_shares(rows, height, len(self.rows), x) @ self.rows
        x = x + anchor_shares(columns, width, len(self.columns), x) @ self.columns
        if not timed:
            return x
        when = torch.arange(len(x), device=x.device) % time
        return x + (anchor_shares(when, time, len(self.slices), x) @ self.slices)[:, None]


class VisionAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x, cos, sin):
        slices, patches, width = x.shape
        parts = self.qkv(x).view(slices, patches, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        mixed = F.scaled_dot_product_attention(rotate(query, cos, sin), rotate(key, cos, sin), value)
        return self.proj(mixed.transpose(1, 2).reshape(slices, patches, width))


class VisionMlp(nn.Module):
    def __init__(self, width, hidden, activation):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(F.gelu(x) if self.activation == "gelu" else x * torch.sigmoid(1.702 * x))


class VisionBlock(nn.Module):
    def __init__(self, vision):
        super().__init__()
        width, epsilon = vision["width"], vision["layerNormEpsilon"]
        self.norm1 = nn.LayerNorm(width, eps=epsilon)
        self.norm2 = nn.LayerNorm(width, eps=epsilon)
        self.attn = VisionAttention(width, vision["heads"])
        self.mlp = VisionMlp(width, int(width * vision["mlpRatio"]), vision["activation"])

    def forward(self, x, cos, sin):
        x = x + self.attn(self.norm1(x), cos, sin)
        return x + self.mlp(self.norm2(x))


class Merger(nn.Module):
    def __init__(self, vision, hidden):
        super().__init__()
        self.merged = vision["width"] * vision["spatialMergeSize"] ** 2
        self.ln_q = nn.LayerNorm(vision["width"], eps=vision["layerNormEpsilon"])
        self.mlp = nn.Sequential(nn.Linear(self.merged, self.merged), nn.GELU(), nn.Linear(self.merged, hidden))

    def forward(self, x):
        return self.mlp(self.ln_q(x).reshape(-1, self.merged))


class VisionTower(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.vision = vision = encoder["vision"]
        self.patch_embed = PatchEmbed(vision)
        if vision["learnedPositions"] is not None:
            self.pos_embed = PlaceEmbed(vision)
        self.blocks = nn.ModuleList(VisionBlock(vision) for _ in range(vision["depth"]))
        self.merger = Merger(vision, encoder["text"]["hidden"])

    def forward(self, patches, grid, timed):
        """patches [pictures * time * height * width, ..], in merge order -> [tokens, hidden]."""
        _, height, width = grid
        x = self.patch_embed(patches)
        x = x.view(-1, height * width, x.shape[-1])  # a slice attends to itself alone
        rows, columns = self.places(height, width, x.device)
        if self.vision["learnedPositions"] is not None:
            x = self.pos_embed(x, rows, columns, grid, timed)
        head_dim = self.vision["width"] // self.vision["heads"]
        steps = frequencies(head_dim // 2, self.vision["ropeTheta"], x.device)
        cos, sin = tables(torch.cat((rows[:, None] * steps, columns[:, None] * steps), dim=1).repeat(1, 2), x)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.merger(x)

    def places(self, height, width, device):
        """Row and column of each patch, blocks of the merger first."""
        merge = self.vision["spatialMergeSize"]
        index = torch.arange(height * width, device=device)
        within, block = index % merge**2, index // merge**2
        across = width // merge
        return block // across * merge + within // merge, block % across * merge + within % merge


class RMSNorm(nn.Module):
    def __init__(self, size, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Attention(nn.Module):
    def __init__(self, text):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = text["heads"], text["kvHeads"], text["headDim"]
        self.q_proj = nn.Linear(text["hidden"], self.heads * self.head_dim)
        self.k_proj = nn.Linear(text["hidden"], self.kv_heads * self.head_dim)
        self.v_proj = nn.Linear(text["hidden"], self.kv_heads * self.head_dim)
        self.o_proj = nn.Linear(self.heads * self.head_dim, text["hidden"], bias=False)

    def forward(self, x, cos, sin):
        batch, tokens, _ = x.shape

        def split(values, heads):
            return values.view(batch, tokens, heads, self.head_dim).transpose(1, 2)

        query = rotate(split(self.q_proj(x), self.heads), cos, sin)
        key = rotate(split(self.k_proj(x), self.kv_heads), cos, sin)
        value = split(self.v_proj(x), self.kv_heads)
        share = self.heads // self.kv_heads
        key, value = (part.repeat_interleave(share, dim=1) for part in (key, value))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, tokens, -1))


class Mlp(nn.Module):
    def __init__(self, text):
        super().__init__()
        self.gate_proj = nn.Linear(text["hidden"], text["intermediate"], bias=False)
        self.up_proj = nn.Linear(text["hidden"], text["intermediate"], bias=False)
        self.down_proj = nn.Linear(text["intermediate"], text["hidden"], bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    def __init__(self, text):
        super().__init__()
        self.input_layernorm = RMSNorm(text["hidden"], text["rmsNormEpsilon"])
        self.post_attention_layernorm = RMSNorm(text["hidden"], text["rmsNormEpsilon"])
        self.self_attn = Attention(text)
        self.mlp = Mlp(text)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.text = text = encoder["text"]
        self.embed_tokens = nn.Embedding(text["vocabSize"], text["hidden"])
        self.layers = nn.ModuleList(DecoderLayer(text) for _ in range(text["layers"]))
        self.norm = RMSNorm(text["hidden"], text["rmsNormEpsilon"])

    def forward(self, x, positions):
        """x [batch, tokens, hidden], positions [3, batch, tokens]: time, height, width."""
        steps = frequencies(self.text["headDim"], self.text["ropeTheta"], x.device)
        sizes = self.text["mropeSection"]
        axis = torch.repeat_interleave(torch.arange(3, device=x.device), torch.tensor(sizes, device=x.device))
        angles = positions[axis].permute(1, 2, 0) * steps  # [batch, tokens, headDim / 2]
        cos, sin = tables(angles.repeat(1, 1, 2)[:, None], x)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)


class Head(nn.Module):
    def __init__(self, dim, hidden, out):
        super().__init__()
        self.gate = nn.Linear(dim, hidden, bias=False)
        self.up = nn.Linear(dim, hidden, bias=False)
        self.down = nn.Linear(hidden, out, bias=False)
        if out != dim:
            self.skip = nn.Linear(dim, out, bias=False)

    def forward(self, x):
        skip = self.skip(x) if hasattr(self, "skip") else x
        return skip + self.down(F.silu(self.gate(x)) * self.up(x))


class RzenModel(PreTrainedModel):
    config_class = RzenConfig
    base_model_prefix = ""
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        self.visual = VisionTower(config.encoder)
        self.model = Decoder(config.encoder)
        if config.head is not None:
            self.head = Head(**config.head)
        self.post_init()

    def forward(self, input_ids, attention_mask=None, pixel_values=None, image_grid_thw=None, **kwargs):
        """
        input_ids, attention_mask: [batch, tokens], padded on the right; a row has at most one picture or clip.
        pixel_values: [patches, channels * frames * patch * patch] in merge order, as RzenProcessor makes them.
        image_grid_thw: [pictures, 3]; all pictures of a call have one grid.
        """
        ids = self.config.encoder["tokens"]
        clips = input_ids == ids["videoPad"]
        seen = clips | (input_ids == ids["imagePad"])
        x = self.model.embed_tokens(input_ids)
        grid = None
        if image_grid_thw is not None and len(image_grid_thw) > 0:
            if (image_grid_thw != image_grid_thw[0]).any():
                raise ValueError(f"all pictures of a call must have one grid, got {image_grid_thw.tolist()}")
            grid = image_grid_thw[0].tolist()
            tokens = self.visual(pixel_values.to(x.dtype), grid, bool(clips.any()))
            if int(seen.sum()) != len(tokens):
                raise ValueError(f"{int(seen.sum())} places for pictures, {len(tokens)} vision tokens")
            x = x.masked_scatter(seen[..., None], tokens)
        states = self.model(x, self.positions(seen, grid))
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        last = attention_mask.sum(1) - 1
        pooled = states[torch.arange(len(states), device=states.device), last]
        embedding = F.normalize(pooled, dim=-1, eps=1e-12)
        if self.config.head is not None:
            embedding = F.normalize(self.head(embedding), dim=-1, eps=1e-12)
        return RzenOutput(embedding=embedding, pooled=pooled)

    def positions(self, seen, grid):
        """M-RoPE positions [3, batch, tokens]: text counts on, a picture holds its place on the grid."""
        index = torch.arange(seen.shape[1], device=seen.device).expand_as(seen)
        if grid is None or self.config.encoder["text"]["positions"] == "sequential":
            return index.expand(3, *seen.shape)
        merge = self.config.encoder["vision"]["spatialMergeSize"]
        time, height, width = grid[0], grid[1] // merge, grid[2] // merge
        first = seen.int().argmax(1, keepdim=True)
        within = (index - first).clamp(min=0)
        passed = seen.any(1, keepdim=True) & (within >= time * height * width)
        around = torch.where(passed, index - time * height * width + max(time, height, width), index)
        places = (within // (height * width), within // width % height, within % width)
        return torch.stack([torch.where(seen, first + place, around) for place in places])
