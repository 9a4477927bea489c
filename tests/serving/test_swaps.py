"""A promotion or a rollback while clients ask: no request fails, no answer mixes two versions."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from assay.release.rollback import rollback
from tests.release.project import MODEL
from tests.serving.started import meanwhile, started

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.release.project import Released
    from tests.serving.started import Started

ROW = {"age": 40, "debt": 1000, "job": "nurse", "branch": "north"}
SWAPS = 100
CLIENTS = 4


class _Client(threading.Thread):
    """Asks without a pause; keeps what was odd, and who answered."""

    def __init__(self, server: Started, ending: threading.Event) -> None:
        super().__init__()
        self._server, self._ending = server, ending
        self.failed: list[str] = []
        self.answered: Counter[tuple[str, str, float]] = Counter()

    def run(self) -> None:
        with self._server.client() as client:
            while not self._ending.is_set():
                answer = client.post(f"/predict/{MODEL}", json={"inputs": [ROW, ROW]})
                if answer.status_code != 200:
                    self.failed.append(answer.text)
                    continue
                body = answer.json()
                headers = [answer.headers[f"assay-{name}"] for name in ("version", "bundle")]
                if headers != [body["version"], body["bundle"]]:
                    self.failed.append(f"{headers} and {body}")
                first, second = (round(one["score"], 6) for one in body["predictions"])
                if first != second:
                    self.failed.append(f"one row, two answers: {body}")
                self.answered[body["version"], body["bundle"], first] += 1


def _wait_for(server: Started, version: str) -> None:
    deadline = time.monotonic() + 60
    with server.client() as client:
        while time.monotonic() < deadline:
            if client.get(f"/v2/models/{MODEL}").json()["versions"] == [version]:
                return
            time.sleep(0.01)
    raise AssertionError(f"version {version} was never served")


def test_no_request_fails_while_the_champion_is_swapped_a_hundred_times(
    both: Released, fresh: Callable[[Released], Released], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fresh(both)
    monkeypatch.chdir(project.folder)
    ending = threading.Event()
    with started(project.folder, "--no-access-log") as server:
        clients = [_Client(server, ending) for _ in range(CLIENTS)]
        with meanwhile(clients, ending):
            for number in range(SWAPS):
                version = 1 if number % 2 == 0 else 2
                rollback(MODEL, version, "a test")
                _wait_for(server, str(version))
        with server.client() as asking:
            metrics = asking.get("/metrics").text
    assert [failure for client in clients for failure in client.failed] == []
    answered = sum((client.answered for client in clients), Counter[tuple[str, str, float]]())
    # Each version is one bundle, and answers the row in one way.
    assert len(answered) == 2 and {version for version, _, _ in answered} == {"1", "2"}
    assert f'assay_swaps_total{{model="{MODEL}",outcome="done"}} {SWAPS}.0' in metrics
