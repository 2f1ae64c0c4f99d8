"""Writes events.tfevents.b64 beside itself: a run of tensorboardX (see the versions it prints).

    pip install tensorboardX==2.6.5 numpy && python make.py
"""

import base64, glob, os, tempfile

import numpy as np
import tensorboardX
from tensorboardX.summary import hparams

here = os.path.dirname(os.path.abspath(__file__))
with tempfile.TemporaryDirectory() as folder:
    with tensorboardX.SummaryWriter(folder) as writer:
        for step, loss in enumerate([4.0, 2.5, float("nan"), float("inf")]):
            writer.add_scalar("train/loss", loss, step, walltime=1_700_000_000 + step)
        writer.add_scalar("lr [x]", 0.1, 7, walltime=1_700_000_004.5)
        for summary in hparams({"seed": 3, "name": "nano", "frozen": True}, {"hit": 0.5}):
            writer.file_writer.add_summary(summary)
        writer.add_image("sample/image", np.full((3, 2, 2), 0.5), 1, walltime=1_700_000_005)
        writer.add_text("note", "a *text*", 2, walltime=1_700_000_006)
        writer.add_histogram("weights", np.arange(4.0), 1, walltime=1_700_000_006)
    [file] = glob.glob(folder + "/events.out.tfevents.*")
    data = open(file, "rb").read()
with open(os.path.join(here, "events.tfevents.b64"), "w") as out:
    out.write(base64.b64encode(data).decode() + "\n")
print("tensorboardX", tensorboardX.__version__, "numpy", np.__version__, len(data), "bytes")
