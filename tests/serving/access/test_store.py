from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assay.errors import RecordRefused, UsageError
from assay.serving.access import store
from assay.serving.access.rates import Rate
from assay.serving.access.store import TokenStore
from assay.serving.access.tokens import Token, issue

if TYPE_CHECKING:
    from pathlib import Path

RATE = Rate(per_minute=600, burst=100)


def token(name: str, expires: datetime | None = None) -> Token:
    return issue(name, scopes=("infer",), models=("a", "b"), rate=RATE, expires=expires)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "serving/tokens.json"


def test_what_is_added_is_read_again_by_name(path: Path) -> None:
    kept = [token("b", datetime.now(UTC) + timedelta(days=1)), token("a")]
    for one in kept:
        store.add(one, path)
    assert store.read(path) == (kept[1], kept[0])


def test_the_owner_alone_can_read_the_file(path: Path) -> None:
    store.add(token("a"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.add(token("b"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_name_is_unique(path: Path) -> None:
    first = token("a")
    store.add(first, path)
    with pytest.raises(UsageError, match="there is a token of the name 'a'"):
        store.add(token("a"), path)
    assert store.read(path) == (first,)
    assert store.revoke("a", path) == first
    store.add(token("a"), path)


def test_only_what_is_there_is_revoked(path: Path) -> None:
    with pytest.raises(UsageError, match="there is no token of the name 'a'"):
        store.revoke("a", path)
    store.add(token("b"), path)
    with pytest.raises(UsageError, match="expected: one of: b"):
        store.revoke("a", path)


def test_no_two_commands_lose_each_others_tokens(path: Path) -> None:
    names = [f"n{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.add(token(name), path), names))
    assert {one.name for one in store.read(path)} == set(names)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2}', '{"tokens": [{"name": "assay_secret"}]}']
)
def test_a_file_that_is_no_list_of_tokens_is_refused_unquoted(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    for asking in (
        lambda: store.read(path),
        lambda: store.add(token("a"), path),
        lambda: store.revoke("a", path),
        lambda: TokenStore(path).find("0"),
    ):
        with pytest.raises(RecordRefused, match="cannot be read as a list of tokens") as refusal:
            asking()
        assert "secret" not in str(refusal.value)
    assert path.read_text() == content


def test_the_server_sees_each_change_without_a_restart(path: Path) -> None:
    seen = TokenStore(path)
    first, second = token("a"), token("b")
    assert seen.find(first.id) is None
    store.add(first, path)
    assert seen.find(first.id) == first
    store.add(second, path)
    assert seen.find(second.id) == second
    store.revoke("a", path)
    assert seen.find(first.id) is None
    assert seen.find(second.id) == second
    path.unlink()
    assert seen.find(second.id) is None


def test_a_file_that_breaks_lets_nobody_in_until_it_is_whole(path: Path) -> None:
    seen, one = TokenStore(path), token("a")
    store.add(one, path)
    assert seen.find(one.id) == one
    whole = path.read_text()
    path.write_text(whole[:-5])
    for _ in range(2):
        with pytest.raises(RecordRefused):
            seen.find(one.id)
    path.write_text(whole + "\n")
    assert seen.find(one.id) == one


def test_a_store_of_expired_tokens_is_empty(path: Path) -> None:
    seen = TokenStore(path)
    assert seen.is_empty()
    store.add(token("old", datetime.now(UTC) - timedelta(days=1)), path)
    assert seen.is_empty()
    store.add(token("new"), path)
    assert not seen.is_empty()
