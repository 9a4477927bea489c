"""The trace of a replay held against the recorded one."""

from __future__ import annotations

from assay.records import Trace, TracePoint
from assay.release.quick import compare


def trace(**points: str) -> Trace:
    return Trace(
        points=tuple(TracePoint(step=int(step[1:]), sha256=sha) for step, sha in points.items())
    )


RECORDED = trace(_0="a", _10="b", _20="c")


def test_a_shorter_trace_is_equal_so_far() -> None:
    assert compare(RECORDED, trace(_0="a", _10="b")) == (10, None)
    assert compare(RECORDED, trace(_0="a")) == (0, None)
    assert compare(RECORDED, RECORDED) == (20, None)


def test_the_first_step_that_differs_is_named() -> None:
    equal, other = compare(RECORDED, trace(_0="a", _10="x", _20="y"))
    assert (equal, other) == (0, TracePoint(step=10, sha256="x"))
    assert compare(RECORDED, trace(_0="x")) == (None, TracePoint(step=0, sha256="x"))


def test_a_step_that_was_not_recorded_differs() -> None:
    assert compare(RECORDED, trace(_0="a", _5="b")) == (0, TracePoint(step=5, sha256="b"))


def test_no_point_is_neither() -> None:
    assert compare(RECORDED, trace()) == (None, None)
