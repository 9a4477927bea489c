from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from assay.errors import StageFailed
from bench import project, servers
from bench.load import Plan
from bench.servers import NoAnswer, Server
from tests import made

if TYPE_CHECKING:
    from pathlib import Path


def test_a_server_is_asked_while_it_answers_and_ends_with_its_turn(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "MODEL", made.MODEL)
    monkeypatch.chdir(made.built(checkpoint))
    server = servers.ours(["warm coffee", "rude waiter"])
    with servers.answering(server) as answering:
        plan = Plan(answering.url, server.bodies, clients=2, seconds=0.5, warmup=0.1)
        load = servers.load(plan)
        assert load.rate > 0 and load.refused == 0
        assert 0 < load.p50 <= load.p95 <= load.p99
        assert answering.memory > 20
        assert answering.start > 0.1
    assert not psutil.pid_exists(answering.pid)


def test_what_the_server_refuses_is_counted(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "MODEL", made.MODEL)
    monkeypatch.chdir(made.built(checkpoint))
    with servers.answering(servers.ours(["warm coffee"])) as answering:
        load = servers.load(Plan(answering.url, ["no JSON"], clients=1, seconds=0.2, warmup=0.0))
    assert load.refused == pytest.approx(load.rate * 0.2)


def test_a_server_that_ends_before_its_first_answer_is_named() -> None:
    server = Server("short", (sys.executable, "-c", "pass"), "/", ["{}"])
    with pytest.raises(NoAnswer, match="short does not answer"), servers.answering(server):
        pytest.fail("nothing answers")


def test_clients_that_find_no_server_fail() -> None:
    plan = Plan(f"http://127.0.0.1:{servers._free_port()}/", ["{}"], clients=1, seconds=0.1)
    with pytest.raises(StageFailed, match="the clients failed"):
        servers.load(plan)
