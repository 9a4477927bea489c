"""A challenger is asked after the champion, when nobody waits, and leaves counts alone."""

from __future__ import annotations

import copy
import os
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.bundle.classifier import Answers, Classifier
from assay.errors import UsageError
from assay.monitoring import compared
from assay.paths import ModelPaths
from assay.serving import served
from assay.serving.watching.shadow import Shadow
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assay.serving.served import ServedModel

FILE = ModelPaths(made.MODEL).shadow
ROWS = made.loans(40).drop(columns="repaid").to_dict("records")
SECRET = {"age": 40, "job": "a secret job"}


@pytest.fixture
def model(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServedModel:
    """Return the model of a built project as release 3, in an empty folder."""
    monkeypatch.chdir(made.built_table(checkpoint))
    found = served.load_workspace(made.MODEL, threads=1)
    monkeypatch.chdir(tmp_path)
    return replace(found, version=3)


def answers(model: ServedModel, rows: list[Any]) -> Answers:
    assert isinstance(model.bundle, Classifier)
    return model.bundle.predict(rows)


def contrary(model: ServedModel) -> ServedModel:
    """Return a model that names the other one of two labels each time."""
    bundle = copy.copy(model.bundle)
    assert isinstance(bundle, Classifier)
    bundle.labels = bundle.labels[::-1]
    return replace(model, version=None, digest="f" * 64, bundle=bundle)


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.002)


def watched(
    model: ServedModel, challenger: ServedModel, *requests: list[Any]
) -> list[compared.Compared]:
    """Ask a champion and its challenger; return what stands in the file."""
    beside = Shadow(made.MODEL, challenger, busy=lambda: False, share=1)
    for rows in requests:
        beside.offer(model, rows, answers(model, rows), 0.004)
    asked = sum(map(len, requests))
    until(lambda: beside.rows == asked)
    beside.close()
    assert beside.dropped == 0
    return compared.read(FILE)


def test_the_same_bundle_agrees_in_every_row(model: ServedModel) -> None:
    (found,) = watched(model, replace(model, version=4), ROWS, ROWS[:5])
    assert (found.rows, found.agreements, found.disagreements) == (45, 45, {})
    assert (found.champion, found.challenger) == ("3", "4")
    assert found.champion_latencies == {compared.bucket(0.0001): 40, compared.bucket(0.0008): 5}
    assert sum(found.challenger_latencies.values()) == 45


def test_rows_that_disagree_are_counted_by_both_labels(model: ServedModel) -> None:
    (found,) = watched(model, contrary(model), ROWS)
    best = answers(model, ROWS).probabilities.argmax(axis=1)
    no, yes = np.bincount(best, minlength=2).tolist()
    assert found.disagreements == {"no": {"yes": no}, "yes": {"no": yes}}
    assert (found.rows, found.agreements, found.challenger) == (40, 0, "workspace")


def test_no_text_is_written_down(model: ServedModel) -> None:
    watched(model, contrary(model), [SECRET])
    assert "secret" not in FILE.read_text()


def test_each_champion_has_counts_of_its_own(model: ServedModel) -> None:
    beside = Shadow(made.MODEL, contrary(model), busy=lambda: False)
    later = replace(model, version=5, digest="e" * 64)
    for champion, rows in ((model, ROWS[:3]), (later, ROWS[:7]), (model, ROWS[:2])):
        beside.offer(champion, rows, answers(champion, rows))
    until(lambda: beside.rows == 12)
    beside.close()
    assert {one.champion: one.rows for one in compared.read(FILE)} == {"3": 5, "5": 7}


def test_what_other_models_are_asked_is_left_alone(model: ServedModel) -> None:
    beside = Shadow(made.MODEL, model, busy=lambda: False)
    beside.offer(replace(model, name="another"), ROWS, answers(model, ROWS))
    beside.offer(model, ROWS[:3], answers(model, ROWS[:3]))
    until(lambda: beside.rows == 3)
    beside.close()
    assert [one.rows for one in compared.read(FILE)] == [3]
    assert compared.read(FILE)[0].champion_latencies == {}


