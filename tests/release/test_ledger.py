"""A line of the ledger that was edited, dropped, moved or forged is found."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from assay.errors import LedgerRefused, MissingFile, SignatureRefused
from assay.gateways import signing
from assay.paths import LEDGER
from assay.release import ledger
from assay.release.events import Rollback

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a new folder, with a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_SIGNING_KEY", raising=False)
    signing.make_key()


def event(number: int, model: str = "tiny") -> Rollback:
    return Rollback(model=model, version=number, replaced=number + 1, reason='a "quote" and 中文')


@pytest.fixture
def five() -> list[bytes]:
    """A ledger of five lines, and its lines."""
    for number in range(1, 6):
        ledger.append(event(number))
    return LEDGER.read_bytes().splitlines(keepends=True)


def test_what_was_appended_is_read_in_its_order(five: list[bytes]) -> None:
    ledger.append(event(9, "other"))
    known = ledger.read()
    assert len(known) == 6
    lines = list(known.of("tiny"))
    assert [line.event for line in lines] == [event(number) for number in range(1, 6)]
    assert [line.number for line in lines] == [1, 2, 3, 4, 5]
    assert [line.version for line in known.of("other", "rollback")] == [9]
    assert list(known.of("tiny", "promotion")) == []


def test_no_ledger_is_an_empty_one() -> None:
    assert len(ledger.read()) == 0
    assert ledger.read().head == ledger.FIRST


def _edited(lines: list[bytes]) -> list[bytes]:
    return [*lines[:1], lines[1].replace(b'"version":2', b'"version":7'), *lines[2:]]


def _last_edited(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[4].replace(b'"version":5', b'"version":7')]


def _dropped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], *lines[3:]]


def _last_dropped(lines: list[bytes]) -> list[bytes]:
    return lines[:4]


def _moved(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[4]]


def _nonsense(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"nonsense\n"]


@pytest.mark.parametrize(
    "attack", [_edited, _last_edited, _dropped, _last_dropped, _moved, _doubled, _nonsense]
)
def test_an_attack_is_found(
    five: list[bytes], attack: Callable[[list[bytes]], list[bytes]]
) -> None:
    LEDGER.write_bytes(b"".join(attack(five)))
    with pytest.raises((LedgerRefused, SignatureRefused)) as found:
        ledger.read()
    assert LEDGER.as_posix() in found.value.found
    with pytest.raises((LedgerRefused, SignatureRefused)):
        ledger.append(event(6))


def test_a_chain_that_was_forged_to_its_end_lacks_a_signature(
    five: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LEDGER.unlink()
    ledger.HEAD.unlink()
    monkeypatch.setenv("ASSAY_SIGNING_KEY", str(tmp_path / "other.pem"))
    public = signing.make_key()
    for number in (1, 2, 4, 5, 6):
        ledger.append(event(number))
    public.unlink()
    ledger.HEAD.unlink()
    with pytest.raises(SignatureRefused, match=r"line 5 of .* which is not trusted"):
        ledger.read()


def test_a_bad_signature_within_is_found_when_all_are_checked(five: list[bytes]) -> None:
    assert ledger.verify_all() == 5
    (key,) = signing.trusted().values()
    key.write_bytes(key.read_bytes().replace(b"\n-----END", b" \n-----END"))
    with pytest.raises(SignatureRefused):
        ledger.verify_all()


def test_a_line_without_an_end_was_never_written(five: list[bytes]) -> None:
    LEDGER.write_bytes(b"".join(five) + five[0][:50])
    assert len(ledger.read()) == 5
    ledger.append(event(6))
    assert [line.version for line in ledger.read().of("tiny")] == [1, 2, 3, 4, 5, 6]
    assert LEDGER.read_bytes().startswith(b"".join(five))


def test_without_a_key_nothing_is_written(five: list[bytes]) -> None:
    signing.private_key().unlink()
    with pytest.raises(MissingFile, match="no key"):
        ledger.append(event(6))
    assert LEDGER.read_bytes() == b"".join(five)


def test_an_earlier_commit_may_be_checked_out(five: list[bytes]) -> None:
    def git(*words: str) -> None:
        own = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org"}
        own |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
        subprocess.run(["git", *words], check=True, capture_output=True, env=os.environ | own)

    git("init", "-q")
    git("add", "releases")
    git("commit", "-qm", "five lines")
    ledger.append(event(6))
    git("commit", "-qam", "six lines")
    git("checkout", "-q", "HEAD~1")
    assert len(ledger.read()) == 5
    LEDGER.write_bytes(b"".join(five[:4]))
    with pytest.raises(LedgerRefused, match="lacks lines that this folder has seen"):
        ledger.read()


def test_each_line_is_plain_json_with_its_time_and_signer(five: list[bytes]) -> None:
    content = json.loads(five[2])
    assert content["number"] == 3
    assert content["event"]["reason"] == 'a "quote" and 中文'
    assert content["time"].endswith("+00:00")
    assert content["keyid"] == signing.own_keyid()
