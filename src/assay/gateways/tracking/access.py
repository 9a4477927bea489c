"""The credential of this project's own services: where it is kept, how MLflow's client sends it.

Reads and writes ``.assay/credential`` and ``.assay/mlflow.address``, both readable by their owner
alone. Sends the credential to that address and to no other; never puts it into the environment, a
command line, a message or a run.
"""

from __future__ import annotations

import base64
import os
import secrets
from typing import TYPE_CHECKING, Any

from assay.errors import UsageError
from assay.files import write_secret
from assay.paths import SCRATCH

if TYPE_CHECKING:
    from requests import PreparedRequest

CREDENTIAL = SCRATCH / "credential"  # user:password, as in RFC 7617
# Where our own MLflow answers; gone when it was ended, so that nothing else on that port is sent a
# password.
ADDRESS = SCRATCH / "mlflow.address"
USER = "assay"
BYTES = 32  # of randomness in a password

# MLflow's name for our way to authorise a request.
PROVIDER = "assay"
AUTH = "MLFLOW_TRACKING_AUTH"


def make_credential() -> str:
    """Return the credential of this folder's services; make it when there is none.

    Raises:
        UsageError: the file holds none. Prefect takes an empty one for "ask for nothing".

    """
    if not CREDENTIAL.is_file():
        write_secret(CREDENTIAL, f"{USER}:{secrets.token_urlsafe(BYTES)}\n")
    CREDENTIAL.chmod(0o600)
    credential = read_credential()
    if not all(credential.partition(":")):
        raise UsageError(
            f"{CREDENTIAL} holds no credential",
            expected="one line, user:password",
            cure=f"remove it (rm {CREDENTIAL}); make up makes another",
        )
    return credential


def read_credential() -> str:
    """Return the credential, or an empty text when there is none."""
    return CREDENTIAL.read_text(encoding="utf-8").strip() if CREDENTIAL.is_file() else ""


def header(credential: str) -> str:
    """Return the value of ``Authorization`` that shows a credential (RFC 7617)."""
    return f"Basic {base64.b64encode(credential.encode()).decode()}"


def is_own(url: str) -> bool:
    """Return whether ``url`` leads to this project's own MLflow, which is up."""
    if not ADDRESS.is_file():
        return False
    own = ADDRESS.read_text(encoding="utf-8").strip()
    return url == own or url.startswith(f"{own}/")


def prepare_client(uri: str) -> None:
    """Let MLflow's client in this process show the credential, when ``uri`` is our own server.

    A user's own way to authorise (``MLFLOW_TRACKING_AUTH``, ``MLFLOW_TRACKING_USERNAME``) is kept.
    """
    chosen = os.environ.get(AUTH)
    if not is_own(uri):
        if chosen == PROVIDER:
            del os.environ[AUTH]  # it would hide ~/.netrc from another server
        return
    if chosen in (None, "", PROVIDER):
        _register()
        os.environ[AUTH] = PROVIDER


def _register() -> None:
    from mlflow.tracking.request_auth import registry
    from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider

    class OwnServer(RequestAuthProvider):
        """Shows the credential to our own server."""

        def get_name(self) -> str:
            return PROVIDER

        def get_auth(self) -> Any:
            return _authorise

    # No public call registers one, but for an entry point.
    known: Any = registry._request_auth_provider_registry
    if not any(one.get_name() == PROVIDER for one in known):
        known.register(OwnServer)


def _authorise(request: PreparedRequest) -> PreparedRequest:
    """Add the credential to a request to our own server."""
    credential = read_credential()
    if credential and is_own(request.url or "") and "Authorization" not in request.headers:
        request.headers["Authorization"] = header(credential)
    return request
