from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.project import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.project import Services

CLOCK = """\
  - name: clock
    entrypoint: flows/retrain.py:retrain
    parameters: {model: clock}
    work_pool: {name: local}
    schedules:
      - {cron: "* * * * *", timezone: UTC, active: true}
"""


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Start a project's services; end them after the last test."""
    with running(tmp_path_factory.mktemp("flows") / "a project", CLOCK) as started:
        yield started
