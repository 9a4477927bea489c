from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle import golden
from assay.bundle.golden import Golden
from assay.files import sha256

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


class Answers:
    """A session that gives the same logits to every feed but the first."""

    def __init__(self, first: float) -> None:
        self._first, self._calls = first, 0

    def run(self, feeds: dict[str, Any]) -> np.ndarray[Any, Any]:
        self._calls += 1
        return np.array([[self._first if self._calls == 1 else 0.25, 0.5]], dtype=np.float32)


def _rows() -> Golden:
    feeds: list[dict[str, np.ndarray[Any, Any]]] = [
        {
            "ids": np.arange(length, dtype=np.int64)[None],
            "pixels": np.full((1, 2, length, 3), length, dtype=np.uint8),
            "numbers": np.array([[np.nan, length / 3]], dtype=np.float32),
            "words": np.array([["", "naïve 好"]], dtype=object),
        }
        for length in (1, 4, 2)
    ]
    logits = np.array([[1, 0.5], [0.25, 0.5], [0.25, 0.5]], dtype=np.float32)
    return Golden(feeds, logits)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    rows = _rows()
    golden.write(tmp_path, rows)
    found = golden.read(tmp_path)
    np.testing.assert_array_equal(found.logits, rows.logits)
    assert found.logits.dtype == np.float32
    for one, expected in zip(found.feeds, rows.feeds, strict=True):
        assert set(one) == set(expected)
        for name, values in expected.items():
            assert one[name].dtype == values.dtype
            np.testing.assert_array_equal(one[name], values)


def test_equal_rows_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        golden.write(tmp_path / name, _rows())
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")


@pytest.mark.parametrize(
    ("first", "difference"), [(1.0, 0.0), (0.75, 0.25), (float("nan"), float("inf"))]
)
def test_the_largest_difference_is_told(first: float, difference: float) -> None:
    assert _rows().largest_difference(Answers(first)) == difference  # type: ignore[arg-type]
