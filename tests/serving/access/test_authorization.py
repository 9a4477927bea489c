"""Who gets in: no token, wrong ones, wrong scopes and models, too often, guessing at speed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from assay.serving.access import store
from assay.serving.access.authorization import ADDRESSES, Access
from assay.serving.access.callers import caller_of
from assay.serving.access.faults import Faults
from assay.serving.access.rates import Rate
from assay.serving.access.store import TokenStore
from assay.serving.access.tokens import issue
from tests.serving.access.asked import Answer, ask, asking, scope

if TYPE_CHECKING:
    from pathlib import Path

    from assay.asgi import Receive, Scope, Send

NOW = datetime.now(UTC)
OFTEN = Rate(per_minute=60_000, burst=1000)
FAILURES = Rate(per_minute=6, burst=3)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def routes(scope: Scope, receive: Receive, send: Send) -> None:
    """Act as routes do: ``/models/NAME`` wants a model, ``/admin`` an administrator."""
    caller, (_, first, *rest) = caller_of(scope), scope["path"].split("/")
    if first == "models":
        caller.require_model(rest[0])
    if first == "admin":
        caller.require_admin()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": caller.name.encode()})


class Server:
    """The routes behind the middleware, and a file of tokens."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, Clock()
        access = Access(routes, TokenStore(path), failures=FAILURES, clock=self.clock)
        self.application = Faults(access)

    def add(self, name: str, **changes: Any) -> str:
        how = {"scopes": ("infer",), "models": None, "rate": OFTEN, "expires": None, **changes}
        kept, token = issue(name, **how)
        store.add(kept, self.path)
        return token

    def ask(self, token: str | None, path: str = "/", **how: Any) -> Answer:
        headers = [] if token is None else [("authorization", f"Bearer {token}")]
        return ask(self.application, path, *headers, **how)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "tokens.json")


def wrong(token: str) -> str:
    """Return a token with the same id and another secret."""
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def test_a_good_token_gets_in_under_its_name(server: Server) -> None:
    token = server.add("shop")
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = ask(server.application, "/", ("authorization", f"{scheme} {token}"))
        assert (answer.status, answer.body) == (200, b"shop")


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "DELETE"])
def test_no_token_is_401_and_says_what_is_wanted(server: Server, method: str) -> None:
    answer = server.ask(None, method=method)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.error == "this server wants a token: Authorization: Bearer assay_…"


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Basic dTpw", "{}", "Token {}", "é"])
def test_what_is_no_bearer_token_is_401(server: Server, shown: str) -> None:
    token = server.add("shop")
    answer = ask(server.application, "/", ("authorization", shown.format(token)))
    assert answer.status == 401


def test_two_tokens_are_none(server: Server) -> None:
    shown = ("authorization", f"Bearer {server.add('shop')}")
    assert ask(server.application, "/", shown, shown).status == 401


def test_an_unknown_token_and_a_wrong_secret_are_401_alike(server: Server) -> None:
    token = server.add("shop")
    unknown = issue("x", scopes=("infer",), models=None, rate=OFTEN, expires=None)[1]
    answers = [server.ask(shown) for shown in (unknown, wrong(token), "assay_", token + "a")]
    assert {answer.status for answer in answers} == {401}
    assert {answer.error for answer in answers} == {"this token is unknown, or was revoked"}


def test_an_expired_token_is_401_and_told_so_only_with_the_right_secret(server: Server) -> None:
    token = server.add("shop", expires=NOW - timedelta(seconds=1))
    answer = server.ask(token)
    assert (answer.status, answer.error) == (401, "this token has expired")
    assert server.ask(wrong(token)).error == "this token is unknown, or was revoked"
    assert server.ask(server.add("other", expires=NOW + timedelta(hours=1))).status == 200


def test_a_revoked_token_is_401_at_once_and_a_new_one_good_at_once(server: Server) -> None:
    token = server.add("shop")
    assert server.ask(token).status == 200
    store.revoke("shop", server.path)
    assert server.ask(token).status == 401
    assert server.ask(server.add("shop")).status == 200


def test_a_wrong_model_is_403_whether_there_is_one_or_not(server: Server) -> None:
    token = server.add("shop", models=("opinions",))
    assert server.ask(token, "/models/opinions").status == 200
    answer = server.ask(token, "/models/fashion")
    assert (answer.status, answer.error) == (403, "this token is not for the model 'fashion'")
    assert server.ask(server.add("all"), "/models/fashion").status == 200
    assert server.ask(server.add("none", models=()), "/models/opinions").status == 403


