"""A line for each request, of facts alone, and no request that waits for the log."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from assay.serving.watching.access_log import AccessLog, line_of
from assay.serving.watching.observed import Observed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def ended(**facts: Any) -> Observed:
    return Observed(**{"method": "GET", "path": "/v2", "status": 200, "seconds": 0.25, **facts})


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_who_asked_which_model_for_how_many_rows(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "logs/access.jsonl")
    log.write(ended(model="reviews", version="3", rows=8, client="shop", queue_seconds=0.1))
    log.close()
    (line,) = lines_of(tmp_path / "logs/access.jsonl")
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "method": "GET",
        "path": "/v2",
        "status": 200,
        "milliseconds": 250.0,
        "model": "reviews",
        "version": "3",
        "rows": 8,
        "queue_milliseconds": 100.0,
        "client": "shop",
    }


def test_all_lines_are_there_in_their_order(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "access.jsonl")
    for number in range(5000):
        log.write(ended(status=number))
    log.close()
    assert [line["status"] for line in lines_of(tmp_path / "access.jsonl")] == list(range(5000))


def test_a_file_may_be_moved_away_while_it_is_written(tmp_path: Path) -> None:
    path, log = tmp_path / "access.jsonl", AccessLog(tmp_path / "access.jsonl")
    log.write(ended(status=200))
    while not path.exists() or not path.read_text():
        time.sleep(0.001)
    path.rename(tmp_path / "access.1.jsonl")
    log.write(ended(status=404))
    log.close()
    assert [line["status"] for line in lines_of(path)] == [404]
    assert [line["status"] for line in lines_of(tmp_path / "access.1.jsonl")] == [200]


def test_a_reader_that_is_slow_costs_lines_and_no_request(tmp_path: Path) -> None:
    """A pipe without a reader takes no line: the log's thread waits there, and nobody else."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    log = AccessLog(pipe, most=10)
    for number in range(100):
        log.write(ended(status=number))
    found: list[str] = []

    def read() -> None:
        # Open to write as well, so that it does not end between two openings of the log.
        descriptor = os.open(pipe, os.O_RDWR)
        with os.fdopen(descriptor, encoding="utf-8") as stream:
            while not found or '"status": 999' not in found[-1]:
                found.append(stream.readline())

    reader = threading.Thread(target=read)
    reader.start()
    while not found:
        time.sleep(0.001)
    log.write(ended(status=999))
    reader.join(30)
    log.close()
    said = sum(json.loads(line).get("dropped_before", 0) for line in found)
    assert 0 < said == log.dropped
    assert len(found) + log.dropped == 101


def test_a_place_that_cannot_be_written_drops_lines_and_says_so_later(tmp_path: Path) -> None:
    folder = tmp_path / "access.jsonl"
    folder.mkdir()
    log = AccessLog(folder)
    log.write(ended(status=1))
    while not log.dropped:
        time.sleep(0.001)
    folder.rmdir()
    log.write(ended(status=2))
    log.close()
    (line,) = lines_of(folder)
    assert (line["status"], line["dropped_before"]) == (2, 1)


def test_it_may_be_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("stdout")
    log.write(ended())
    log.close()
    assert json.loads(capsys.readouterr().out)["status"] == 200


def test_no_letter_of_a_path_is_obeyed_by_a_terminal() -> None:
    text = json.dumps(line_of(ended(path="/a\x1b[2J\nb")))
    assert "\x1b" not in text
    assert "\n" not in text


def test_nothing_of_a_request_but_facts_is_in_its_line() -> None:
    """Whatever is added to the record must be thought about before it is written down."""
    every = {name: name for name in Observed.__slots__ if isinstance(name, str)}
    numbers = ("began", "seconds", "queue_seconds", "input_seconds", "compute_seconds")
    every |= dict.fromkeys((*numbers, "output_seconds", "status", "rows"), 1)  # type: ignore[arg-type]
    assert set(line_of(Observed(**every))) == {  # type: ignore[arg-type]
        "time",
        "method",
        "path",
        "status",
        "milliseconds",
        "model",
        "version",
        "rows",
        "queue_milliseconds",
        "compute_milliseconds",
        "client",
        "gone",
        "refused",
    }
