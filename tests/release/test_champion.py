"""Which release is asked, and which is refused: the real command, altered bytes, lost folders."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from assay.paths import LEDGER
from tests.release.project import FILES, MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_predict_asks_the_champion_and_not_the_workspace(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    before = project.predict()
    assert "release 1 (champion)" in before.stderr
    shutil.rmtree(project.folder / "models")
    after = project.predict()
    assert (after.returncode, after.stdout) == (0, before.stdout)


def _unsigned(project: Released) -> None:
    (project.folder / project.release(1).signature).unlink()


def _altered(project: Released) -> None:
    card = project.folder / project.release(1).bundle / "README.md"
    card.write_text(card.read_text() + " ")


def _extra(project: Released) -> None:
    (project.folder / project.release(1).bundle / "more.txt").write_text("more")


def _other_key(project: Released) -> None:
    (key,) = (project.folder / "releases/keys").iterdir()
    key.unlink()
    (project.folder / ".assay/signing.pem").unlink()
    project.assay("doctor", "--fix")


def _altered_certificate(project: Released) -> None:
    path = project.folder / project.release(1).certificate
    content = json.loads(path.read_text())
    content["payload"] = content["payload"][:-8] + "AAAAAAA="
    path.write_text(json.dumps(content))


def _edited_ledger(project: Released) -> None:
    path = project.folder / LEDGER
    path.write_text(path.read_text().replace('"version":1', '"version":2'))


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (_unsigned, "not signed"),
        (_altered, "README.md were altered"),
        (_extra, "more.txt is missing, or does not belong there"),
        (_other_key, "not trusted"),
        (_altered_certificate, "certificate"),
        (_edited_ledger, "line 1 of releases/ledger.jsonl"),
    ],
)
def test_what_does_not_hold_is_not_asked(
    first: Released,
    fresh: Callable[[Released], Released],
    attack: Callable[[Released], None],
    words: str,
) -> None:
    project = fresh(first)
    attack(project)
    done = project.predict()
    assert done.returncode == 3, done.stdout + done.stderr
    assert words in done.stderr
    assert done.stdout == ""


def test_a_lost_bundle_is_restored_from_dvc_and_from_mlflow(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    answer = project.predict().stdout
    bundle = project.folder / project.release(1).bundle
    shutil.rmtree(bundle)
    shutil.rmtree(project.folder / "mlruns/artifacts")
    done = project.predict()
    assert "was restored from DVC" in done.stderr
    assert done.stdout == answer
    shutil.rmtree(bundle)
    shutil.rmtree(project.folder / ".dvc/cache")
    assert "lost" in project.predict().stderr
    other = first.copy(project.folder.parent / "another")
    shutil.rmtree(other.folder / other.release(1).bundle)
    shutil.rmtree(other.folder / ".dvc/cache")
    done = other.predict()
    assert "was restored from MLflow" in done.stderr
    assert done.stdout == answer


def test_a_moved_clone_keeps_champion_and_history(second: Released, tmp_path: Path) -> None:
    project = second.copy(tmp_path / "here")
    moved = Released(project.folder.rename(tmp_path / "elsewhere and with spaces"))
    assert "release 1 (champion)" in moved.predict().stderr
    assert moved.answer("history", MODEL)["champion"] == 1
    assert moved.promote()["champion"] == 2
    assert moved.alias() == moved.lines()[-1]["event"]["bundle"]


def test_a_failed_retraining_changes_nothing_of_the_champion(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    before = project.predict().stdout
    (project.folder / FILES.inbox / "rows.csv").write_text("age,debt\n1,2\n")
    done = project.assay("run", MODEL)
    assert done.returncode == 3, done.stderr
    assert project.predict().stdout == before
