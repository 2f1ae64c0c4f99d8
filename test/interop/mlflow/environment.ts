/** @file The official MLflow from PyPI: its newest release without what only its UI and cloud stores need. */
import { environment } from "../python.ts";

/** MLflow's code comes whole in its own wheel; of its dependencies these are what we drive. */
export function mlflow3(): string {
  return environment("mlflow", [
    ["--no-deps", "mlflow==3.18.0"],
    [
      ..."cachetools<8 click<9 cloudpickle databricks-sdk<1 fastapi<1 gitpython<4 importlib_metadata packaging".split(
        " ",
      ),
      ..."opentelemetry-api<3 opentelemetry-proto<3 opentelemetry-sdk<3 protobuf<8 pydantic<3 python-dotenv".split(
        " ",
      ),
      ..."pyyaml requests sqlparse<1 typing-extensions uvicorn<1 Flask-CORS Flask<4 alembic<2 docker<8".split(
        " ",
      ),
      ..."graphene<4 gunicorn huey<4 matplotlib<4 numpy<3 pandas<4 scikit-learn<2 scipy<2 sqlalchemy<3".split(
        " ",
      ),
      ..."pillow skops cryptography aiohttp tensorboardX==2.6.5".split(" "),
    ],
  ]);
}

/** The last of the 2.x line, client only. */
export function mlflow2(): string {
  return environment("mlflow2", [["mlflow-skinny==2.22.5", "numpy<3", "pandas<3", "pillow"]]);
}
