"""MLflow's own server of the embedded store, as an application that somebody else serves.

Reads and writes ``mlruns/``: the database, and artifacts beside it. Sets variables of this process,
as ``mlflow server`` does. Never lets a client choose where artifacts are kept. Knows no credential
and no address: see ``assay.services``.
"""

from __future__ import annotations

import json
import os
import urllib.parse
import warnings
from typing import TYPE_CHECKING, Any

from assay.gateways.tracking.store import ARTIFACTS, EMBEDDED
from assay.paths import MLRUNS

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATE_EXPERIMENT = "/mlflow/experiments/create"
# As protobuf's JSON takes a field: by its name, or in camel case.
LOCATION = ("artifact_location", "artifactLocation")


def application() -> Any:
    """Return MLflow's ASGI application.

    One process alone: ``mlflow server`` starts uvicorn as a child, which outlives it when it is
    killed and keeps the port.
    """
    from mlflow.server import constants

    os.environ |= {
        constants.BACKEND_STORE_URI_ENV_VAR: EMBEDDED,
        constants.REGISTRY_STORE_URI_ENV_VAR: EMBEDDED,
        constants.ARTIFACT_ROOT_ENV_VAR: ARTIFACTS,
        constants.ARTIFACTS_DESTINATION_ENV_VAR: (MLRUNS / "artifacts").as_posix(),
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
        # Jobs (MLflow's scorers) run in processes of their own; nothing here uses them.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    import flask

    with warnings.catch_warnings(action="ignore"):  # of what MLflow itself should change
        from mlflow.server import app, handlers
        from mlflow.server.fastapi_app import create_fastapi_app

    def refuse_foreign_places() -> Any:
        """Answer in MLflow's own form when artifacts would be kept outside its folder."""
        request = flask.request
        if not request.path.rstrip("/").endswith(CREATE_EXPERIMENT):
            return None
        foreign = foreign_place(request.get_data(cache=True))
        if foreign is None:
            return None
        answer = {
            "error_code": "INVALID_PARAMETER_VALUE",
            "message": f"artifact_location is {foreign!r}; expected: none, or one that begins "
            f"with {ARTIFACTS}",
        }
        return flask.jsonify(answer), 400

    app.before_request(refuse_foreign_places)
    handlers.initialize_backend_stores(EMBEDDED, EMBEDDED, ARTIFACTS)
    return create_fastapi_app(app)


def foreign_place(body: bytes) -> str | None:
    """Return the place outside ``mlflow-artifacts:/`` that a request names, if it names one."""
    try:
        asked = json.loads(body)
        if isinstance(asked, str):  # older clients encode twice
            asked = json.loads(asked)
    except ValueError:
        return None  # MLflow refuses it
    places = _places(asked) if isinstance(asked, dict) else []
    return next((place for place in places if not _is_inside(place)), None)


def _places(asked: Mapping[str, object]) -> list[str]:
    return [str(place) for name in LOCATION if (place := asked.get(name)) not in (None, "")]


def _is_inside(place: str) -> bool:
    """Return whether a place is in the folder of artifacts: no other host, no step upwards."""
    plain = place
    while (unquoted := urllib.parse.unquote(plain)) != plain:
        plain = unquoted
    path = plain.removeprefix(ARTIFACTS)
    return path != plain and not path.startswith("/") and ".." not in path.split("/")
