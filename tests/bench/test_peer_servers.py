from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from assay.paths import CACHE, user_cache
from bench import peer_servers
from bench.peer_servers import Place


def test_a_peer_that_cannot_be_installed_is_left_out_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    assert peer_servers._environment("None", [str(tmp_path / "absent.whl")]) is None
    assert "None can't be installed here" in capsys.readouterr().err
    assert not (user_cache() / "bench/none/ready").exists()


def test_an_environment_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    ready = user_cache() / "bench/litserve/ready"
    ready.parent.mkdir(parents=True)
    ready.touch()
    found = peer_servers._environment("LitServe", [str(tmp_path / "absent.whl")])
    assert found == ready.parent / "bin/python"


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
