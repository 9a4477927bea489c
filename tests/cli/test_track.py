from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import assay
from tests.release.test_register import files, template  # noqa: F401

if TYPE_CHECKING:
    from assay.paths import ModelPaths

pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.processor]


def test_what_was_registered_is_named(files: ModelPaths) -> None:  # noqa: F811
    answer = assay("track", "opinions", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["version"] == 1


def test_a_store_that_kept_nothing_is_a_failure(
    files: ModelPaths,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    answer = assay("track", "opinions")
    assert answer.code == 1
    assert "http://127.0.0.1:9 does not answer" in answer.err
    assert "start it (make up)" in answer.err
