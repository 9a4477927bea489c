from __future__ import annotations

import ast
import gc
import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from assay import environment
from tests.conftest import ROOT

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


def test_onnxruntime_is_imported_behind_the_switches_alone() -> None:
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for block in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            body = getattr(block, "body", None)
            if not isinstance(body, list) or "TYPE_CHECKING" in ast.unparse(block).split("\n")[0]:
                continue
            for before, line in pairwise([ast.Pass(), *body]):
                if re.match(r"(import|from) onnxruntime\b", ast.unparse(line)):
                    found.append(path.name)
                    assert ast.unparse(before) == "environment.prepare()", path
    assert found == ["session.py", "static.py"]


def test_only_our_own_processes_collect_garbage_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    monkeypatch.setattr(environment, "GC_THRESHOLD", 12_345)
    environment.prepare()
    assert gc.get_threshold() == before
    environment.collect_garbage_rarely()
    try:
        assert gc.get_threshold() == (12_345, *before[1:])
    finally:
        gc.set_threshold(*before)
