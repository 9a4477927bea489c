"""The real command, started and ended: what tests of the page and of the command ask."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.serving.started import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def service(project: Path, *words: str) -> Iterator[str]:
    """Run ``assay service`` in a project; yield its address; end it by SIGTERM."""
    port = free_port()
    command = [sys.executable, "-m", "assay", "service", *words, "--port", str(port)]
    errors = project / "service.err"
    with errors.open("w") as stream:
        running = subprocess.Popen(
            command, cwd=project, env=os.environ, stdout=subprocess.PIPE, stderr=stream, text=True
        )
    try:
        yield _address(running, port, errors)
    finally:
        running.send_signal(signal.SIGTERM)
        ended = running.wait(30)
        assert ended in (0, -signal.SIGTERM), errors.read_text(encoding="utf-8")


def _address(running: subprocess.Popen[str], port: int, errors: Path) -> str:
    """Return the address that the command says it has, once it answers there."""
    assert running.stdout is not None
    address = f"http://127.0.0.1:{port}"
    while running.poll() is None:
        if f"{address}/service/" in running.stdout.readline():
            break
    for _ in range(100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return address
        time.sleep(0.1)
    raise AssertionError(errors.read_text(encoding="utf-8"))
