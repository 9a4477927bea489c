"""The image's own command in a bare environment: a release is served where nothing can train.

Nothing of the project is there but what an image has: ``params.yaml``, ``dvc.yaml``, ``releases/``,
which can't be written, and a folder ``.assay`` of the user's own.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grimp
import pytest

from tests.deploy.bare import USER, Bare
from tests.deploy.conftest import PIP
from tests.deploy.found import health_check, start_command
from tests.release.project import MODEL
from tests.tools.test_lock import HEAVY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.release.project import Released

ROW = {"age": 40, "debt": 1000, "job": "nurse", "branch": "north"}
SERVES = ("assay.applications", "assay.bundle", "assay.gateways.signing", "assay.serving")
PATIENCE = 60.0  # seconds for a server on a busy machine


@pytest.fixture
def project(first: Released, bare: Bare) -> Iterator[Path]:
    """What an image has of a project, in a place that any user reaches."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "project")
        shutil.copytree(first.folder / "releases", folder / "releases")
        for file in ("params.yaml", "dvc.yaml"):
            shutil.copyfile(first.folder / file, folder / file)
        (folder / ".assay").mkdir(mode=0o700)
        Path(name).chmod(0o777)
        if bare.become:
            os.chown(folder / ".assay", USER, USER)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_the_lock_is_whole(bare: Bare) -> None:
    words = (*PIP, "--python", str(bare.locked / "bin/python"), "check")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _found(bare: Bare, *names: str) -> list[str]:
    """Return which libraries the environment has, none of them imported."""
    program = "import importlib.util as u, sys; print(*filter(u.find_spec, sys.argv[1:]))"
    done = bare.run(bare.folder, "python", "-c", program, *names)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_nothing_that_trains_is_there(bare: Bare) -> None:
    names = sorted(name.replace("-", "_") for name in HEAVY - {"onnxruntime-gpu"})
    assert _found(bare, "assay", *names) == ["assay"]


def test_every_library_that_serving_names_is_there(bare: Bare) -> None:
    graph = grimp.build_graph(
        "assay", include_external_packages=True, exclude_type_checking_imports=True
    )
    modules = {one for one in graph.modules if f"{one}.".startswith(tuple(f"{s}." for s in SERVES))}
    wanted = {
        name.partition(".")[0]
        for module in modules
        for name in graph.find_modules_directly_imported_by(module)
        if not name.startswith("assay")
    }
    assert _found(bare, *sorted(wanted)) == sorted(wanted)


@contextmanager
def _served(bare: Bare, project: Path) -> Iterator[int]:
    """Start what the image starts, on a free port; end it as a container is ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with bare.start(project, *start_command()[:-1], str(port)) as server:
        try:
            _wait(bare, project, server, port)
            yield port
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(PATIENCE)
    assert code in (0, -signal.SIGTERM), project.with_name("output").read_text()


def _wait(bare: Bare, project: Path, server: subprocess.Popen[str], port: int) -> None:
    """Ask as Docker does, until the server says that it is ready."""
    asked = [word.replace("8800", str(port)) for word in health_check()]
    until = time.monotonic() + PATIENCE
    while bare.run(project, *asked).returncode:
        said = project.with_name("output").read_text()
        assert server.poll() is None and time.monotonic() < until, said


def _ask(port: int, token: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"inputs": [ROW]})
    connection.request("POST", f"/predict/{MODEL}", body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_the_images_command_answers_for_a_user_without_rights(bare: Bare, project: Path) -> None:
    refused = bare.run(project, *start_command())
    assert refused.returncode == 2 and "assay tokens add" in refused.stderr
    token = bare.run(project, "assay", "tokens", "add", "client").stdout.strip()
    before = sorted(path for path in project.rglob("*") if ".assay" not in path.parts)
    with _served(bare, project) as port:
        assert _ask(port, "none")[0] == 401
        status, answer = _ask(port, token)
    assert status == 200, answer
    assert (answer["model"], answer["version"]) == (MODEL, "1")
    assert sorted(path for path in project.rglob("*") if ".assay" not in path.parts) == before


def test_a_bundle_that_was_left_behind_is_said_to_be(bare: Bare, project: Path) -> None:
    project.chmod(0o755)
    shutil.rmtree(project / "releases" / MODEL / "1/bundle")
    done = bare.run(project, "assay", "predict", MODEL, json.dumps(ROW))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "neither DVC nor MLflow is installed here" in done.stderr
    assert "Traceback" not in done.stderr
