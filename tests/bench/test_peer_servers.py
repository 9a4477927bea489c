from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from bench import peer_servers
from bench.peer_servers import Place


@pytest.mark.parametrize("name", peer_servers.PEERS)
def test_a_peer_is_asked_for_each_text_by_a_command_of_its_own_environment(
    tmp_path: Path, name: str
) -> None:
    environment = {"ASSAY_BENCH_BUNDLE": os.fspath(tmp_path)}
    place = Place(Path(sys.executable), tmp_path, environment, ["warm", "rude"])
    server = peer_servers.PEERS[name].server(place)
    assert server.name == name
    assert Path(server.words[0]).parent == Path(sys.executable).parent
    assert environment.items() <= dict(server.environment).items()
    assert "{port}" in [*server.words, *server.environment.values()]
    assert [json.loads(body) for body in server.bodies]
    assert all(text in body for text, body in zip(place.texts, server.bodies, strict=True))
