from __future__ import annotations

from typing import TYPE_CHECKING

from assay.modalities.image.encoding import decode
from bench import tutorial
from tests.tasks.image_classification.made import LABELS, png, shades

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tutorials_network_learns_from_the_rows_given_for_training(tmp_path: Path) -> None:
    rows = shades(600, size=tutorial.SIDE).assign(
        given=["train"] * 500 + ["test"] * 100,
        image=lambda table: [_square(content) for content in table["image"]],
    )
    raw, test = tmp_path / "raw.parquet", tmp_path / "test.parquet"
    rows.to_parquet(raw)
    rows[rows["given"].eq("test")].to_parquet(test)
    seconds, accuracy = tutorial.learn(raw, test, LABELS, 500, seed=0)
    assert seconds > 0
    # A tenth of the labels is wrong.
    assert 0.75 < accuracy <= 0.95


def _square(content: bytes) -> bytes:
    """Return an image cut to the network's size."""
    return png(decode(content, 1)[: tutorial.SIDE, : tutorial.SIDE, 0])
