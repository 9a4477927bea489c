from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.cli.located import Located, locate
from assay.errors import MissingFile
from assay.paths import ModelPaths
from assay.tasks.bundles import open_bundle
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

BUNDLE = ModelPaths(made.MODEL).bundle


@pytest.mark.usefixtures("built_generator")
@pytest.mark.parametrize(
    ("workspace", "reason"), [(True, "as asked"), (False, "no version has been promoted yet")]
)
def test_without_a_champion_the_workspace_answers_and_says_why(
    workspace: bool, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = locate(made.MODEL, workspace=workspace)
    assert found == Located(made.MODEL, BUNDLE, None, reason)
    opened = open_bundle(found.folder)
    found.say(opened)
    said = f"{made.MODEL} from the workspace ({reason}): {opened.precision} on {opened.provider}\n"
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("built_generator")
def test_a_release_is_named_by_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    Located(made.MODEL, BUNDLE, 7, "champion").say(open_bundle(BUNDLE))
    assert capsys.readouterr().err.startswith(f"{made.MODEL}, release 7 (champion): ")


def test_where_nothing_was_built_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for workspace in (True, False):
        with pytest.raises(MissingFile, match="has not been built") as refusal:
            locate(made.MODEL, workspace=workspace)
        assert str(BUNDLE) in refusal.value.found
        assert f"assay run {made.MODEL}" in str(refusal.value.cure)
