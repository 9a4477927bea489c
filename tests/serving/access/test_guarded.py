from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from assay.errors import UsageError
from assay.serving.access import exposure, store, tokens
from assay.serving.access.audit import Audit
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import Guard, guard_of, guarded
from assay.serving.access.rates import Rate
from assay.serving.server import Address
from tests.serving.access.asked import Reached, ask

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = "0.0.0.0"  # noqa: S104 (nothing is opened)
HOST = ("host", "localhost")
LARGE = ("content-length", "9")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def issue() -> str:
    rate = Rate(per_minute=600, burst=100)
    kept, shown = tokens.issue("ann", scopes=("infer",), models=None, rate=rate, expires=None)
    store.add(kept)
    return shown


def test_without_tokens_this_machine_alone_may_ask(capsys: pytest.CaptureFixture[str]) -> None:
    guard = guard_of(Address(port=80))
    assert guard.store is None
    assert guard.names.refusal({"headers": [(b"host", b"localhost")]}) is None
    assert not capsys.readouterr().err
    with pytest.raises(UsageError, match="no client has a token"):
        guard_of(Address(EVERYWHERE))


def test_with_tokens_other_machines_may_and_what_is_unencrypted_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    issue()
    guard = guard_of(Address(EVERYWHERE, 80, names=("models.example",)))
    assert guard.store is not None
    assert guard.names.refusal({"headers": [(b"host", b"models.example")]}) is None
    assert guard.names.refusal({"headers": [(b"host", b"evil.example")]})
    assert "unencrypted" in capsys.readouterr().err


def test_the_checks_come_in_order_and_each_refusal_is_an_answer_that_is_recorded(
    tmp_path: Path,
) -> None:
    bearer = ("authorization", f"Bearer {issue()}")
    reached, record = Reached(), tmp_path / "audit.jsonl"
    guard = Guard(exposure.names("127.0.0.1", 80), Audit(record), store.TokenStore())
    guard.audit.start()
    app = guarded(reached, guard, Bounds(size=8), ["/open"])
    foreign = ("host", "evil.example")
    answers = [
        ask(app, "/a", foreign, LARGE),
        ask(app, "/a", HOST, LARGE),
        ask(app, "/a", HOST, bearer, LARGE),
    ]
    assert [answer.status for answer in answers] == [403, 401, 413]
    assert all("content-security-policy" in answer.headers for answer in answers)
    assert not reached.scopes
    assert ask(app, "/a", HOST, bearer).status == 200
    assert ask(app, "/open", HOST, method="GET").status == 200
    assert len(reached.scopes) == 2
    guard.audit.close()
    kept = [orjson.loads(line) for line in record.read_bytes().splitlines()]
    assert [line["status"] for line in kept if "status" in line] == [403, 401, 413, 200, 200]
