"""The ledger of releases, ``releases/ledger.jsonl``: what was decided, when, and on what grounds.

Reads and writes that file, and ``.assay/ledger.head``: how much of it this folder has seen. Each
line is signed, and holds the SHA-256 of the line before: the signature of the last one vouches for
all. A line that was edited, dropped, moved or forged is found. Never changes a line.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assay.errors import LedgerRefused
from assay.files import read_json, write_json
from assay.gateways import signing, versioning
from assay.paths import LEDGER, SCRATCH
from assay.release.events import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.release.events import Event

HEAD = SCRATCH / "ledger.head"
KIND = "application/vnd.assay.ledger+json"
FIRST = "0" * 64
SIGNED = ("keyid", "sig")


@dataclass(frozen=True)
class Ledger:
    """The lines of a ledger whose chain holds, oldest first, and how the last one ends."""

    lines: tuple[bytes, ...]

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.lines)

    @property
    def head(self) -> str:
        """The SHA-256 of the last line."""
        return digest_of_line(self.lines[-1]) if self.lines else FIRST

    def of(self, model: str, *kinds: str) -> Iterator[Line]:
        """Yield the lines of one model, oldest first; of some kinds alone where these are named.

        Raises:
            LedgerRefused: a line is none of this version of Assay.

        """
        return self._parsed(self._places(model, kinds))

    def newest(self, model: str, *kinds: str) -> Iterator[Line]:
        """Yield the same lines, newest first: most questions are about the last few.

        Raises:
            LedgerRefused: a line is none of this version of Assay.

        """
        return self._parsed(reversed(self._places(model, kinds)))

    def count(self, model: str) -> int:
        """Return how many lines a model has."""
        return len(self._places(model, ()))

    def _places(self, model: str, kinds: Sequence[str]) -> list[int]:
        # By the bytes: a quote within a text stands there as \", so that no text looks like a key.
        mark = f'"model":{json.dumps(model)}'.encode()
        marks = [f'"kind":"{kind}"'.encode() for kind in kinds]
        return [
            place
            for place, line in enumerate(self.lines)
            if mark in line and (not marks or any(kind in line for kind in marks))
        ]

    def _parsed(self, places: Iterable[int]) -> Iterator[Line]:
        return (_parsed(place + 1, self.lines[place]) for place in places)


def read() -> Ledger:
    """Return the ledger, if its chain and its last signature hold.

    Raises:
        LedgerRefused: a line was edited, dropped, moved or forged.

    """
    ledger = _chained(_lines())
    if ledger.lines:
        _require_signed(len(ledger), ledger.lines[-1])
    _require_seen(ledger)
    return ledger


def verify_all() -> int:
    """Check the signature of every line, too; return how many lines there are.

    Raises:
        LedgerRefused: as :func:`read`.

    """
    ledger = read()
    for number, line in enumerate(ledger.lines, 1):
        _require_signed(number, line)
    return len(ledger)


def append(event: Event) -> Line:
    """Write one more line, signed, and return it. Call this under the project's lock.

    Raises:
        LedgerRefused: the ledger does not hold; nothing was written.
        MissingFile, SignatureRefused: there is no key to sign with; nothing was written.

    """
    ledger = read()
    line = line_of(len(ledger) + 1, ledger.head, event)
    _write(ledger, line)
    write_json(HEAD, {"lines": len(ledger) + 1, "sha256": digest_of_line(line)})
    return Line.model_validate_json(line)


def line_of(number: int, previous: str, event: Event, *, signed: bool = True) -> bytes:
    """Return a line, without its end; one that is not signed vouches for nothing.

    Raises:
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    content: dict[str, Any] = {
        "number": number,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "previous": previous,
        "event": event.model_dump(mode="json"),
    }
    keyid, signature = signing.sign(_bytes(content), KIND) if signed else ("", "")
    return _bytes(content | {"keyid": keyid, "sig": signature})


def digest_of_line(line: bytes) -> str:
    """Return what the next line holds of this one: its SHA-256, without the end."""
    return hashlib.sha256(line).hexdigest()


def _write(ledger: Ledger, line: bytes) -> None:
    """Add a line; what a power cut left of another one is cut off first."""
    LEDGER.parent.mkdir(parents=True, exist_ok=True)
    whole = sum(len(one) + 1 for one in ledger.lines)
    with LEDGER.open("ab") as stream:
        stream.truncate(whole)
        stream.write(line + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _lines() -> list[bytes]:
    """Return the whole lines; one without an end was never written to its end."""
    if not LEDGER.is_file():
        return []
    return LEDGER.read_bytes().split(b"\n")[:-1]


def _chained(lines: Sequence[bytes]) -> Ledger:
    # By the bytes, which are in one form alone: parsing thousands of lines would take a second.
    previous = FIRST
    for number, line in enumerate(lines, 1):
        place = f'"number":{number},"previous":"{previous}"'.encode()
        if place not in line:
            raise _refused(number, "it does not follow the line before")
        previous = digest_of_line(line)
    return Ledger(tuple(lines))


def _require_signed(number: int, line: bytes) -> None:
    try:
        content = json.loads(line)
        keyid, signature = (content.pop(name) for name in SIGNED)
    except (ValueError, KeyError, AttributeError) as problem:
        raise _refused(number, "it is no signed entry") from problem
    signing.verify(_bytes(content), KIND, keyid, signature, f"line {number} of {LEDGER}")


def _require_seen(ledger: Ledger) -> None:
    """Hold the ledger against what this folder saw of it, unless git itself holds what is there."""
    if not HEAD.is_file():
        return
    seen = read_json(HEAD)
    count = int(seen["lines"])
    if len(ledger) >= count and (
        not count or digest_of_line(ledger.lines[count - 1]) == seen["sha256"]
    ):
        return
    if versioning.is_committed(LEDGER):
        return  # an earlier commit, or another branch, was checked out
    raise LedgerRefused(
        f"{LEDGER} lacks lines that this folder has seen: it had {count}, and has {len(ledger)}",
        expected="every line that was ever written, in its order",
        cure=f"git log -p {LEDGER} shows what was there; git checkout {LEDGER} restores it",
    )


def _parsed(number: int, line: bytes) -> Line:
    try:
        return Line.model_validate_json(line)
    except ValidationError as problem:
        raise _refused(number, "it is no entry of this version of Assay") from problem


def _refused(number: int, why: str) -> LedgerRefused:
    return LedgerRefused(
        f"line {number} of {LEDGER} is refused: {why}",
        expected="lines added at the end alone, each with the digest of the one before",
        cure=f"git log -p {LEDGER} shows who changed it; git checkout {LEDGER} restores it",
    )


def _bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
