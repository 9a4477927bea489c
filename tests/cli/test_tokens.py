from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from assay.paths import PARAMS, PIPELINE, TOKENS
from assay.serving.access import store
from assay.serving.access.store import TokenStore
from assay.serving.access.tokens import parts
from tests.cli.command import assay
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (PARAMS, PIPELINE):
        shutil.copyfile(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def added(*words: str) -> dict[str, Any]:
    answer = assay("tokens", "add", *words, "--json")
    assert answer.code == 0, answer.out + answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def test_a_token_is_printed_alone_and_kept_nowhere() -> None:
    answer = assay("tokens", "add", "shop")
    assert answer.code == 0
    token = answer.out.removesuffix("\n")
    found = parts(token)
    assert found is not None
    known = TokenStore().find(found[0])
    assert known is not None
    assert known.matches(found[1])
    assert "shop: infer, models: all, 600 a minute (100 at once), until " in answer.err
    assert found[1] not in answer.err
    assert found[1] not in TOKENS.read_text()
    assert found[1] not in assay("tokens", "list").out + assay("tokens", "list", "--json").out


def test_what_was_asked_for_is_what_is_kept() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = added(
        *("shop", "--models", "opinions, opinions", "--rate", "30", "--burst", "7"),
        *("--scope", "admin", "--scope", "infer", "--expires", "90d"),
    )
    (kept,) = store.read()
    assert answer["token"].startswith(f"assay_{kept.id}_")
    assert kept.models == ("opinions",)
    assert (kept.rate.per_minute, kept.rate.burst) == (30, 7)
    assert kept.scopes == ("infer", "admin")
    assert kept.expires is not None
    assert timedelta(days=90) <= kept.expires - before <= timedelta(days=90, minutes=5)
    assert {"salt", "digest"}.isdisjoint(answer)
    assert answer["expired"] is False


@pytest.mark.parametrize(
    ("words", "hours"), [("12h", 12), ("2d", 48), ("1w", 168), ("never", None)]
)
def test_a_token_expires_when_it_was_said(words: str, hours: int | None) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    added("shop", "--expires", words)
    (kept,) = store.read()
    if hours is None:
        assert kept.expires is None
    else:
        assert kept.expires is not None
        assert timedelta(0) <= kept.expires - before - timedelta(hours=hours) < timedelta(minutes=5)


@pytest.mark.parametrize(("rate", "burst"), [("1", 1), ("6", 1), ("60", 10), ("6000", 1000)])
def test_a_burst_is_ten_seconds_of_the_rate(rate: str, burst: int) -> None:
    assert added("shop", "--rate", rate)["rate"]["burst"] == burst


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("a b",), "'a b' is no name for a client"),
        (("",), "'' is no name"),
        (("a" * 65,), "is no name"),
        (("\x1b[2J",), "is no name"),
        (("shop", "--expires", "soon"), "'soon' is no length of time"),
        (("shop", "--expires", "0d"), "'0d' is no length of time"),
        (("shop", "--expires", "-1d"), "'-1d' is no length of time"),
        (("shop", "--models", "opinion"), "opinion"),
        (("shop", "--models", "opinions,"), "there is no model ''"),
        (("shop", "--rate", "0"), "--rate"),
        (("shop", "--scope", "root"), "--scope"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_kept(words: tuple[str, ...], found: str) -> None:
    answer = assay("tokens", "add", *words)
    assert (answer.code, answer.out) == (2, "")
    assert found in answer.err
    assert store.read() == ()


def test_a_name_is_taken_once() -> None:
    added("shop")
    answer = assay("tokens", "add", "shop")
    assert answer.code == 2
    assert "choose another name, or assay tokens revoke shop" in answer.err


def test_the_list_says_who_may_do_what_until_when() -> None:
    assert "next: assay tokens add NAME" in assay("tokens", "list").out
    added("shop", "--models", "opinions", "--expires", "never")
    added("app", "--scope", "admin", "--expires", "1h")
    first, second = assay("tokens", "list").out.splitlines()
    assert first.split()[:5] == ["app", "admin", "all", "600", "a"]
    assert "until " in first
    assert second.split()[:3] == ["shop", "infer", "opinions"]
    assert second.endswith("does not expire")
    listed = json.loads(assay("tokens", "list", "--json").out)["tokens"]
    assert [token["name"] for token in listed] == ["app", "shop"]
    assert {"salt", "digest", "token"}.isdisjoint(listed[0])


def test_what_has_expired_is_shown_as_such() -> None:
    added("shop", "--expires", "1h")
    past = str(datetime.now(UTC).year - 1)
    year = json.loads(TOKENS.read_text())["tokens"][0]["expires"][:4]
    TOKENS.write_text(TOKENS.read_text().replace(f'"expires": "{year}', f'"expires": "{past}'))
    assert f"expired {past}-" in assay("tokens", "list").out
    assert json.loads(assay("tokens", "list", "--json").out)["tokens"][0]["expired"] is True


def test_a_revoked_token_is_gone() -> None:
    id_ = added("shop")["id"]
    added("app")
    seen = TokenStore()
    assert seen.find(id_) is not None
    answer = assay("tokens", "revoke", "shop")
    assert (answer.code, answer.out) == (
        0,
        "shop: the token is revoked, from the next request on\n",
    )
    assert seen.find(id_) is None
    assert [one.name for one in store.read()] == ["app"]
    again = assay("tokens", "revoke", "shop", "--json")
    assert again.code == 2
    assert json.loads(again.out)["expected"] == "one of: app"


def test_outside_a_project_nothing_is_written(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path_factory.mktemp("nowhere")
    monkeypatch.chdir(nowhere)
    for words in (("add", "shop"), ("list",), ("revoke", "shop")):
        answer = assay("tokens", *words)
        assert answer.code == 2
        assert "change into the folder that you cloned" in answer.err
    assert list(nowhere.iterdir()) == []
