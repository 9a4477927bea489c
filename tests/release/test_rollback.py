"""An earlier release becomes champion again, by the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.release.project import MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_challenger_that_is_as_good_replaces_it_and_is_rolled_back(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    answer = project.promote()
    assert (answer["promoted"], answer["champion"], answer["before"]) == (True, 2, 1)
    rules = {rule["name"]: rule for rule in answer["verdict"]["rules"]}
    assert {"champion", "macro_f1", "slices", "parity", "size", "latency", "behaviour"} <= set(
        rules
    )
    assert {"labels", "looks", "certificate"} <= set(rules)
    assert rules["champion"]["figures"]["level"] == pytest.approx(0.025)
    assert rules["looks"]["figures"]["look"] == 1
    first_line, second_line = project.lines()
    assert project.alias() == second_line["event"]["bundle"]

    back = project.answer("rollback", MODEL, "--reason", "a customer complained")
    assert (back["champion"], back["before"]) == (1, 2)
    assert any("train.seed 14 -> 13" in line for line in back["changes"])
    assert project.alias() == first_line["event"]["bundle"]
    assert "release 1 (champion)" in project.predict().stderr

    history = project.answer("history", MODEL)
    assert [entry["event"]["kind"] for entry in history["entries"]] == [
        "promotion",
        "promotion",
        "rollback",
    ]
    assert history["champion"] == 1
    forward = project.answer("rollback", MODEL, "--to", "2")
    assert forward["champion"] == 2


def test_rolling_back_to_what_is_not_there_is_refused(first: Released) -> None:
    assert "no release before 1" in first.refused("rollback", MODEL, code=2)
    assert "no release 7" in first.refused("rollback", MODEL, "--to", "7", code=2)
