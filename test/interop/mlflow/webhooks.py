"""Webhooks and scorers of a real MLflow 3, against the server in argv[1], callbacks to argv[2]; prints JSON."""
import json, os, sys, warnings
warnings.filterwarnings("ignore")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.genai.scorers import Guidelines, delete_scorer, get_scorer, list_scorers
from mlflow.genai.scorers.registry import list_scorer_versions

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
out = {}
hook = client.create_webhook(
    "ci", sys.argv[2], ["registered_model.created", "model_version_alias.created"],
    description="about", secret="hush",
)
out["made"] = [hook.name, [str(event) for event in hook.events], str(hook.status)]
read = client.get_webhook(hook.webhook_id)
out["read"] = [read.name, read.description]
out["listed"] = [one.name for one in client.list_webhooks()]
result = client.test_webhook(hook.webhook_id)
out["tested"] = [result.success, result.response_status, result.response_body]
client.create_registered_model("hooked")
client.create_model_version("hooked", "s3://bucket/model")
client.set_registered_model_alias("hooked", "best", "1")
changed = client.update_webhook(hook.webhook_id, status="DISABLED", events=["prompt.created"])
out["updated"] = [str(changed.status), [str(event) for event in changed.events]]
client.delete_webhook(hook.webhook_id)
out["left"] = len(client.list_webhooks())
try:
    client.get_webhook(hook.webhook_id)
except MlflowException as error:
    out["missing"] = error.error_code

experiment = mlflow.create_experiment("scorers")
scorer = Guidelines(name="brief", guidelines="Be short.", model="openai:/gpt-4o")
scorer.register(experiment_id=experiment)
Guidelines(name="brief", guidelines="Be brief.", model="openai:/gpt-4o").register(experiment_id=experiment)
versions = [version for _, version in list_scorer_versions(name="brief", experiment_id=experiment)]
newest = get_scorer(name="brief", experiment_id=experiment)
out["scorer"] = [*versions, newest.guidelines]
out["scorers"] = [one.name for one in list_scorers(experiment_id=experiment)]
out["versions"] = versions
delete_scorer(name="brief", version=2, experiment_id=experiment)
left = [[version for _, version in list_scorer_versions(name="brief", experiment_id=experiment)]]
delete_scorer(name="brief", version="all", experiment_id=experiment)
left.append([one.name for one in list_scorers(experiment_id=experiment)])
out["scorers_left"] = left
print(json.dumps(out))
