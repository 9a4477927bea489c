from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sql

from assay.applications.customer_service import sessions as kept
from assay.applications.customer_service.sessions import Sessions
from assay.applications.customer_service.tables import METADATA, open_database
from assay.applications.customer_service.turn import State
from assay.serving.refusals import BadRequest, Conflict, NotFound, TooMany
from tests.applications.customer_service.turns import turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A database of somebody's, e.g. postgresql+psycopg://postgres@127.0.0.1:5499/postgres: its tables
# are dropped.
OTHER = "ASSAY_TEST_DATABASE"
STATE = State(language="en", angry=1, options=("returns", "refunds"), unclear=2)


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", OTHER])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sql.Engine]:
    url = os.environ.get(OTHER)
    if request.param == OTHER and url is None:
        pytest.skip(f"{OTHER} names no other database")
    found = open_database(url if request.param == OTHER else None, tmp_path / "sessions.db")
    METADATA.drop_all(found)
    METADATA.create_all(found)
    yield found
    found.dispose()


@pytest.fixture
def make(database: sql.Engine, clock: Clock) -> Callable[..., Sessions]:
    return lambda **given: Sessions(database, now=clock, **given)


def test_a_conversation_is_remembered_from_turn_to_turn(make: Callable[..., Sessions]) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn("first"), STATE)
    resumed = make().resume(begun.id)
    assert (resumed.turns, resumed.state) == (1, STATE)
    sessions.add(resumed, turn("second", handed=True), State())
    entries = make().entries(begun.id)
    assert [one.place for one in entries] == [0, 1]
    assert [one.turn for one in entries] == [turn("first"), turn("second", handed=True)]


def test_ids_are_long_differ_and_stand_nowhere(
    make: Callable[..., Sessions], database: sql.Engine
) -> None:
    ids = {make().begin().id for _ in range(1000)}
    assert len(ids) == 1000
    assert min(map(len, ids)) == 32  # letters of six bits each: 192 bits
    begun = make().begin()
    make().add(begun, turn(), STATE)
    with database.connect() as connection:
        rows = [connection.execute(sql.select(table)).all() for table in METADATA.sorted_tables]
    assert all(rows)
    assert begun.id not in repr(rows)


def test_personal_data_never_reaches_the_database(
    make: Callable[..., Sessions], tmp_path: Path
) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn("write to ann.lee@example.org"), STATE)
    assert sessions.entries(begun.id)[0].turn.understanding.text_masked == "write to [e-mail]"
    assert all(b"ann.lee" not in file.read_bytes() for file in tmp_path.iterdir())


def test_an_expired_conversation_is_not_found_and_then_purged(
    make: Callable[..., Sessions], clock: Clock
) -> None:
    sessions = make(expiry_s=60)
    old, young = sessions.begin(), sessions.begin()
    sessions.add(old, turn(), STATE)
    clock.now += 59
    sessions.add(young, turn(), STATE)
    assert sessions.resume(old.id).turns == 1
    clock.now += 1
    for ask in (sessions.resume, sessions.entries, sessions.delete):
        with pytest.raises(NotFound, match="expired"):
            ask(old.id)
    assert sessions.purge() == 1
    assert sessions.purge() == 0
    assert sessions.resume(young.id).turns == 1


def test_what_has_expired_goes_when_others_are_stored(
    make: Callable[..., Sessions], clock: Clock, database: sql.Engine
) -> None:
    sessions = make(expiry_s=60)
    sessions.add(sessions.begin(), turn("long ago"), STATE)
    clock.now += kept.PURGE_EVERY_S
    sessions.add(sessions.begin(), turn("today"), STATE)
    with database.connect() as connection:
        rows = [
            repr(connection.execute(sql.select(table)).all()) for table in METADATA.sorted_tables
        ]
    assert "today" in "".join(rows)
    assert "long ago" not in "".join(rows)


