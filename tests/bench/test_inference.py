from __future__ import annotations

from typing import TYPE_CHECKING

from bench import inference, project
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_texts_of_a_built_model_are_measured_beside_transformers_and_torch(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "MODEL", made.MODEL)
    monkeypatch.chdir(made.built(checkpoint))
    text = inference.measure(quick=True)
    for words in ("batch 1, 16 rows", "batch 32, 16 rows", "whole file", "latency of one text"):
        assert words in text
    lines = [line.split("|") for line in text.splitlines() if line.startswith("| the bundle |")]
    rates = [line for line in lines if line[-3].strip().endswith("%")]
    assert len(rates) == 3
    assert all(0.5 < float(line[-2]) <= 1 for line in rates)
