"""An exported folder in Hugging Face transformers on PyTorch. Prints {kind: embeddings}.

Run by test/interop/export.test.ts where RZENLAB_TORCH_PYTHON names a Python with torch, transformers and pillow:
PyPI's torch brings 5 GB of CUDA libraries, too much for every run of the suite.
"""

import json
import sys

import numpy as np
import torch
from transformers import AutoModel, AutoProcessor

folder, cases = sys.argv[1], json.load(open(sys.argv[2]))
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
model, loading = AutoModel.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
odd = {name: sorted(values) for name, values in loading.items() if values}
if odd:
    sys.exit(f"not every weight was loaded as it is: {odd}")
found = {}
for kind, case in cases.items():
    pictures = {name: [np.array(one, dtype=np.uint8) for one in all] for name, all in case["pictures"].items()}
    batch = processor(text=case["text"], instruction=case["instruction"], return_tensors="pt", **pictures)
    with torch.no_grad():
        found[kind] = model(**batch).embedding.double().tolist()
print(json.dumps(found))
