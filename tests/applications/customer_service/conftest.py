"""A company with an intent model, its service in this process, and who asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service.hosting import Hosted, open_service
from tests.applications.customer_service.small import with_model
from tests.applications.customer_service.talking import client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Path:
    """A project with the company's files and an intent model that nobody released."""
    folder = tmp_path_factory.mktemp("company")
    with_model(folder, checkpoint)
    return folder


@pytest.fixture
def hosted(company: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosted]:
    """The company's service."""
    monkeypatch.chdir(company)
    opened = open_service(company / "service.yaml", threads=1)
    yield opened
    opened.close()


@pytest.fixture
def agent(hosted: Hosted) -> TestClient:
    """A client who is an agent."""
    return client(hosted.routes())


@pytest.fixture
def customer(hosted: Hosted) -> TestClient:
    """A client who is not."""
    return client(hosted.routes(is_agent=lambda _: False))
