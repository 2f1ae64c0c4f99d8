"""Texts, pictures, clips and pages -> what RzenModel and the ONNX file read."""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from transformers import BatchFeature, PreTrainedTokenizerFast
from transformers.utils import cached_file

SYSTEM = "Given an image, summarize the provided image in one word. Given only text, describe the text in one word."
STOCK_SYSTEM = "You are a helpful assistant."


class RzenProcessor:
    """One call makes one batch: texts, or pictures of one kind, with or without texts beside them."""

    def __init__(self, tokenizer, encoder, sizes, prompt):
        self.tokenizer, self.encoder, self.sizes, self.prompt = tokenizer, encoder, sizes, prompt

    @classmethod
    def from_pretrained(cls, name, **kwargs):
        kwargs.pop("trust_remote_code", None)
        kwargs.pop("_from_auto", None)
        settings = json.loads(Path(cached_file(name, "processor_config.json", **kwargs)).read_text("utf-8"))
        tokenizer = PreTrainedTokenizerFast.from_pretrained(name, **kwargs)
        return cls(tokenizer, settings["encoder"], settings["sizes"], settings["prompt"])

    @classmethod
    def register_for_auto_class(cls, auto_class="AutoProcessor"):
        """Asked for by AutoProcessor; the folder already names this class."""

    def __call__(self, text=None, images=None, videos=None, pages=None, instruction="", return_tensors="np"):
        """
        text: one string a row (or one for all), optional beside pictures.
        images, pages: PIL images, fitted to the size that the encoder was trained on, or uint8 arrays
            [height, width, 3], taken as they are. videos: uint8 arrays [frames, height, width, 3].
        """
        given = {"image": images, "page": pages, "video": videos}
        kinds = [kind for kind, value in given.items() if value is not None]
        if len(kinds) > 1:
            raise ValueError(f"one kind of picture a call, got {', '.join(kinds)}")
        pictures = None if not kinds else [self._pixels(one, kinds[0]) for one in given[kinds[0]]]
        texts = text if isinstance(text, (list, tuple)) else [text or ""] * len(pictures or [None])
        if pictures is not None and len(texts) != len(pictures):
            raise ValueError(f"one text a picture, got {len(texts)} and {len(pictures)}")
        patches, grids = [], []
        for picture in pictures or []:
            values, grid = self._patches(picture)
            patches.append(values)
            grids.append(grid)
        count = self._tokens(grids[0]) if grids else 0
        still = bool(pictures) and len(pictures[0]) == 1
        rows = [self._ids(one, instruction, count, still) for one in texts]
        longest = max(len(row) for row in rows)
        pad = self.encoder["tokens"]["pad"]
        vision = self.encoder["vision"]
        width = vision["inChannels"] * vision["temporalPatchSize"] * vision["patchSize"] ** 2
        data = {
            "input_ids": np.array([row + [pad] * (longest - len(row)) for row in rows], dtype=np.int64),
            "attention_mask": np.array([[1] * len(row) + [0] * (longest - len(row)) for row in rows], dtype=np.int64),
            "pixel_values": np.concatenate(patches) if patches else np.zeros((0, width), np.float32),
            "image_grid_thw": np.array(grids, dtype=np.int64).reshape(-1, 3),
        }
        return BatchFeature(data, tensor_type=return_tensors)

    def _tokens(self, grid):
        return int(np.prod(grid)) // self.encoder["vision"]["spatialMergeSize"] ** 2

    def _pixels(self, picture, kind):
        """uint8 [frames, height, width, 3]."""
        if isinstance(picture, Image.Image):
            picture = self._fitted(picture.convert("RGB"), self.sizes[kind])
        pixels = np.asarray(picture)
        if pixels.ndim == 3:
            pixels = pixels[None]
        unit = self.encoder["vision"]["patchSize"] * self.encoder["vision"]["spatialMergeSize"]
        _, height, width, channels = pixels.shape
        if pixels.dtype != np.uint8 or channels != 3 or height % unit or width % unit:
            raise ValueError(f"expected uint8 RGB with sides a multiple of {unit}, got {pixels.dtype} {pixels.shape}")
        return pixels

    @staticmethod
    def _fitted(image, size):
        """The whole image, white beside it."""
        width, height = size["width"], size["height"]
        scale = min(width / image.width, height / image.height)
        inner = [max(1, int(side * scale + 0.5)) for side in image.size]
        out = Image.new("RGB", (width, height), "white")
        out.paste(image.resize(inner, Image.BICUBIC), ((width - inner[0]) // 2, (height - inner[1]) // 2))
        return out

    def _patches(self, pixels):
        """[time * height * width, channels * frames * patch * patch] in merge order, and the grid."""
        vision = self.encoder["vision"]
        patch, merge, depth = vision["patchSize"], vision["spatialMergeSize"], vision["temporalPatchSize"]
        mean, std = (np.array(self.encoder["processor"][name]) for name in ("mean", "std"))
        channels = ((pixels / 255 - mean) / std).astype(np.float32)
        if vision["inChannels"] == 5:
            channels = np.concatenate((channels, luma_gradients(pixels)), axis=-1)
        missing = -len(channels) % depth
        channels = np.concatenate((channels, np.repeat(channels[-1:], missing, axis=0)))
        frames, height, width, depths = channels.shape
        grid = [frames // depth, height // patch, width // patch]
        blocks = (grid[1] // merge, merge, patch, grid[2] // merge, merge, patch)
        cut = channels.reshape(grid[0], depth, *blocks, depths)
        ordered = cut.transpose(0, 2, 5, 3, 6, 8, 1, 4, 7)
        return np.ascontiguousarray(ordered).reshape(int(np.prod(grid)), -1), grid

    def _ids(self, text, instruction, count, still):
        """Token ids of one row, `count` pads where its picture goes."""
        head, suffix = self._prompt(text, instruction, count > 0)
        ids, end = (self.tokenizer.encode(part, add_special_tokens=False) for part in (head + suffix, suffix))
        tokens = self.encoder["tokens"]
        room = self.encoder["processor"]["maxTokens"] - count
        if len(ids) > room:
            ids = ids[: room - len(end)] + end  # the end closes the turn and holds the pooled token
        if count > 0:
            at = ids.index(tokens["visionStart"]) + 1
            ids = ids[:at] + [tokens["imagePad" if still else "videoPad"]] * count + ids[at:]
        return ids

    def _prompt(self, text, instruction, has_vision):
        full = self.prompt == "system+representation"
        vision = "<|vision_start|><|vision_end|>" if has_vision else ""
        represent = f"Represent the given {'image' if has_vision else 'text'} in one word."
        parts = ["" if self.prompt == "none" else instruction, text]
        parts = [part.replace("<|", "< |") for part in parts]  # a text can't close its own turn
        if self.encoder["processor"]["template"] == "qwen2-vl":
            system = SYSTEM if full else STOCK_SYSTEM
            head = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{vision}{''.join(parts)}"
            return head, f"{represent if full else ''}<|im_end|>\n<|im_start|>assistant\n<|endoftext|>"
        head = f"<|im_start|>{SYSTEM}<|im_end|>" if full else ""
        body = " ".join(part for part in parts if part)
        return f"{head}{vision}{body}", f"{' ' + represent if full else ''}<|endoftext|>"


def luma_gradients(pixels):
    """Central differences of luma along x and y: [frames, height, width, 2]."""
    luma = (pixels.astype(np.int32) @ np.array([77, 150, 29])) >> 8
    around = np.pad(luma, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = around[:, 1:-1, 2:] - around[:, 1:-1, :-2]
    down = around[:, 2:, 1:-1] - around[:, :-2, 1:-1]
    return (np.stack((across, down), axis=-1) / 128).astype(np.float32)
