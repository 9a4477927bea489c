"""A tick that decides, a worktree that is left clean, and what comes home: real git and DVC."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import versioning
from assay.paths import ModelPaths
from assay.release import ledger, retraining, tick
from assay.release.promote import promote
from assay.release.register import register_if_reachable
from tests.made import loans
from tests.release.project import FILES, MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def project(first: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Released]:
    """A copy of it, which is the working folder."""
    copied = first.copy(tmp_path / "a copy")
    monkeypatch.chdir(copied.folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("ASSAY_SIGNING_KEY", raising=False)
    yield copied


def decide(*, force: bool = False) -> tuple[bool, dict[str, str]]:
    """Return whether a tick trains, and what was found of each criterion that fires."""
    made = tick.decide(MODEL, force=force, on_line=lambda _: None)
    return made.train, {one.name: one.found for one in made.reasons if one.fires}


def drop(rows: int, seed: int, name: str = "more.csv", **columns: str) -> None:
    """Drop a file of more rows into the inbox."""
    table = loans(rows, seed=seed)
    for column, value in columns.items():
        table[column] = value
    table.to_csv(FILES.inbox / name, index=False)


def retrain(place: retraining.Worktree) -> str:
    """Do what the flow does after a decision to train; return the outcome."""
    for stage in versioning.stages_of(MODEL):
        versioning.reproduce(stage, single=True, on_line=lambda _: None)
    register_if_reachable(MODEL)
    done = promote(MODEL)
    return f"refused: {done.verdict}" if done.refused else f"promoted: release {done.version}"


def state() -> dict[str, str]:
    """Return the digest of every file that a user may have open, and what git says of the tree."""
    kept = ("params.yaml", "dvc.yaml", "src", "expectations", "models", "reports", "data")
    return {name: sha256(Path(name)) for name in kept}


def test_a_tick_with_nothing_new_trains_nothing_and_says_so(project: Released) -> None:
    train, fired = decide()
    assert (train, fired) == (False, {})
    made = tick.decide(MODEL, force=False, on_line=lambda _: None)
    tick.record(MODEL, made, "kept: nothing asked for a training")
    line = list(ledger.read().of(MODEL, "tick"))[-1]
    names = {one.name for one in line.event.decision.reasons}  # type: ignore[union-attr]
    assert len(names) >= 7
    assert "not trained" in project.assay("history", MODEL).stdout


def test_a_person_may_force_it(project: Released) -> None:
    train, fired = decide(force=True)
    assert train
    assert len(fired) == 1


def test_enough_new_rows_train_and_too_few_do_not(project: Released) -> None:
    drop(20, seed=5)
    assert decide() == (False, {})
    drop(200, seed=5)
    train, fired = decide()
    assert train
    assert list(fired) == ["new rows"]


def test_a_drifted_file_trains_where_the_rows_alone_would_not(project: Released) -> None:
    project.set("retrain", min_new_rows=100_000)
    drop(200, seed=6)
    assert decide() == (False, {})
    drop(200, seed=6, age="79", debt="150000")
    train, fired = decide()
    assert train
    assert list(fired) == ["drift"]


def test_changed_settings_and_code_train(project: Released) -> None:
    project.set("train", epochs=12)
    train, fired = decide()
    assert train
    assert "train.epochs 15 -> 12" in " ".join(fired.values())
    project.set("train", epochs=15)
    module = Path("src/assay/learning/curve.py")
    module.write_text(module.read_text() + "\n")
    train, fired = decide()
    assert train
    assert any("src/assay/learning" in found for found in fired.values())


def test_settings_of_gate_and_schedule_are_no_reason(project: Released) -> None:
    project.set("gate", margin=0.05)
    project.set("retrain", min_new_rows=60)
    assert decide() == (False, {})


def test_what_was_refused_is_not_tried_again_until_it_changes(project: Released) -> None:
    drop(200, seed=7)
    made = tick.decide(MODEL, force=False, on_line=lambda _: None)
    assert made.train
    tick.record(MODEL, made, "refused by the gate: labels")
    train, _ = decide()
    assert not train
    assert decide(force=True)[0]
    drop(210, seed=7)
    assert decide()[0]


def test_a_first_training_changes_nothing_of_what_a_refusal_is_known_by(project: Released) -> None:
    before = tick.look(MODEL).data
    Path("dvc.lock").unlink()  # as before it
    assert tick.look(MODEL).data == before


def test_a_gate_that_was_changed_is_asked_again(project: Released) -> None:
    drop(200, seed=7)
    made = tick.decide(MODEL, force=False, on_line=lambda _: None)
    tick.record(MODEL, made, "refused by the gate: slices")
    assert not decide()[0]
    project.set("gate", slice_margin=0.3)
    assert decide()[0]


def test_a_file_that_cannot_be_read_is_refused(project: Released) -> None:
    (FILES.inbox / "bad.csv").write_text("age,debt\n1,2\n")
    with pytest.raises(SourceRefused):
        decide()


def test_a_retraining_comes_home_and_leaves_a_commit_that_the_next_one_goes_on_from(
    project: Released,
) -> None:
    project.set("retrain", commit=True)
    drop(300, seed=8)
    home, head = Path.cwd(), project.call("git", "rev-parse", "HEAD").stdout
    before = {name: sha256(Path(name)) for name in ("models", "reports")}
    with retraining.clean_worktree(MODEL) as place:
        assert Path.cwd() != home
        assert place.is_clean
        assert decide()[0]
        outcome = retrain(place)
        assert {name: sha256(home / name) for name in before} == before
        notes = retraining.save(place, outcome)
    assert Path.cwd() == home
    assert outcome == "promoted: release 2"
    assert [note for note in notes if "differs" in note] == []
    assert any(f"on retrain/{MODEL}" in note for note in notes)
    assert "release 2 (champion)" in project.predict().stderr
    assert project.call("git", "rev-parse", "HEAD").stdout == head
    listed = project.call("git", "ls-tree", "-r", "--name-only", f"retrain/{MODEL}").stdout
    assert "releases/loans/2/certificate.json" in listed
    assert "data/inbox/loans/more.csv.dvc" in listed
    assert "more.csv\n" not in listed
    assert not any("/bundle/" in name for name in listed.split() if name.startswith("releases"))
    assert versioning.tip_of(f"retrain/{MODEL}", head.strip()) != head.strip()
    # As if it had been built here.
    assert versioning.verify_outputs(MODEL) == []
    assert (FILES.inbox / "more.csv.dvc").is_file()
    assert "up to date" in project.dvc("status", f"evaluate@{MODEL}").stdout
    assert project.call("git", "worktree", "list").stdout.count("\n") == 1


def test_a_folder_that_somebody_works_in_is_left_as_it_is(project: Released) -> None:
    drop(300, seed=9)
    module = Path("src/assay/ranks.py")
    module.write_text(module.read_text() + "# half a thought\n")
    before, lock = state(), sha256(Path("dvc.lock"))
    with retraining.clean_worktree(MODEL) as place:
        assert "half a thought" not in Path("src/assay/ranks.py").read_text()
        outcome = retrain(place)
        (note,) = retraining.save(place, outcome)
    assert outcome == "promoted: release 2"
    assert "src/assay/ranks.py differs" in note
    assert (state(), sha256(Path("dvc.lock"))) == (before, lock)
    assert "release 2 (champion)" in project.predict().stderr


def test_outside_git_it_works_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with retraining.clean_worktree("any") as place:
        assert not place.is_clean
        assert Path.cwd() == tmp_path
    assert retraining.copy_back(place) is None
    assert ModelPaths("any").model == place.model
    assert os.getcwd() == str(tmp_path)  # noqa: PTH109
