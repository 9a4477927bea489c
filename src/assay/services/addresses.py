"""Where the services answer: ports of the loopback, and whether something answers there.

Reads the user's ``PREFECT_PORT`` and ``MLFLOW_PORT``, and asks the services themselves. Writes
nothing. Never speaks to another machine, nor through a proxy.
"""

from __future__ import annotations

import json
import os
import socket
import urllib.request

from assay.errors import UsageError

HOST = "127.0.0.1"
PREFECT, MLFLOW = "PREFECT_PORT", "MLFLOW_PORT"
PORTS = {PREFECT: "4200", MLFLOW: "5000"}


def port(name: str) -> int:
    """Return the port that the environment variable ``name`` asks for, or the usual one.

    Raises:
        UsageError: it is no number.

    """
    value = os.environ.get(name, PORTS[name])
    if not value.isdecimal():
        raise UsageError(f"{name} is {value!r}", expected="a number", cure=f"unset {name}")
    return int(value)


def prefect() -> str:
    """Return the address of Prefect's API."""
    return f"http://{HOST}:{port(PREFECT)}/api"


def mlflow() -> str:
    """Return the address of MLflow."""
    return f"http://{HOST}:{port(MLFLOW)}"


def hosts(name: str) -> list[str]:
    """Return how a browser on this machine may name a service: ``Host`` with its port."""
    return [f"{host}:{port(name)}" for host in (HOST, "localhost")]


def require_free(name: str) -> None:
    """Refuse to start on a port that another program has.

    Raises:
        UsageError: it is in use.

    """
    wanted = port(name)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as problem:
            raise UsageError(
                f"port {wanted} is in use by another program",
                expected=f"a free port on {HOST}",
                cure=f"end that program, or choose another port: {name}={wanted + 10} make up",
            ) from problem


def is_up(name: str) -> bool:
    """Return whether the service of the port ``name`` answers at all."""
    return ask(f"{prefect() if name == PREFECT else mlflow()}/health") is not None


def ask(url: str, content: object = None, authorization: str = "") -> bytes | None:
    """Return what ``url`` answers to a GET, or to a POST of ``content``; None when it refuses."""
    headers = {"Content-Type": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    body = None if content is None else json.dumps(content).encode()
    asking = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - on the loopback
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with without_proxy.open(asking, timeout=5) as answer:
            return bytes(answer.read())
    except OSError:
        return None
