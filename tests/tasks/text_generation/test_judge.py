from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.errors import BundleRefused, DataRefused
from assay.paths import ModelPaths
from assay.tasks.text_generation.judge import judge
from assay.verdicts import GateInputs
from tests import made
from tests.tasks.text_generation import project as projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
LEVEL = 0.025


@pytest.fixture(scope="module")
def good(checkpoint: Path) -> Path:
    """Return the bundle of a model of characters after four epochs."""
    return made.built_generator(checkpoint) / FILES.bundle


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of a model of bytes that has hardly learned."""
    folder = tmp_path_factory.mktemp("poor")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        projects.write()
        model = projects.settings(tokenizer="bytes", epochs=1, learning_rate=1e-4)
        projects.exported(model, FILES.bundle)
    return folder / FILES.bundle


@pytest.fixture
def split(checkpoint: Path) -> Path:
    return made.built_generator(checkpoint) / FILES.split("test")


def _given(challenger: Path, champion: Path | None, split: Path) -> GateInputs:
    return GateInputs(
        challenger=challenger,
        champion=champion,
        splits={"test": split},
        known=None,
        behaviour=challenger / "nowhere",
        level=LEVEL,
    )


def test_without_a_champion_its_speed_alone_is_told(good: Path, split: Path) -> None:
    (rule,) = judge(projects.settings(), _given(good, None, split)).rules
    assert (rule.name, rule.warning) == ("latency", True)
    assert (rule.figures["p95_ms"] or 0) > 0
    assert "95th percentile" in rule.found


def test_the_same_bundle_is_not_worse_than_itself(good: Path, split: Path) -> None:
    champion, latency = judge(projects.settings(), _given(good, good, split)).rules
    assert (champion.name, latency.name) == ("champion", "latency")
    assert champion.passed
    assert champion.figures["ratio"] == 1.0
    assert champion.figures["rows"] == len(pd.read_parquet(split))


def test_models_of_different_tokenizers_are_compared_by_bits_per_byte(
    good: Path, poor: Path, split: Path
) -> None:
    worse = judge(projects.settings(), _given(poor, good, split)).rules[0]
    assert not worse.passed
    assert (worse.figures["ratio"] or 0) > 1.2
    better = judge(projects.settings(), _given(good, poor, split)).rules[0]
    assert better.passed
    assert better.figures["challenger"] == pytest.approx(worse.figures["champion"])
    assert better.figures["level"] == LEVEL


def test_an_empty_split_and_an_altered_bundle_are_refused(
    good: Path, split: Path, tmp_path: Path
) -> None:
    given = _given(good, None, split)
    pd.DataFrame({"text": pd.Series([], dtype=str)}).to_parquet(tmp_path / "empty.parquet")
    empty = dataclasses.replace(given, splits={"test": tmp_path / "empty.parquet"})
    with pytest.raises(DataRefused, match="no document"):
        judge(projects.settings(), empty)
    with pytest.raises(BundleRefused):
        judge(projects.settings(), dataclasses.replace(given, challenger=tmp_path))