def test_it_waits_while_the_champion_is_asked(model: ServedModel) -> None:
    busy, looks = threading.Event(), []
    busy.set()

    def is_busy() -> bool:
        looks.append(1)
        return busy.is_set()

    beside = Shadow(made.MODEL, model, busy=is_busy)
    beside.offer(model, ROWS, answers(model, ROWS))
    until(lambda: len(looks) > 5)
    assert beside.rows == 0
    busy.clear()
    until(lambda: beside.rows == len(ROWS))
    # Between the rows of a request it looks again.
    assert len(looks) >= 5 + len(ROWS)
    beside.close()


def test_what_it_cannot_keep_up_with_is_dropped_and_written_down(model: ServedModel) -> None:
    busy = threading.Event()
    busy.set()
    beside = Shadow(made.MODEL, model, busy=busy.is_set, most_rows=30, most_bytes=100_000)
    one = answers(model, ROWS[:10])
    for _ in range(3):
        beside.offer(model, ROWS[:10], one)
    beside.offer(model, [{"job": "x" * 200_000}] * 10, one)
    for _ in range(5):
        beside.offer(model, ROWS[:10], one)
    lost = beside.dropped
    # One request may have left the queue already, to wait for the champion.
    assert lost in (40, 50, 60)
    busy.clear()
    until(lambda: beside.rows + lost == 90)
    beside.close()
    assert [(one.rows, one.dropped) for one in compared.read(FILE)] == [(90 - lost, lost)]


def test_ending_leaves_what_waits(model: ServedModel) -> None:
    beside = Shadow(made.MODEL, model, busy=lambda: True)
    beside.offer(model, ROWS, answers(model, ROWS))
    beside.offer(model, ROWS, answers(model, ROWS))
    beside.close()
    assert (beside.rows, beside.dropped) == (0, 80)
    beside.offer(model, ROWS, answers(model, ROWS))
    assert beside.dropped == 120


def test_a_challenger_that_fails_harms_nobody(
    model: ServedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = Shadow(made.MODEL, model, busy=lambda: False)
    one = answers(model, ROWS[:1])
    beside.offer(model, ["no row of a table"], one)
    beside.offer(model, [object()], one)
    beside.offer(model, ROWS[:1], one)
    until(lambda: beside.rows == 1)
    beside.close()
    (found,) = compared.read(FILE)
    assert (found.rows, found.failed, found.dropped) == (1, 1, 1)
    assert capsys.readouterr().err.count("misses some rows") == 1


def test_a_champion_that_cannot_tell_is_left_alone_until_it_can(model: ServedModel) -> None:
    calls: list[int] = []

    def busy() -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise LookupError("the model is being unloaded")
        return False

    beside = Shadow(made.MODEL, model, busy=busy, share=1)
    beside.offer(model, ROWS[:3], answers(model, ROWS[:3]))
    until(lambda: beside.rows == 3)
    beside.close()
    assert beside.dropped == 0


def test_counts_that_cannot_be_written_are_kept_for_later(model: ServedModel) -> None:
    FILE.mkdir(parents=True)
    beside = Shadow(made.MODEL, model, busy=lambda: False, line=0.01)
    beside.offer(model, ROWS, answers(model, ROWS))
    until(lambda: beside.rows == 40)
    time.sleep(0.05)
    FILE.rmdir()
    until(FILE.is_file)
    beside.close()
    assert [one.rows for one in compared.read(FILE)] == [40]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is the process's")
def test_its_thread_comes_last_and_no_other(model: ServedModel) -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    beside = Shadow(made.MODEL, model, busy=lambda: False)
    beside.offer(model, ROWS, answers(model, ROWS))
    until(lambda: beside.rows == 40)
    (own,) = [one.native_id for one in threading.enumerate() if one.name == "challenger-0"]
    assert own is not None
    assert os.getpriority(os.PRIO_PROCESS, own) == 19
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    beside.close()


def test_only_classifiers_are_compared(model: ServedModel) -> None:
    with pytest.raises(UsageError, match="gives no labels"):
        Shadow(made.MODEL, replace(model, bundle=object()), busy=lambda: False)  # type: ignore[arg-type]
