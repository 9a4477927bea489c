from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.errors import BundleRefused, DataRefused
from assay.tasks.image_generation.judge import judge
from assay.verdicts import GateInputs
from tests.tasks.image_generation import project as projects
from tests.tasks.image_generation.project import FILES

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.processor

LEVEL = 0.025


def _bundle(folder: Path, **train: Any) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        projects.write()
        projects.exported(projects.settings(**train), FILES.bundle)
    return folder / FILES.bundle


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of a model that has learned for some epochs."""
    return _bundle(tmp_path_factory.mktemp("good"), epochs=8, learning_rate=0.01)


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of a model that has hardly learned."""
    return _bundle(tmp_path_factory.mktemp("poor"), epochs=1, learning_rate=1e-5)


@pytest.fixture
def given(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GateInputs:
    monkeypatch.chdir(tmp_path)
    projects.write()
    return GateInputs(
        challenger=good,
        champion=None,
        splits={"test": FILES.split("test")},
        known=None,
        behaviour=good / "nowhere",
        level=LEVEL,
    )


def test_without_a_champion_its_speed_alone_is_told(given: GateInputs) -> None:
    (rule,) = judge(projects.settings(), given).rules
    assert (rule.name, rule.warning) == ("latency", True)
    assert (rule.figures["p95_ms"] or 0) > 0


def test_the_same_bundle_is_not_worse_than_itself(given: GateInputs, good: Path) -> None:
    champion, latency = judge(projects.settings(), dataclasses.replace(given, champion=good)).rules
    assert (champion.name, latency.name) == ("champion", "latency")
    assert champion.title == "bits per dimension against the champion"
    assert champion.passed
    assert champion.figures["ratio"] == 1.0
    assert champion.figures["rows"] == 40


def test_the_better_model_wins_in_bits_per_dimension(
    given: GateInputs, good: Path, poor: Path
) -> None:
    worse = judge(
        projects.settings(), dataclasses.replace(given, challenger=poor, champion=good)
    ).rules[0]
    assert not worse.passed
    assert (worse.figures["ratio"] or 0) > 1.05
    better = judge(projects.settings(), dataclasses.replace(given, champion=poor)).rules[0]
    assert better.passed
    assert better.figures["challenger"] == pytest.approx(worse.figures["champion"])


def test_models_of_other_images_are_not_compared(
    given: GateInputs, tmp_path_factory: pytest.TempPathFactory
) -> None:
    binary = _bundle(tmp_path_factory.mktemp("binary"), likelihood="bernoulli", epochs=1)
    with pytest.raises(DataRefused, match="8 x 8 x 1 pixels with 2 levels") as refused:
        judge(projects.settings(), dataclasses.replace(given, champion=binary))
    assert "train.likelihood" in refused.value.cure


def test_an_empty_split_and_an_altered_bundle_are_refused(
    given: GateInputs, good: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.parquet"
    pd.read_parquet(FILES.split("test")).iloc[:0].to_parquet(empty)
    with pytest.raises(DataRefused, match="images in the test split: 0"):
        judge(
            projects.settings(),
            dataclasses.replace(given, champion=good, splits={"test": empty}),
        )
    with pytest.raises(BundleRefused):
        judge(projects.settings(), dataclasses.replace(given, challenger=tmp_path))
