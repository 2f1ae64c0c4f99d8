"""The fluent API and MlflowClient of a real MLflow, against the server in argv[1]; prints JSON."""
import json, os, sys, tempfile, time
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

mlflow.set_tracking_uri(sys.argv[1])
out = {"version": mlflow.__version__}
mlflow.set_experiment("fluent")
with mlflow.start_run(run_name="parent", description="**note**", tags={"a": "b"}) as run:
    mlflow.log_param("lr", 0.1)
    mlflow.log_params({"seed": 3, "opt": "adam"})
    mlflow.set_tag("x.y", "z")
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "ninf": float("-inf")}, step=2)
    mlflow.log_text("hello", "notes/a b.txt")
    mlflow.log_dict({"k": [1, 2]}, "conf/d.json")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "deep"))
        open(os.path.join(folder, "deep", "f.bin"), "wb").write(bytes(range(256)) * 5000)
        open(os.path.join(folder, "g.txt"), "w").write("g")
        mlflow.log_artifacts(folder, "dir")
        mlflow.log_artifact(os.path.join(folder, "g.txt"))
    import numpy as np
    mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "picture.png")
    mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), key="steps", step=1)
    mlflow.log_table({"q": ["a", "b"], "s": [1.0, 2.0]}, "table.json")
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("loss", 9)
out["run_id"], out["child_id"] = run.info.run_id, child.info.run_id
client = MlflowClient()
r = client.get_run(run.info.run_id)
out["data"] = {"params": r.data.params, "metrics": {k: str(v) for k, v in sorted(r.data.metrics.items())}, "status": r.info.status, "name": r.info.run_name,
    "note": r.data.tags.get("mlflow.note.content"), "a": r.data.tags.get("a"), "ended": r.info.end_time is not None}
out["history"] = [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, "loss")]
out["nan_history"] = [str(m.value) for m in client.get_metric_history(run.info.run_id, "nan")]
out["files"] = sorted(f.path for f in client.list_artifacts(run.info.run_id))
out["deep"] = [[f.path, f.is_dir, f.file_size] for f in client.list_artifacts(run.info.run_id, "dir/deep")]
out["text"] = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a b.txt")
out["dict"] = mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/conf/d.json")
got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="dir")
out["bytes"] = len(open(os.path.join(got, "deep", "f.bin"), "rb").read())
out["table"] = mlflow.load_table("table.json", run_ids=[run.info.run_id]).to_dict("list")
out["parent"] = client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"]

now = int(time.time() * 1000)
batch = client.create_run(run.info.experiment_id, run_name="batch")
client.log_batch(batch.info.run_id, metrics=[Metric(f"m{i % 10}", i, now, i // 10) for i in range(1000)])
client.log_batch(batch.info.run_id, params=[Param(f"p{i}", str(i)) for i in range(90)], tags=[RunTag(f"t{i}", str(i)) for i in range(90)])
client.set_terminated(batch.info.run_id, "FAILED")
b = client.get_run(batch.info.run_id)
out["batch"] = [len(b.data.metrics), len(b.data.params), b.data.tags["t89"], b.info.status, b.data.metrics["m9"]]
client.update_run(batch.info.run_id, status="RUNNING", name="renamed")
out["renamed"] = client.get_run(batch.info.run_id).info.run_name
client.delete_tag(batch.info.run_id, "t1")

def error(act):
    try: act(); return None
    except MlflowException as e: return [e.error_code, e.get_http_status_code() if hasattr(e, "get_http_status_code") else None]
out["errors"] = {
    "param": error(lambda: client.log_param(run.info.run_id, "lr", 0.2)),
    "same param": error(lambda: client.log_param(run.info.run_id, "lr", 0.1)),
    "no run": error(lambda: client.get_run("0" * 32)),
    "no experiment": error(lambda: client.get_experiment("999999")),
    "twice": error(lambda: client.create_experiment("fluent")),
    "filter": error(lambda: client.search_runs([run.info.experiment_id], "metrics.loss ! 3")),
    "no tag": error(lambda: client.delete_tag(batch.info.run_id, "t1")),
    "key": error(lambda: client.log_metric(run.info.run_id, "a//b", 1)),
}
search = lambda f, **k: [x.info.run_name for x in client.search_runs([run.info.experiment_id], f, **k)]
out["search"] = {
    "metric": search("metrics.loss < 1"),
    "param": search("params.opt = 'adam' and metrics.`loss` <= 0.2"),
    "tag": search("tags.`x.y` LIKE 'z%'"),
    "name": search("attributes.run_name ILIKE 'PAR%'"),
    "status": search("attributes.status = 'RUNNING'"),
    "parent": search(f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"),
    "order": search("", order_by=["metrics.loss DESC"]),
    "paged": [],
}
token = None
while True:
    page = client.search_runs([run.info.experiment_id], max_results=1, page_token=token)
    out["search"]["paged"] += [x.info.run_name for x in page]
    token = page.token
    if not token or not page: break
frame = mlflow.search_runs(experiment_names=["fluent"])
out["frame"] = sorted(c for c in frame.columns if c.startswith("params."))[:2] + [len(frame)]
client.delete_run(batch.info.run_id)
out["deleted"] = search("") + [client.get_run(batch.info.run_id).info.lifecycle_stage, error(lambda: client.log_metric(batch.info.run_id, "x", 1))[0]]
client.restore_run(batch.info.run_id)
out["restored"] = len(search(""))
exp = client.create_experiment("other", tags={"k": "v"})
client.set_experiment_tag(exp, "k2", "v2")
client.rename_experiment(exp, "other2")
client.delete_experiment(exp)
out["view"] = [sorted(e.name for e in client.search_experiments()), [e.name for e in client.search_experiments(view_type=2)]]
client.restore_experiment(exp)
out["experiments"] = [e.name for e in client.search_experiments(filter_string="tags.k = 'v' AND name LIKE 'other%'")]
with mlflow.start_run(run_id=batch.info.run_id):
    mlflow.log_metric("resumed", 1)
out["resumed"] = client.get_run(batch.info.run_id).data.metrics["resumed"]
try:
    import pandas as pd
    ds = mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2]}), name="frame", source="here.csv")
    with mlflow.start_run(run_name="data") as d:
        mlflow.log_input(ds, context="training")
        if int(mlflow.__version__.split(".")[0]) >= 3:
            mlflow.log_metric("hit", 0.5, step=1, dataset=ds)
    i = client.get_run(d.info.run_id).inputs.dataset_inputs[0]
    out["input"] = [i.dataset.name, i.dataset.digest == ds.digest, [t.value for t in i.tags]]
except ImportError as e:
    out["input"] = str(e)
print(json.dumps(out))
