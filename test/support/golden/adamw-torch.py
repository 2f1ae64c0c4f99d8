"""Makes adamw-torch.json: PyTorch's AdamW on sum a (p - c)^2 / 2, in f64.

python3 test/support/golden/adamw-torch.py > test/support/golden/adamw-torch.json
"""

import json
import platform

import torch

CURVATURE = torch.tensor([1.0, 4.0, 0.2], dtype=torch.float64)
CENTER = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
START = [0.3, 0.7, -1.1]
RATES = [0.1 / (1 + i / 4) for i in range(12)]

CASES = [
    {},
    {"weightDecay": 0.3},
    {"beta1": 0.8, "beta2": 0.95, "epsilon": 0.1, "weightDecay": 0.01},
    {"clipNorm": 0.5, "weightDecay": 0.1},
    {"clipNorm": 3},
]


def run(settings):
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.AdamW(
        [p],
        betas=(settings.get("beta1", 0.9), settings.get("beta2", 0.999)),
        eps=settings.get("epsilon", 1e-8),
        weight_decay=settings.get("weightDecay", 0),
    )
    for rate in RATES:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        (CURVATURE * (p - CENTER) ** 2 / 2).sum().backward()
        if "clipNorm" in settings:
            torch.nn.utils.clip_grad_norm_([p], settings["clipNorm"])
        optimizer.step()
    return {"settings": settings, "rates": RATES, "p": p.tolist()}


origin = {
    "script": "test/support/golden/adamw-torch.py",
    "versions": f"torch {torch.__version__}, Python {platform.python_version()}",
}
print(json.dumps({"origin": origin, "cases": [run(case) for case in CASES]}, indent=1))
