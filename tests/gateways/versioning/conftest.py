from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gateways.versioning.made import build, start, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return build(tmp_path / "a project", monkeypatch)


@pytest.fixture
def held(project: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start a training that stays under way; end it after the test."""
    started = []

    def hold() -> subprocess.Popen[str]:
        Path("hold").touch()
        started.append(start("train@tiny"))
        until(lambda: Path("steps").exists())
        return started[-1]

    yield hold
    (project / "hold").unlink(missing_ok=True)
    for run in started:
        run.kill()
        run.wait()
        assert run.stderr
        run.stderr.close()