def test_what_is_deleted_is_gone_from_the_file(
    make: Callable[..., Sessions], tmp_path: Path
) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn("a secret wish"), STATE)
    sessions.delete(begun.id)
    with pytest.raises(NotFound):
        sessions.entries(begun.id)
    with pytest.raises(NotFound):
        sessions.delete(begun.id)
    assert all(b"a secret wish" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_conversation_that_was_deleted_meanwhile_does_not_go_on(
    make: Callable[..., Sessions],
) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    resumed = sessions.resume(begun.id)
    sessions.delete(begun.id)
    with pytest.raises(Conflict):
        sessions.add(resumed, turn(), STATE)


def test_of_two_messages_at_once_one_is_stored(make: Callable[..., Sessions]) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    resumed = sessions.resume(begun.id)

    def add(text: str) -> bool:
        try:
            sessions.add(resumed, turn(text), STATE)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(add, "abcdefgh"))
    assert stored.count(True) == 1
    assert len(sessions.entries(begun.id)) == 2


def test_a_conversation_has_an_end(
    make: Callable[..., Sessions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_TURNS", 2)
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    sessions.add(sessions.resume(begun.id), turn(), STATE)
    with pytest.raises(BadRequest, match="begin a new one"):
        sessions.add(sessions.resume(begun.id), turn(), STATE)


def test_there_are_only_so_many_conversations(make: Callable[..., Sessions]) -> None:
    sessions = make(most=2)
    begun = [sessions.begin() for _ in range(3)]
    for one in begun[:2]:
        sessions.add(one, turn(), STATE)
    with pytest.raises(TooMany):
        sessions.add(begun[2], turn(), STATE)
    sessions.add(sessions.resume(begun[0].id), turn(), STATE)


def test_a_customer_may_change_their_mind(make: Callable[..., Sessions]) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    sessions.rate(begun.id, 0, "up")
    sessions.rate(begun.id, 0, "down")
    assert sessions.entries(begun.id)[0].customer == "down"
    with pytest.raises(NotFound, match="no message 1"):
        sessions.rate(begun.id, 1, "up")


def test_an_agent_judges_a_turn_once(make: Callable[..., Sessions]) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    with sessions.judging(begun.id, 0, "down", "refund") as entry:
        assert entry.label == "refund"
    with pytest.raises(Conflict, match="judged already"), sessions.judging(begun.id, 0, "up", None):
        pass
    found = sessions.entries(begun.id)[0]
    assert (found.customer, found.agent, found.label) == (None, "down", "refund")


def test_a_judgement_that_could_not_be_learned_from_may_be_given_again(
    make: Callable[..., Sessions],
) -> None:
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    with pytest.raises(OSError), sessions.judging(begun.id, 0, "down", "refund"):
        raise OSError("the disk is full")
    assert sessions.entries(begun.id)[0].agent is None
    with sessions.judging(begun.id, 0, "down", "refund"):
        pass


def test_one_conversation_gives_only_so_many_judgements(
    make: Callable[..., Sessions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_CORRECTIONS", 1)
    sessions = make()
    begun = sessions.begin()
    sessions.add(begun, turn(), STATE)
    sessions.add(sessions.resume(begun.id), turn(), STATE)
    with sessions.judging(begun.id, 0, "up", None):
        pass
    with pytest.raises(TooMany), sessions.judging(begun.id, 1, "up", None):
        pass


def test_the_file_that_a_killed_process_leaves_is_whole(tmp_path: Path) -> None:
    """Not the sessions alone: SQLite's journal is rolled back by whoever opens the file next."""
    program = (
        "import os, sys, pathlib\n"
        "from assay.applications.customer_service.tables import open_database, TURNS\n"
        "from assay.applications.customer_service.sessions import Sessions\n"
        "from tests.applications.customer_service.test_sessions import STATE, turn\n"
        "engine = open_database(file=pathlib.Path(sys.argv[1]))\n"
        "sessions = Sessions(engine)\n"
        "begun = sessions.begin(); sessions.add(begun, turn(), STATE)\n"
        "print(begun.id, flush=True)\n"
        "connection = engine.connect(); connection.execute(TURNS.delete()); os._exit(9)\n"
    )
    file = tmp_path / "sessions.db"
    words = [sys.executable, "-c", program, str(file)]
    killed = subprocess.run(words, capture_output=True, text=True, check=False)
    assert killed.returncode == 9, killed.stderr
    assert len(Sessions(open_database(file=file)).entries(killed.stdout.strip())) == 1
