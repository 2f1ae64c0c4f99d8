"""Prints every endpoint of the official server's REST API as one line of JSON: [method, path]."""

import json
import warnings

warnings.filterwarnings("ignore")
from mlflow.server.handlers import get_endpoints

found = {(method, path) for path, _, methods in get_endpoints() for method in methods}
print(json.dumps(sorted(found)))
