"""Writes runs to the store argv[1] if argv[2] (a folder for artifacts) is given; prints what MLflow reads there."""
import hashlib, json, os, sys
import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
if len(sys.argv) > 2:
    os.chdir(sys.argv[2])
    mlflow.set_experiment("abl")
    with mlflow.start_run(run_name="r1", description="note") as run:
        mlflow.log_params({"lr": 0.1, "deep/er": "two\nlines", "long": "x" * 5000})
        for i in range(700):
            mlflow.log_metric("loss/train", 1 / (i + 1), step=i)
        for i, v in enumerate([float("nan"), float("inf"), float("-inf"), 1e-300, -0.5]):
            mlflow.log_metric("bad", v, step=i)
        mlflow.log_text("hello", "notes/x y.txt")
        with mlflow.start_run(nested=True, run_name="child"):
            mlflow.log_metric("x", 1)
    gone = client.create_run(run.info.experiment_id, run_name="gone")
    client.log_metric(gone.info.run_id, "z", 3)
    client.delete_run(gone.info.run_id)
runs = {}
for e in client.search_experiments():
    for r in client.search_runs([e.experiment_id], run_view_type=ViewType.ALL):
        def files(path=None):
            for f in client.list_artifacts(r.info.run_id, path):
                if f.is_dir:
                    yield from files(f.path)
                else:
                    local = client.download_artifacts(r.info.run_id, f.path)
                    yield [f.path, hashlib.sha256(open(local, "rb").read()).hexdigest()]
        def text(v):
            v = 0.0 + v
            if v != v: return "NaN"
            if abs(v) > 1.7e308: return "Infinity" if v > 0 else "-Infinity"
            return None
        def js(v):
            named = text(v)
            if named: return named
            return str(int(v)) if v == int(v) else repr(v).replace("e-0", "e-")
        runs[r.info.run_id] = {
            "name": r.info.run_name, "status": r.info.status, "lifecycle": r.info.lifecycle_stage,
            "params": r.data.params, "tags": {k: v for k, v in r.data.tags.items() if k != "mlflow.runName"},
            "metrics": {k: [[m.step, m.timestamp, js(m.value)] for m in sorted(client.get_metric_history(r.info.run_id, k), key=lambda m: m.step)] for k in sorted(r.data.metrics)},
            "artifacts": sorted(files()),
        }
print(json.dumps({"runs": runs}))
