"""A project with something wrong in its inbox, and stages that must refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.files import read_json
from assay.stages.__main__ import main
from tests import made
from tests.conftest import settings
from tests.end_to_end.refusal import FILES, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Return a function that lays out a project with a table, or with a file, in its inbox."""

    def lay(
        data: pd.DataFrame | bytes | None = None, name: str = "rows.csv", **changes: Any
    ) -> Path:
        folder = tmp_path / "a project"
        folder.mkdir()
        made.lay_out_plain(folder, settings(checkpoint, **changes))
        target = folder / FILES.inbox / name
        if isinstance(data, pd.DataFrame):
            data.to_csv(target, index=False)
        elif data is not None:
            target.write_bytes(data)
        monkeypatch.chdir(folder)
        return folder

    return lay


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Callable[..., Refusal]:
    """Return a function that runs stages, the last of which must refuse."""

    def run(*stages: str) -> Refusal:
        *before, last = stages
        for stage in before:
            assert main(stage, made.MODEL) == 0, capfd.readouterr().err
        code = main(last, made.MODEL)
        shown = capfd.readouterr().err
        assert code != 0, "nothing was refused"
        assert "Traceback" not in shown
        left = read_json(FILES.refusal(last))
        assert left["exit_code"] == code
        for part in (left["found"], left["expected"], left["next"]):
            assert part, "a refusal says what was found, what was expected, and what to do"
            assert part in shown
        return Refusal(code, left["found"], left["expected"], left["next"])

    return run
