"""Two runs of tensorboardX in the folder argv[1]; prints every point, as f32."""
import json, os, sys
import numpy as np
import tensorboardX

points = {}
for name in ("one", "two"):
    values = np.random.default_rng(len(points)).normal(size=1000).astype(np.float32)
    with tensorboardX.SummaryWriter(os.path.join(sys.argv[1], name)) as writer:
        for step, value in enumerate(values):
            writer.add_scalar("a/loss", value, step)
    points[name] = [[i, float(v)] for i, v in enumerate(values)]
print(json.dumps({"points": points}))
