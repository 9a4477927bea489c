from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assay.errors import MissingFile
from bench import idle_latency, project, servers
from bench.load import Load
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    from bench.servers import Server


@pytest.fixture
def ours(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(project, "MODEL", made.MODEL)
    monkeypatch.chdir(made.built(checkpoint))
    return servers.ours(made.texts(3)["text"].tolist())


def _answers(server: Server) -> list[Any]:
    """Return what a server answers to each of its bodies, and to one that it refuses."""
    with servers.answering(server) as answering, httpx.Client(trust_env=False) as client:
        bodies = [*server.bodies, "no JSON"]
        found = [client.post(answering.url, content=body) for body in bodies]
        return [(one.status_code, one.json()) for one in found]


def test_without_the_batcher_the_server_answers_and_refuses_alike(ours: Server) -> None:
    batched = _answers(ours)
    assert [status for status, _ in batched] == [200, 200, 200, 400]
    assert _answers(idle_latency._unbatched(ours)) == batched


def test_both_servers_are_measured_in_turns(ours: Server) -> None:
    text = idle_latency.measure(quick=True)
    names = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert names == ["server", "---", servers.OURS, idle_latency.UNBATCHED]
    assert text.count("| 0 |") == 2
    assert "1.00 (1.00–1.00) | 1.00 (1.00–1.00) | 0 |" in text.splitlines()[-1]


def test_the_ratios_are_of_the_same_round() -> None:
    batched = [Load(1, p50, 2 * p50, 0, refused=1) for p50 in (1.1, 2.2, 4.8)]
    alone = [Load(1, p50, p50, 0, refused=0) for p50 in (1.0, 2.0, 4.0)]
    found = {servers.OURS: batched, idle_latency.UNBATCHED: alone}
    first, second = idle_latency._page(found, idle_latency.QUICK).splitlines()[-2:]
    spreads = ("2.20 (1.10–4.80)", "4.40 (2.20–9.60)", "1.10 (1.10–1.20)", "2.20 (2.20–2.40)", "3")
    assert first == f"| {servers.OURS} | {' | '.join(spreads)} |"
    assert second.endswith("| 1.00 (1.00–1.00) | 1.00 (1.00–1.00) | 0 |")


def test_without_a_built_model_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFile, match="there is no models/opinions/bundle"):
        idle_latency.measure(quick=True)
