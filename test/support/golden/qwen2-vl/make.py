"""Golden numbers of one tiny random Qwen2-VL by Hugging Face transformers, for test/model/parity.test.ts.

Run: python make.py, with torch, transformers, safetensors, numpy and pillow installed; versions.json
says which ones made the files beside this script. The configuration is the preset `tiny`
(src/model/presets.ts); numbers are float32 on the CPU.
"""

import json
import platform
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil, smart_resize

HERE = Path(__file__).parent
PAD, END, VISION_START, VISION_END, IMAGE, VIDEO = 0, 2, 5, 6, 7, 8

torch.manual_seed(0)
torch.use_deterministic_algorithms(True)

config = Qwen2VLConfig(
    text_config=dict(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        rms_norm_eps=1e-6,
        max_position_embeddings=128,
        initializer_range=0.3,
        rope_parameters=dict(rope_type="default", rope_theta=1_000_000.0, mrope_section=[2, 1, 1]),
        bos_token_id=END,
        eos_token_id=END,
        pad_token_id=PAD,
    ),
    vision_config=dict(
        depth=2, embed_dim=16, hidden_size=32, num_heads=2, mlp_ratio=2, patch_size=4, initializer_range=0.3
    ),
    image_token_id=IMAGE,
    video_token_id=VIDEO,
    vision_start_token_id=VISION_START,
    vision_end_token_id=VISION_END,
    attn_implementation="eager",
)
model = Qwen2VLForConditionalGeneration(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:  # norms and biases start at 1 and 0, which would hide a swap
            parameter.add_(0.2 * torch.randn_like(parameter))

weights = {}
for name, value in model.state_dict().items():
    name = name.replace("model.visual.", "visual.").replace("model.language_model.", "model.")
    if name != "lm_head.weight":
        weights[name] = value.contiguous()
save_file(weights, HERE / "weights.safetensors", metadata={"format": "pt"})


def patches_of(frames):
    """[frames, height, width, 3] uint8 -> patches, grid: the steps of HF's image processor, mean and std 0.5."""
    patch, merge, temporal = 4, 2, 2
    x = (frames.astype(np.float64) / 255 - 0.5) / 0.5
    x = x.transpose(0, 3, 1, 2)
    if x.shape[0] % temporal:
        x = np.concatenate([x, np.repeat(x[-1:], temporal - x.shape[0] % temporal, axis=0)])
    t, h, w = x.shape[0] // temporal, x.shape[2] // patch, x.shape[3] // patch
    x = x.reshape(t, temporal, 3, h // merge, merge, patch, w // merge, merge, patch)
    x = x.transpose(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return torch.tensor(x.reshape(t * h * w, -1), dtype=torch.float32), torch.tensor([[t, h, w]])


golden = {}


def record(case, ids, mask=None, frames=None, video=False):
    ids = torch.tensor(ids)
    mask = torch.ones_like(ids) if mask is None else torch.tensor(mask)
    arguments = dict(input_ids=ids, attention_mask=mask)
    if frames is not None:
        patches, grid = patches_of(frames)
        arguments |= (
            dict(pixel_values_videos=patches, video_grid_thw=grid)
            if video
            else dict(pixel_values=patches, image_grid_thw=grid)
        )
        arguments["mm_token_type_ids"] = (ids == IMAGE) * 1 + (ids == VIDEO) * 2
        positions, _ = model.model.get_rope_index(
            ids,
            mm_token_type_ids=arguments["mm_token_type_ids"],
            attention_mask=mask,
            **{k: v for k, v in arguments.items() if k.endswith("thw")},
        )
        golden[f"{case}.frames"] = torch.tensor(frames)
        golden[f"{case}.patches"] = patches
        golden[f"{case}.positions"] = positions
        tower = model.model.visual(patches, grid_thw=grid)
        golden[f"{case}.vision"] = tower.pooler_output
    with torch.no_grad():
        output = model.model(**arguments, output_hidden_states=True)
    last = mask.sum(1) - 1
    pooled = output.last_hidden_state[torch.arange(len(ids)), last]
    golden[f"{case}.ids"] = ids
    golden[f"{case}.mask"] = mask
    for layer, state in enumerate(output.hidden_states):
        golden[f"{case}.hidden.{layer}"] = state
    golden[f"{case}.embedding"] = torch.nn.functional.normalize(pooled, dim=-1)


random = np.random.default_rng(0)
record("text", [[9, 20, 31, 42, 10, 11, 47, 12, END]])
record("padded", [[9, 20, 31, 42, END], [30, 33, END, PAD, PAD]], mask=[[1] * 5, [1, 1, 1, 0, 0]])
image = random.integers(0, 256, (1, 24, 16, 3), dtype=np.uint8)
processor = Qwen2VLImageProcessorPil(
    patch_size=4, merge_size=2, temporal_patch_size=2, image_mean=[0.5] * 3, image_std=[0.5] * 3, do_resize=False
)
official = processor(images=[image[0]], return_tensors="pt", input_data_format="channels_last")["pixel_values"]
assert (official - patches_of(image)[0]).abs().max() < 1e-6
record("image", [[9, VISION_START, *[IMAGE] * 6, VISION_END, 20, 31, END]], frames=image)
clip = random.integers(0, 256, (3, 16, 24, 3), dtype=np.uint8)
record("video", [[VISION_START, *[VIDEO] * 12, VISION_END, 40, 41, 42, END]], frames=clip, video=True)
save_file({k: v.detach().contiguous() for k, v in golden.items()}, HERE / "golden.safetensors")

sizes = [(480, 640), (1080, 1920), (28, 28), (42, 70), (3000, 200), (200, 3000), (4000, 4000), (98, 126), (2048, 1366)]
resized = [
    [h, w, *smart_resize(h, w, factor=28, min_pixels=256 * 28 * 28, max_pixels=1280 * 28 * 28)] for h, w in sizes
]
(HERE / "smart-resize.json").write_text(json.dumps(resized) + "\n")

versions = dict(
    python=platform.python_version(),
    torch=torch.__version__,
    transformers=transformers.__version__,
    numpy=np.__version__,
    command="python test/support/golden/qwen2-vl/make.py",
)
(HERE / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")
