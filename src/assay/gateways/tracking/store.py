"""Where runs are kept: an SQLite file beside the project, or what MLFLOW_TRACKING_URI names.

Reads the environment. Writes ``mlruns/``: the database, and artifacts beside it. Never waits long
for a server, never stores an absolute path.

The embedded store records artifacts as ``mlflow-artifacts:/...``, as a tracking server does. So a
moved clone still finds them, and ``mlflow server --backend-store-uri sqlite:///mlruns/mlflow.db
--artifacts-destination mlruns/artifacts`` shows the same runs. Without a server MLflow cannot
resolve that scheme; :func:`artifact_repository` does, and pyproject.toml names it as MLflow's
plugin for the scheme, so that plain ``mlflow`` in the same environment reads these runs too.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assay import environment as variables
from assay.errors import StoreFailed
from assay.files import replacing
from assay.gateways.tracking import access
from assay.paths import MLRUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

EMBEDDED = f"sqlite:///{MLRUNS.as_posix()}/mlflow.db"
ARTIFACTS = "mlflow-artifacts:/"
# What the experiment is for; otherwise MLflow's pages guess, and ask.
TRAINING = {"mlflow.experimentKind": "custom_model_development"}
REACHABLE_WITHIN = 2  # seconds for a server to answer at all

# MLflow's own defaults wait 120 s a request and try 7 times more.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
}
FOREIGN = {"alembic", "mlflow", "sqlalchemy"}  # whose errors are the store's
NOISE = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def address() -> str:
    """Return the tracking URI in force; an SQLite file by its absolute path.

    MLflow keeps engines by their URI, so a relative one would outlive a change of folder.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or EMBEDDED
    database = _database(uri)
    return f"sqlite:///{database}" if database else uri.rstrip("/")


def is_installed() -> bool:
    """Tell whether MLflow is: what only serves goes without."""
    return find_spec("mlflow") is not None


def is_here() -> bool:
    """Tell whether the store in force is on this machine: a file, or a server on the loopback.

    Behind such a server's own address may stand another machine: nothing here can know.
    """
    uri = address()
    parts = urlsplit(uri)
    if _database(uri) or not parts.scheme or (parts.scheme == "file" and not parts.netloc):
        return True
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name: whose machine it is, is not ours to guess
        return False


def shown(text: str) -> str:
    """Return ``text`` without the passwords of the addresses in it."""
    return re.sub(r"://[^/@\s]*@", "://", text)


