"""An exported folder in Python: its processor and its ONNX file. Prints {kind: embeddings}."""

import json
import sys

import numpy as np
import onnxruntime
from transformers import AutoProcessor

folder, cases = sys.argv[1], json.load(open(sys.argv[2]))
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
session = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx", providers=["CPUExecutionProvider"])
found = {}
for kind, case in cases.items():
    pictures = {name: [np.array(one, dtype=np.uint8) for one in all] for name, all in case["pictures"].items()}
    batch = processor(text=case["text"], instruction=case["instruction"], **pictures)
    [embedding] = session.run(["embedding"], dict(batch))
    found[kind] = embedding.astype(float).tolist()
print(json.dumps(found))
