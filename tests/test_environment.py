from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assay import environment

if TYPE_CHECKING:
    import pytest


def test_what_a_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "false")
    monkeypatch.delenv("GX_ANALYTICS_ENABLED", raising=False)
    environment.prepare()
    assert os.environ["DO_NOT_TRACK"] == "false"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_every_variable_is_set_once_by_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = (
        environment.TELEMETRY_OFF,
        environment.MESSAGES_OFF,
        environment.PICKLE_OFF,
        environment.SPEED,
    )
    assert sum(map(len, groups)) == len(environment.VARIABLES)
    for name in environment.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    environment.prepare()
    assert {name: os.environ[name] for name in environment.VARIABLES} == environment.VARIABLES
