from __future__ import annotations

from typing import TYPE_CHECKING

from assay.progress import Progress, track

if TYPE_CHECKING:
    import pytest


def test_a_log_gets_a_line_each_tenth_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("training", 1000) as bar:
        for _ in range(1000):
            bar.advance(note="loss 0.5")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training ..."
    assert [line.split()[1] for line in lines[1:]] == [str(ten) for ten in range(10, 101, 10)]
    assert lines[-1].endswith("loss 0.5")


def test_a_step_that_goes_on_says_only_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("training", 10, start=7) as bar:
        bar.advance(3)
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["...", "100"]


def test_tracking_yields_every_item_and_writes_to_standard_error_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(track("reading", [3, 1, 2])) == [3, 1, 2]
    assert list(track("reading", iter("ab"), total=2)) == ["a", "b"]
    assert list(track("reading", [])) == []
    assert capsys.readouterr().out == ""
