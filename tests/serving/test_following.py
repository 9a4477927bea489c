from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from assay.paths import LEDGER
from assay.serving import following
from assay.serving.following import Follower, stamp

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose ledger a test writes."""
    monkeypatch.chdir(tmp_path)
    LEDGER.parent.mkdir(parents=True)


class Acts:
    """Counts how often it was called; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.count, self._failures = 0, failures

    async def __call__(self) -> None:
        self.count += 1
        if self.count <= self._failures:
            raise OSError("the disk does not answer")


def write(lines: int) -> None:
    LEDGER.write_text("{}\n" * lines)


async def until(acts: Acts, count: int) -> None:
    async with asyncio.timeout(20):
        while acts.count < count:
            await asyncio.sleep(0.01)


def test_it_acts_once_for_each_change() -> None:
    acts = Acts()
    follower = Follower(acts)

    async def looks() -> None:
        await follower.look()
        await follower.look()

    asyncio.run(looks())
    assert acts.count == 1
    write(1)
    asyncio.run(looks())
    assert acts.count == 2


def test_what_was_seen_before_is_no_change() -> None:
    write(1)
    acts = Acts()
    asyncio.run(Follower(acts, seen=stamp()).look())
    assert acts.count == 0


def test_a_look_that_failed_is_repeated_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "POLL", 0.01)
    monkeypatch.setattr(following, "AFTER_FAILURE", 0.02)
    acts = Acts(failures=2)

    async def follow() -> None:
        async with Follower(acts).following():
            await until(acts, 3)
            write(1)
            await until(acts, 4)
        write(2)
        await asyncio.sleep(0.1)

    asyncio.run(follow())
    assert capsys.readouterr().err.count("can't be looked up: OSError") == 2
    assert acts.count == 4
