"""Models, figures, autolog and the registry of a real MLflow 3, against the server in argv[1]; prints JSON."""
import json, os, sys, warnings
warnings.filterwarnings("ignore")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
import matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow, numpy as np
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("models")
client = MlflowClient()
out = {}
X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
with mlflow.start_run() as run:
    figure, axes = plt.subplots(); axes.plot([1, 2]); mlflow.log_figure(figure, "plots/line.png")
    info = mlflow.sklearn.log_model(LogisticRegression().fit(X, y), name="clf", registered_model_name="clf-reg", serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
out["model_id"] = info.model_id
loaded = mlflow.sklearn.load_model(info.model_uri)
out["predicts"] = bool((loaded.predict(X) == LogisticRegression().fit(X, y).predict(X)).all())
class Twice(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return [x * 2 for x in model_input]
with mlflow.start_run() as second:
    py = mlflow.pyfunc.log_model(name="twice", python_model=Twice(), pip_requirements=["mlflow"])
    mlflow.log_metric("hit", 0.25, step=3, model_id=py.model_id)
out["pyfunc"] = mlflow.pyfunc.load_model(py.model_uri).predict(["a", "b"])
model = mlflow.get_logged_model(py.model_id)
out["logged"] = [model.name, str(model.status), model.source_run_id == second.info.run_id, [[m.key, m.value] for m in model.metrics or []]]
out["searched"] = sorted(m.name for m in mlflow.search_logged_models(experiment_ids=[run.info.experiment_id], output_format="list"))
mlflow.set_logged_model_tags(py.model_id, {"stage": "best"})
out["model_tag"] = mlflow.get_logged_model(py.model_id).tags.get("stage")
out["outputs"] = len(client.get_run(run.info.run_id).outputs.model_outputs)
version = client.get_latest_versions("clf-reg")[0] if hasattr(client, "get_latest_versions") else client.get_model_version("clf-reg", "1")
out["registered"] = [version.name, str(version.version), version.run_id == run.info.run_id]
client.set_registered_model_alias("clf-reg", "champion", "1")
out["alias"] = str(client.get_model_version_by_alias("clf-reg", "champion").version)
out["by_alias"] = mlflow.sklearn.load_model("models:/clf-reg@champion").coef_.shape == (1, 3)
client.update_model_version("clf-reg", "1", description="first")
client.set_model_version_tag("clf-reg", "1", "k", "v")
out["version"] = [client.get_model_version("clf-reg", "1").description, client.get_model_version("clf-reg", "1").tags]
out["reg_search"] = [m.name for m in client.search_registered_models("name LIKE 'clf%'")]
client.delete_registered_model("clf-reg")
out["reg_left"] = len(client.search_registered_models())
mlflow.sklearn.autolog(log_models=False)
with mlflow.start_run() as auto:
    LogisticRegression(C=0.5).fit(X, y)
data = client.get_run(auto.info.run_id).data
out["autolog"] = [data.params.get("C"), "training_score" in data.metrics, "estimator_class" in data.tags]
out["confusion"] = sorted(f.path for f in client.list_artifacts(auto.info.run_id))
try:
    @mlflow.trace
    def traced(x):
        return x + 1
    traced(1)
    mlflow.flush_trace_async_logging()
    out["traces"] = len(mlflow.search_traces(locations=[run.info.experiment_id], return_type="list"))
except Exception as e:
    out["traces"] = repr(e)[:300]
print(json.dumps(out))
