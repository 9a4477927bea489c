"""More than the server can do, clients that leave, and the end: nothing fails or is lost."""

from __future__ import annotations

import json
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests import made
from tests.serving.started import Started, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

PATH = f"/predict/{made.MODEL}"


@pytest.fixture
def small(checkpoint: Path, tmp_path: Path) -> Iterator[Started]:
    """Yield a server with room for few rows."""
    folder = shutil.copytree(made.built(checkpoint), tmp_path / "a project")
    with started(folder, made.MODEL, "--workspace", "--queue", "400") as server:
        yield server


def _texts(rows: int) -> list[str]:
    found: list[str] = made.texts(rows)["text"].tolist()
    return found


def _memory(server: Started) -> int:
    status = (server.log.parent / f"/proc/{server.process.pid}/status").read_text()
    (line,) = (one for one in status.splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1])


def test_past_its_capacity_it_refuses_with_a_time_to_come_back_and_never_fails(
    small: Started,
) -> None:
    body = {"inputs": _texts(300)}

    def ask(number: int) -> httpx.Response:
        with small.client() as client:
            return client.post(PATH, json=body)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(ask, range(48)))
        before = _memory(small)
        answers = list(pool.map(ask, range(144)))
    codes = {answer.status_code for answer in answers}
    assert codes <= {200, 429} and 200 in codes and 429 in codes
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all("rows wait already" in answer.json()["error"] for answer in refused)
    assert _memory(small) < before * 1.1
    with small.client() as client:
        assert client.post(PATH, json={"inputs": ["still here"]}).status_code == 200


def test_clients_that_leave_cost_nothing_more(small: Started) -> None:
    body = b'{"inputs": ["' + b'", "'.join([b"a text"] * 300) + b'"]}'
    head = f"POST {PATH} HTTP/1.1\r\nHost: {small.address}\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", small.port)) as gone:
            gone.sendall(head.encode() + body)
    with small.client() as client:
        deadline = time.monotonic() + 30
        while (code := client.post(PATH, json={"inputs": ["me"]}).status_code) == 429:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert code == 200


def test_a_deadline_that_has_passed_is_told(small: Started) -> None:
    text = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["late"]}
    asked = {"parameters": {"timeout": 1}, "inputs": [text]}  # a microsecond
    with small.client() as client:
        answer = client.post(f"/v2/models/{made.MODEL}/infer", json=asked)
    assert answer.status_code == 429
    assert "its deadline" in answer.json()["error"]


def test_when_it_is_told_to_end_it_answers_what_it_has_and_takes_no_more(small: Started) -> None:
    texts = _texts(5000)
    body = json.dumps({"inputs": texts}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: {small.address}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", small.port)) as asking:
        asking.sendall(head.encode() + body)
        time.sleep(0.1)
        assert small.end() == 0
        answer = b"".join(iter(lambda: asking.recv(1 << 20), b""))
    status, _, rest = answer.partition(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert len(json.loads(rest.partition(b"\r\n\r\n")[2])["predictions"]) == len(texts)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", small.port)):
        pass
