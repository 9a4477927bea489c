"""Prefect's and MLflow's servers, each in one process behind the guard.

Reads the credential. Writes what the two write, and where MLflow answers while it does. Never
listens beyond the loopback, never starts a process: who ends this one has ended the server.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from assay.files import write_secret
from assay.gateways.tracking import access, server
from assay.parent import die_with_parent
from assay.services import addresses
from assay.services.guard import Guard

# Seconds for open connections to end, when the server is asked to.
GRACE = 5


def serve_prefect() -> None:
    """Serve Prefect's API, pages and schedules, as ``prefect server start`` does.

    Prefect itself asks for the credential: its page has a field for it, and its clients send it
    in web sockets as well.
    """
    die_with_parent()
    hosts = addresses.hosts(addresses.PREFECT)
    # Before Prefect is imported. What Python sets here is not in /proc, nor on a command line.
    os.environ |= {
        "PREFECT_SERVER_API_AUTH_STRING": access.make_credential(),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{host}" for host in hosts),
    }
    from prefect.server.api.server import create_app

    _serve(Guard(create_app(final=True), hosts), addresses.port(addresses.PREFECT))


def serve_mlflow() -> None:
    """Serve MLflow's API and pages; every answer but that of ``/health`` wants the credential."""
    die_with_parent()
    guarded = Guard(
        server.application(),
        addresses.hosts(addresses.MLFLOW),
        access.header(access.make_credential()),
        open_paths=("/health",),
    )
    # While it is there, this project's commands show the credential to this address.
    write_secret(access.ADDRESS, f"{addresses.mlflow()}\n")
    try:
        _serve(guarded, addresses.port(addresses.MLFLOW))
    finally:
        access.ADDRESS.unlink(missing_ok=True)


def _serve(application: Any, port: int) -> None:
    import uvicorn

    config = uvicorn.Config(
        application,
        host=addresses.HOST,
        port=port,
        log_level="warning",
        lifespan="on",
        workers=1,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    running = uvicorn.Server(config)
    running.run()
    if not running.started:
        sys.exit(f"nothing listens on port {port}: see above")
