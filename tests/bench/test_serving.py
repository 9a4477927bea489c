from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import MissingFile
from bench import peer_servers, project, serving
from tests import made

if TYPE_CHECKING:
    from pathlib import Path


def test_the_bundle_is_measured_behind_each_server_that_runs_here(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the peers that are installed from the index."""
    monkeypatch.setattr(project, "MODEL", made.MODEL)
    monkeypatch.setattr(peer_servers, "PEERS", {})
    monkeypatch.setattr(serving, "QUICK", serving.Size((1,), 0.3, 1, 8))
    monkeypatch.chdir(made.built(checkpoint))
    text = serving.measure(quick=True)
    for name in ("assay serve", "mlflow models serve"):
        (line,) = [line.split("|") for line in text.splitlines() if line.startswith(f"| {name}")]
        clients, rate, share, p50, p95, p99, refused, memory, start = map(str.strip, line[2:-1])
        assert (clients, refused) == ("1", "0")
        assert "(" in rate and share.endswith("%")
        assert float(p50) <= float(p95) <= float(p99)
        assert float(memory) > 20 and float(start) > 0
    together = [line for line in text.splitlines() if line.startswith(("| 1 |", "| 4 |"))]
    assert len(together) == 2
    assert "Not measured" not in text


def test_without_a_built_model_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFile, match="there is no models/opinions/bundle"):
        serving.measure(quick=True)