def test_a_wrong_scope_is_403(server: Server) -> None:
    infers = server.add("infers")
    administers = server.add("administers", scopes=("admin",))
    assert server.ask(infers, "/admin").status == 403
    assert "scope admin" in server.ask(infers, "/admin").error
    assert server.ask(administers, "/models/opinions").status == 403
    assert "scope infer" in server.ask(administers, "/models/opinions").error
    assert server.ask(administers, "/admin").status == 200
    both = server.add("both", scopes=("infer", "admin"))
    assert [server.ask(both, path).status for path in ("/admin", "/models/a")] == [200, 200]


def test_probes_need_no_token_and_may_do_nothing(server: Server) -> None:
    for path in ("/v2/health/live", "/v2/health/ready"):
        answer = server.ask(None, path, method="GET")
        assert (answer.status, answer.body) == (200, b"")
        caller = caller_of(answer.scope)
        assert not caller.scopes
        assert not caller.may_ask("opinions")
    assert server.ask(None, path, method="POST").status == 401
    assert server.ask(None, f"{path}/", method="GET").status == 401


def test_past_its_rate_a_token_gets_429_and_the_time_to_wait(server: Server) -> None:
    token = server.add("slow", rate=Rate(per_minute=4, burst=2))
    assert [server.ask(token).status for _ in range(3)] == [200, 200, 429]
    answer = server.ask(token)
    assert answer.headers["retry-after"] == "15"
    assert answer.error == "this token is good for 4 requests a minute, 2 at once"
    assert server.ask(server.add("other")).status == 200
    server.clock.now += 15
    assert [server.ask(token).status for _ in range(2)] == [200, 429]


def test_guessing_at_a_secret_is_limited_and_then_no_guess_is_looked_at(server: Server) -> None:
    token = server.add("shop")
    guessed = [server.ask(wrong(token)) for _ in range(5)]
    assert [answer.status for answer in guessed] == [401, 401, 401, 429, 429]
    assert guessed[-1].headers["retry-after"] == "10"
    # Not even the right one: else a guess would be told from a hit.
    assert server.ask(token).status == 429
    assert server.ask(token, client=("10.0.0.9", 1)).status == 200
    server.clock.now += 10
    assert server.ask(token).status == 200


def test_whoever_sends_nonsense_is_limited_and_locks_no_neighbour_out(server: Server) -> None:
    token = server.add("shop")
    sent: list[str | None] = [None, "nonsense", *(f"assay_{n:016x}_{'a' * 43}" for n in range(4))]
    assert [server.ask(shown).status for shown in sent] == [401, 401, 401, 429, 429, 429]
    assert server.ask(token).status == 200


def test_an_ipv6_client_has_one_limit_for_all_of_its_network(server: Server) -> None:
    statuses = [server.ask(None, client=(f"2001:db8::{n:x}", 1)).status for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert server.ask(None, client=("2001:db8:0:1::1", 1)).status == 401
    mapped = [server.ask(None, client=(f"::ffff:10.0.0.{n}", 1)).status for n in range(5)]
    assert mapped == [401] * 5
    assert server.ask(None, client=None).status == 401
    assert server.ask(None, client=("fe80::1%eth0", 1)).status == 401


def test_failures_take_bounded_memory(tmp_path: Path) -> None:
    access = Access(routes, TokenStore(tmp_path / "tokens.json"), failures=FAILURES)
    application = Faults(access)

    async def flooded() -> set[int]:
        clients = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(ADDRESSES + 500))
        asked = (scope("/", client=(client, 1)) for client in clients)
        return {(await asking(application, one, [b""])).status for one in asked}

    assert asyncio.run(flooded()) == {401}
    assert len(access._failures) == ADDRESSES


def test_a_broken_file_of_tokens_is_503_and_quoted_nowhere(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    token = server.add("shop")
    server.path.write_text(f'{{"tokens": ["{token}"]}}')
    answer = server.ask(token)
    assert (answer.status, answer.error) == (503, "the server cannot read its list of tokens")
    assert "cannot be read as a list of tokens" in caplog.text
    assert token not in caplog.text


def test_no_refusal_or_log_holds_a_token(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    token = server.add("shop", models=(), rate=Rate(per_minute=1, burst=1))
    answers = [server.ask(shown, "/models/a") for shown in (token, token, wrong(token), token[:-1])]
    assert [answer.status for answer in answers] == [403, 429, 401, 401]
    told = caplog.text + str([(answer.headers, answer.body) for answer in answers])
    assert token.split("_", 2)[2][:10] not in told


def test_without_a_store_whoever_is_on_this_machine_may_do_all() -> None:
    application = Access(routes, None)
    for path in ("/", "/models/opinions", "/admin"):
        answer = ask(application, path)
        assert (answer.status, answer.body) == (200, b"")
