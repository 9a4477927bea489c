"""How long a long ledger takes: its chain and signature, the champion, and the history.

Writes a ledger of its own into a temporary folder, and nothing else.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from assay.gateways import signing
from assay.paths import LEDGER
from assay.release import champion, ledger
from assay.release.events import Promotion
from assay.verdicts import Rule, Verdict
from bench import tables
from bench.measure import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODEL = "opinions"
RULES = 12
SHOWN = 50  # entries that `assay history` prints


def measure(entries: int, rounds: int) -> str:
    """Return the table, on a ledger of so many entries."""
    with _ledger(entries):
        size = LEDGER.stat().st_size / 1e6
        read = ledger.read()
        asked: dict[str, Callable[[], object]] = {
            "read it, its chain and its last signature": ledger.read,
            "find the champion": lambda: champion.version_of(read, MODEL),
            f"the last {SHOWN} entries of a model": lambda: list(islice(read.newest(MODEL), SHOWN)),
        }
        lines = [
            [name, str(Spread.of([_seconds(run) for _ in range(rounds)]))]
            for name, run in asked.items()
        ]
    what = f"seconds, a ledger of {entries:,} promotions ({size:.0f} MB); {rounds} rounds"
    return tables.markdown([what, "median (least–greatest)"], lines)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@contextmanager
def _ledger(entries: int) -> Iterator[None]:
    """Work in a temporary folder with a key and a ledger, whose last line alone is signed."""
    home = os.getcwd()  # noqa: PTH109
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            signing.make_key()
            LEDGER.parent.mkdir(parents=True, exist_ok=True)
            LEDGER.write_bytes(b"".join(_lines(entries)))
            yield
        finally:
            os.chdir(home)


def _lines(entries: int) -> Iterator[bytes]:
    rules = tuple(
        Rule(name=f"rule_{place}", title="a rule", passed=True, found="x" * 80, required="y" * 60)
        for place in range(RULES)
    )
    verdict = Verdict(policy="not_worse", champion=1, rules=rules)
    previous = ledger.FIRST
    for number in range(1, entries + 1):
        event = Promotion(
            model=MODEL,
            version=number,
            bundle="a" * 64,
            weights="b" * 64,
            certificate="c" * 64,
            tested="d" * 32,
            verdict=verdict,
        )
        line = ledger.line_of(number, previous, event, signed=number == entries)
        previous = ledger.digest_of_line(line)
        yield line + b"\n"
