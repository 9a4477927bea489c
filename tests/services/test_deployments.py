from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.workers.process import ProcessJobConfiguration

from assay.services import deployments

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"command": "touch owned"},
        {"working_dir": "/"},
        {"env": {"PYTHONSTARTUP": "owned.py"}},
        {"env.PYTHONSTARTUP": "owned.py"},
        {"stream_output": False, "name": "another", "labels": {"a": "b"}},
    ],
    ids=lambda asked: next(iter(asked), "nothing"),
)
def test_the_worker_itself_takes_nothing_from_who_asks_for_a_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: dict[str, Any]
) -> None:
    """The server refuses such runs; this is what a worker does with one that got by."""
    folder = tmp_path / "a project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    nowhere = PrefectClient("http://127.0.0.1:9/api")  # the template asks a server for nothing
    made: Any = asyncio.run(
        ProcessJobConfiguration.from_template_and_values(
            deployments.job_template(), asked, client=nowhere
        )
    )
    assert made.model_dump() == {
        "command": f"{sys.executable} -m assay.services.worker",
        "working_dir": folder,
        "stream_output": True,
        "env": {},
        "labels": {},
        "name": None,
    }
