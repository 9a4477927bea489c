from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.learning.identity import code_digest, training_digest
from assay.paths import ModelPaths
from assay.settings.schema import Optimisation
from tests import made

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
SETTINGS = Optimisation()
LABELS = ("bad", "good")
CHECKPOINT = Path("pretrained")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two splits and a pretrained checkpoint of a few bytes."""
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name in ("train", "validation"):
        FILES.split(name).write_text(name)
    CHECKPOINT.mkdir()
    (CHECKPOINT / "model.safetensors").write_text("weights")


def _digest(**changes: Any) -> str:
    given: dict[str, Any] = {
        "settings": SETTINGS,
        "targets": LABELS,
        "files": FILES,
        "checkpoint": CHECKPOINT,
    }
    return training_digest(**given | changes)


def test_it_stays_where_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _digest()
    assert _digest() == first
    assert _digest(settings=Optimisation(), targets=list(LABELS), checkpoint="pretrained") == first
    # The test split and where the project lies play no part.
    FILES.split("test").write_text("test")
    assert _digest() == first
    moved = tmp_path.with_name(f"{tmp_path.name} moved")
    tmp_path.rename(moved)
    monkeypatch.chdir(moved)
    assert _digest() == first


@pytest.mark.parametrize(
    "change",
    [
        {"settings": Optimisation(seed=14)},
        {"settings": Optimisation(weight_decay=0.02)},
        {"targets": ("bad", "fine")},
        {"targets": ("good", "bad")},
        {"targets": ("bad", "good", "fine")},
        {"checkpoint": None},
        {"checkpoint": Path("nowhere")},
    ],
    ids=["seed", "decay", "label", "order", "labels", "no checkpoint", "another checkpoint"],
)
def test_other_settings_labels_or_checkpoint_are_another_training(change: dict[str, Any]) -> None:
    assert _digest(**change) != _digest()


@pytest.mark.parametrize("name", ["train", "validation"])
def test_another_split_is_another_training(name: str) -> None:
    before = _digest()
    FILES.split(name).write_text("other rows")
    assert _digest() != before


def test_the_splits_are_not_confused() -> None:
    before = _digest()
    FILES.split("train").write_text("validation")
    FILES.split("validation").write_text("train")
    assert _digest() != before


def test_any_file_of_the_checkpoint_counts() -> None:
    before = _digest()
    (CHECKPOINT / "config.json").write_text("{}")
    added = _digest()
    (CHECKPOINT / "model.safetensors").write_text("other weights")
    assert len({before, added, _digest()}) == 3


def test_another_number_of_processes_is_another_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    before = _digest()
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert _digest() != before


def test_the_codes_digest_is_that_of_its_files() -> None:
    assert code_digest() == code_digest()
    assert len(code_digest()) == 64