def prepare() -> None:
    """Create or upgrade the embedded database, once, whoever else does the same right now.

    Twelve processes that met a cold database broke each other's migrations; hence the lock. Costs
    a millisecond when there is nothing to do. Does nothing for a server.

    Raises:
        StoreFailed: the folder or the file cannot be read or written.

    """
    database = _database(address())
    with failures():
        if database is None or _is_ready(database):
            return
        database.parent.mkdir(parents=True, exist_ok=True)
        with (database.parent / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_ready(database):
                return
            if database.exists():
                _upgrade(database)
            else:
                # Beside, then renamed: killed within a migration, it would stay broken for ever.
                with replacing(database) as beside:
                    _upgrade(beside)


def connect() -> MlflowClient:
    """Return a client of the store in force.

    Raises:
        StoreFailed: a server that does not answer within two seconds, a database that is broken.

    """
    uri = address()
    with failures():
        if _is_server(uri):
            _ask(uri)
        prepare()
        _load_quietly()
        access.prepare_client(uri)
        from mlflow import MlflowClient

        return MlflowClient(uri)


def require_reachable() -> None:
    """Refuse where the store in force does not answer.

    Raises:
        StoreFailed: says which.

    """
    connect()


def failed(found: str) -> StoreFailed:
    """Return the error of a store that cannot be reached, or that refused what was sent."""
    return StoreFailed(
        found,
        expected=f"a tracking store at {shown(address())}",
        cure="start it (make up), or correct MLFLOW_TRACKING_URI; unset, it is "
        f"{EMBEDDED} in this folder",
    )


@contextmanager
def failures() -> Iterator[None]:
    """Turn whatever MLflow and the layers below it raise into :class:`StoreFailed`.

    Raises:
        StoreFailed: with the first line of the cause.

    """
    try:
        yield
    except StoreFailed:
        raise
    except Exception as problem:
        # By name: importing MLflow only to name its exceptions would cost a second.
        home = type(problem).__module__.partition(".")[0]
        if isinstance(problem, OSError | sqlite3.Error) or home in FOREIGN:
            raise failed(_first_line(problem)) from problem
        raise


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables that MLflow reads at each call, and take them back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def fixed_address() -> Iterator[None]:
    """Keep to the store in force, whatever the working folder becomes meanwhile."""
    with environment(MLFLOW_TRACKING_URI=address()):
        yield


def run_url(experiment_id: str, run_id: str) -> str | None:
    """Return the address of a run's page, if a server shows it.

    It names the workflow, as MLflow's pages are about chat traces unless told otherwise.
    """
    uri = shown(address())
    if not _is_server(uri):
        return None
    return f"{uri}/#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning"


def experiment(client: MlflowClient, model: str) -> str:
    """Return the id of the model's experiment; create it, or take it out of the bin."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(model)
    if found is None:
        # A server knows where it keeps artifacts; the embedded store is told.
        place = f"{ARTIFACTS}{model}" if _database(address()) else None
        try:
            return client.create_experiment(model, artifact_location=place, tags=TRAINING)
        except MlflowException as problem:
            found = client.get_experiment_by_name(model)
            if found is None:
                raise failed(_first_line(problem)) from problem
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    """Resolve ``mlflow-artifacts:/`` to the folder beside the database when there is no server."""
    import mlflow
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    database = _database(tracking_uri or mlflow.get_tracking_uri())
    if database is None:
        return MlflowArtifactsRepository(artifact_uri, tracking_uri, registry_uri)
    folder = database.parent / "artifacts" / artifact_uri.removeprefix(ARTIFACTS).lstrip("/")
    return LocalArtifactRepository(str(folder), tracking_uri, registry_uri)


def _database(uri: str) -> Path | None:
    path = uri.removeprefix("sqlite:///")
    return None if path == uri else Path(path).absolute()


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _is_ready(database: Path) -> bool:
    """Tell whether this version of MLflow made or upgraded the file, and readers pass writers."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(database)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return (version, mode) == (_version(), "wal")


def _version() -> int:
    """Return MLflow's version as one number: 3.17.2 is 31702."""
    from importlib.metadata import version

    parts = re.findall(r"\d+", version("mlflow"))[:3]
    return int("".join(part.zfill(2) for part in parts))


def _upgrade(database: Path) -> None:
    """Bring a database, new or old, to MLflow's schema, and mark it as brought there."""
    _load_quietly()
    from mlflow.store.db import utils
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # No public call upgrades a database; it bears no types. MLflow's version is pinned.
    schema: Any = utils
    uri = f"sqlite:///{database}"
    if database.exists():
        engine = schema.create_sqlalchemy_engine_with_retry(uri)
        known = schema._get_schema_version(engine)
        if known not in (None, schema._get_latest_schema_revision()):
            _copy(database, database.with_name(f"{database.name}.before-upgrade"))
            schema._upgrade_db(engine)
        engine.dispose()
    SqlAlchemyStore(uri, ARTIFACTS).engine.dispose()  # type: ignore[no-untyped-call]
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA user_version={_version()}")


def _copy(database: Path, target: Path) -> None:
    """Copy a database that others may be writing to."""
    with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _load_quietly() -> None:
    """Import MLflow, patient for seconds and not for minutes, and without its chatter."""
    variables.prepare()
    for name, value in (PATIENCE | NOISE).items():
        os.environ.setdefault(name, value)
    from mlflow.store.artifact import artifact_repository_registry

    registry: Any = artifact_repository_registry._artifact_repository_registry
    registry.register("mlflow-artifacts", artifact_repository)
    # What fails is reported by us, in one line, and not by tracebacks in the log.
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.CRITICAL)


def _ask(uri: str) -> None:
    """Ask a server for any answer at all."""
    import ssl
    import urllib.error
    import urllib.request

    uri = shown(uri)  # no page asks for a password to say that it is there
    request = urllib.request.Request(f"{uri}/health")  # noqa: S310  (http or https: see _is_server)
    try:
        urllib.request.urlopen(request, timeout=REACHABLE_WITHIN).close()  # noqa: S310
    except urllib.error.HTTPError:
        return  # a proxy that wants a password has answered
    except urllib.error.URLError as problem:
        if isinstance(problem.reason, ssl.SSLError):
            return  # MLflow has its own setting for certificates
        raise failed(f"{uri} does not answer: {problem.reason}") from problem
    except OSError as problem:
        raise failed(f"{uri} does not answer: {problem}") from problem


def _first_line(problem: BaseException) -> str:
    lines = shown(str(problem)).strip().splitlines()
    line = lines[0][:300] if lines else type(problem).__name__
    return re.sub(r" failed with exception HTTPS?Connection.*", " got no answer", line)
