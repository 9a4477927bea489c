"""Models that generate, from a build to a champion that is asked: the real commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from assay import records
from assay.paths import ModelPaths
from assay.records import Evaluation
from assay.release import certificate
from tests import blocks, made
from tests.release.conftest import once
from tests.release.project import Released, laid_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSE, DIGITS = ModelPaths("verse"), ModelPaths("numbers")
# Says what no document of made-up texts does.
STOCK = "all rights are reserved and no part of it may be printed again"


def _gate(**floors: float) -> dict[str, Any]:
    return {"margin": 0.1, "max_parity_difference": 1e-3, "floors": floors}


@pytest.fixture(scope="module")
def verse(base: Path) -> Released:
    """A language model that is champion, committed."""

    def make(folder: Path) -> Released:
        block = blocks.generator_settings(checkpoint=None, context=96, epochs=5)
        # DVC wants each block that dvc.yaml names to be there.
        block |= {"ingest": {"slices": []}, "split": {"seed": 13}}
        block["evaluate"] |= {"samples": 40, "sample_tokens": 90, "copied_length": 40}
        block["gate"] = _gate(bits_per_byte=4.0, copied_share=0.05)
        project = laid_out(folder, VERSE.model, block)
        texts = made.texts(600)[["text"]]
        texts.to_csv(folder / VERSE.inbox / "texts.csv", index=False)
        return _promoted(project)

    return Released(once(base, "verse", make).folder, VERSE.model)


@pytest.fixture(scope="module")
def numbers(base: Path) -> Released:
    """An image generator that is champion, committed."""

    def make(folder: Path) -> Released:
        block = blocks.image_generator_settings(checkpoint=None)
        block["ingest"] = {"slices": []}
        block["gate"] = _gate(bits_per_dimension=8.0)
        project = laid_out(folder, DIGITS.model, block)
        made.digits(folder / DIGITS.inbox / "digits", 300)
        return _promoted(project)

    return Released(once(base, "numbers", make).folder, DIGITS.model)


def _promoted(project: Released) -> Released:
    project.build()
    project.commit("Build")
    assert project.promote()["promoted"]
    project.commit("Release 1")
    return project


def _decisive(project: Released, files: ModelPaths) -> list[str]:
    found = records.read(project.folder / files.metrics, Evaluation).metrics
    return [metric.name for metric in found if metric.decisive]


def _vouched(project: Released, monkeypatch: pytest.MonkeyPatch) -> dict[str, float | None]:
    """Return the value of each floor in the signed certificate of release 1."""
    monkeypatch.chdir(project.folder)
    stated = certificate.read(project.release(1).certificate)
    assert stated.verdict.passed
    return {
        rule.name.removeprefix("floor_"): rule.figures["value"]
        for rule in stated.verdict.rules
        if rule.name.startswith("floor_")
    }


def test_a_language_model_is_vouched_for_in_bits_per_byte(
    verse: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _decisive(verse, VERSE) == ["bits_per_byte"]
    vouched = _vouched(verse, monkeypatch)
    metrics = records.read(VERSE.metrics, Evaluation).metrics
    assert vouched == {one.name: one.value for one in metrics if one.name in vouched}
    assert sorted(vouched) == ["bits_per_byte", "copied_share"]
    names = {one.name for one in certificate.read(verse.release(1).certificate).materials}
    assert {str(VERSE.split("train")), str(VERSE.split("test"))} <= names


def test_a_language_model_is_verified(verse: Released) -> None:
    answer = verse.answer("verify", VERSE.model, "--quick")
    assert (answer["version"], answer["result"]) == (1, "equal_so_far")
    assert answer["step"] > 0


def test_a_language_model_that_copies_is_refused_and_the_champion_is_asked(
    verse: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(verse)
    asked = ("generate", VERSE.model, "coffee", "--seed", "7", "--max-tokens", "30")
    before = project.assay(*asked)
    assert before.returncode == 0, before.stderr
    assert "release 1 (champion)" in before.stderr
    texts = made.texts(900, seed=1)["text"] + f" {STOCK}"
    texts.to_frame().to_csv(project.folder / VERSE.inbox / "more.csv", index=False)
    project.build()
    project.commit("Build on more texts")

    answer = project.promote(code=4)
    rules = {rule["name"]: rule for rule in answer["verdict"]["rules"]}
    assert not rules["floor_copied_share"]["passed"]
    assert rules["floor_copied_share"]["figures"]["value"] > 0.05
    assert rules["floor_bits_per_byte"]["passed"]
    assert rules["champion"]["title"] == "bits per byte against the champion"
    said = project.assay("promote", VERSE.model)
    assert said.returncode == 4
    assert "verse: refused; release 1 stays champion" in said.stdout
    assert "  texts with 40 characters of a train text: " in said.stdout
    assert "    required: at most 0.05" in said.stdout

    after = project.assay(*asked)
    assert (after.returncode, after.stdout) == (0, before.stdout)
    workspace = project.assay(*asked, "--workspace")
    assert workspace.returncode == 0, workspace.stderr
    assert workspace.stdout != before.stdout


def test_an_image_generator_is_vouched_for_in_bits_per_dimension(
    numbers: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _decisive(numbers, DIGITS) == ["bits_per_dimension"]
    vouched = _vouched(numbers, monkeypatch)
    assert list(vouched) == ["bits_per_dimension"]
    assert vouched["bits_per_dimension"] is not None


def test_the_champion_among_image_generators_is_asked(
    numbers: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(numbers)
    words = ("generate", DIGITS.model, "--count", "9", "--seed", "7", "--output")
    assert project.answer(*words, "before.png")["version"] == 1
    # What lies in the workspace is not asked.
    for file in (project.folder / DIGITS.bundle).iterdir():
        file.unlink()
    assert "release 1 (champion)" in project.assay(*words, "after.png").stderr
    one, two = ((project.folder / f"{name}.png").read_bytes() for name in ("before", "after"))
    assert one == two
    with Image.open(project.folder / "after.png") as drawn:
        # Three images of 12 pixels in a row, and four lines.
        assert drawn.size == (40, 40)
