from __future__ import annotations

import json
import stat
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from assay.serving.access.audit import Audit, Call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "serving/audit.jsonl"


def call(who: str = "shop") -> Call:
    return Call(
        time=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        who=who,
        address="10.0.0.1",
        method="POST",
        route="/v2/models/{model}/infer",
        model="opinions",
        version="3",
        rows=7,
        status=200,
        milliseconds=1.5,
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_call_is_a_line(path: Path) -> None:
    audit = Audit(path)
    audit.start()
    audit.put(call())
    audit.close()
    assert lines(path) == [
        {
            "time": "2026-01-02T03:04:05.678000Z",
            "who": "shop",
            "address": "10.0.0.1",
            "method": "POST",
            "route": "/v2/models/{model}/infer",
            "model": "opinions",
            "version": "3",
            "rows": 7,
            "status": 200,
            "milliseconds": 1.5,
        }
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_waits_is_written_at_the_end_and_what_was_there_stays(path: Path) -> None:
    for first in (0, 500):
        audit = Audit(path)
        audit.start()
        for number in range(first, first + 500):
            audit.put(call(str(number)))
        audit.close()
        assert audit.unlisted == 0
    assert [line["who"] for line in lines(path)] == [str(number) for number in range(1000)]


def test_a_full_file_gives_way_to_another_and_so_many_are_kept(path: Path) -> None:
    for number in range(6):
        audit = Audit(path, size=1, older=3)
        audit.start()
        audit.put(call(str(number)))
        audit.close()
    kept = sorted(file.name for file in path.parent.glob("audit*"))
    assert kept == ["audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.3"]
    newest_first = [lines(path.with_name(name))[0]["who"] for name in kept]
    assert newest_first == ["5", "4", "3"]
    assert stat.S_IMODE(path.with_name(kept[0]).stat().st_mode) == 0o600


def test_past_the_bound_calls_are_left_out_counted_and_named(path: Path) -> None:
    audit = Audit(path, waiting=10)
    for number in range(25):  # nothing is written yet: the queue fills
        audit.put(call(str(number)))
    assert audit.unlisted == 15
    audit.start()
    audit.close()
    gap, *written = lines(path)
    assert gap["unlisted"] == 15
    assert [line["who"] for line in written] == [str(number) for number in range(10)]
    assert audit.unlisted == 15


def test_a_gap_is_named_once(path: Path) -> None:
    audit = Audit(path)
    audit.leave_out()
    audit.start()
    audit.put(call())
    audit.close()
    audit.leave_out()
    assert [line.get("unlisted") for line in lines(path)] == [1, None]
    assert audit.unlisted == 2


def test_a_disk_that_refuses_stops_nothing_and_is_told(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.mkdir(parents=True)  # a folder is in the way
    audit = Audit(path)
    audit.start()
    audit.put(call("lost"))
    while not audit.unlisted:
        threading.Event().wait(0.01)
    path.rmdir()
    audit.put(call("kept"))
    audit.close()
    assert "cannot be written: Is a directory" in caplog.text
    gap, written = lines(path)
    assert (gap["unlisted"], written["who"]) == (1, "kept")


def test_two_servers_of_a_project_share_the_file(path: Path) -> None:
    audits = [Audit(path, size=2000, older=90) for _ in range(2)]
    for audit in audits:
        audit.start()
    for number in range(100):
        audits[number % 2].put(call(str(number)))
    for audit in audits:
        audit.close()
    written = [line["who"] for file in path.parent.glob("audit*") for line in lines(file)]
    assert sorted(written, key=int) == [str(number) for number in range(100)]
