"""Conversations between their turns: kept for a while, in SQLite or in another database.

Reads and writes the database that it is given (``tables``). Keeps masked texts only, whatever it
is handed. An id is 192 random bits, and stands in no table; a conversation ends a day after its
last message, or when it is deleted, and what was said in it is then gone from the database.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from assay.applications.customer_service import codec
from assay.applications.customer_service.tables import CONVERSATIONS, TURNS
from assay.applications.customer_service.turn import State
from assay.personal import masked
from assay.serving.refusals import BadRequest, Conflict, NotFound, TooMany

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.applications.customer_service.turn import Turn

ID_BYTES = 24
EXPIRY_S = 24 * 3600.0
PURGE_EVERY_S = 60.0
BATCH = 500  # conversations in one command: databases bound its length
MOST_TURNS = 200  # of one conversation
MOST_CONVERSATIONS = 100_000  # at one time
MOST_CORRECTIONS = 20  # of one conversation

Verdict = Literal["up", "down"]


@dataclass(frozen=True)
class Session:
    """A conversation as the next turn needs it; ``turns`` were had, ``state`` is remembered."""

    id: str
    turns: int
    state: State


@dataclass(frozen=True)
class Entry:
    """One turn as it was had.

    Attributes:
        place: 0 for the first of the conversation.
        at: seconds since 1970.
        turn: its texts are masked.
        customer, agent: what each thought of it, if they said so.
        label: the intent that an agent says it has.

    """

    place: int
    at: float
    turn: Turn
    customer: Verdict | None
    agent: Verdict | None
    label: str | None


class Sessions:
    """All conversations of one database; from any thread, and beside other processes."""

    def __init__(
        self,
        database: sql.Engine,
        *,
        expiry_s: float = EXPIRY_S,
        most: int = MOST_CONVERSATIONS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Use an opened database; conversations end ``expiry_s`` seconds after their last turn."""
        self.expiry_s, self._database, self._most, self._now = expiry_s, database, most, now
        self._purged = 0.0
        self.purge()

    def begin(self) -> Session:
        """Begin a conversation, of which nothing is stored before its first turn."""
        return Session(secrets.token_urlsafe(ID_BYTES), 0, State())

    def resume(self, id_: str) -> Session:
        """Return a conversation that goes on.

        Raises:
            NotFound: there is none, or it has expired.

        """
        with self._database.connect() as connection:
            row = self._require(connection, id_)
        return Session(id_, row.turns, State.of_json(json.loads(row.state)))

    def add(self, session: Session, turn: Turn, state: State) -> Entry:
        """Store the next turn of a conversation, masked, and what is remembered after it.

        Raises:
            Conflict: another turn took this place, or the conversation was deleted.
            BadRequest: the conversation is at its longest.
            TooMany: there are as many conversations as are kept.

        """
        require_room(session)
        if self._now() - self._purged >= PURGE_EVERY_S:
            self.purge()
        entry = Entry(session.turns, self._now(), _masked(turn), None, None, None)
        values = {"turns": session.turns + 1, "state": _dump(state.as_json()), "used": entry.at}
        try:
            with self._database.begin() as connection:
                self._advance(connection, session, values)
                connection.execute(
                    sql.insert(TURNS).values(
                        digest=_digest(session.id),
                        place=entry.place,
                        at=entry.at,
                        turn=_dump(codec.as_json(entry.turn)),
                    )
                )
        except IntegrityError:
            raise _taken() from None
        return entry

    def entries(self, id_: str) -> list[Entry]:
        """Return the turns of a conversation, the first one first.

        Raises:
            NotFound: there is none, or it has expired.

        """
        wanted = sql.select(TURNS).where(TURNS.c.digest == _digest(id_)).order_by(TURNS.c.place)
        with self._database.connect() as connection:
            self._require(connection, id_)
            return [_entry(row) for row in connection.execute(wanted)]

    def rate(self, id_: str, place: int, verdict: Verdict) -> None:
        """Note what the customer thinks of a reply; a later word of theirs replaces it.

        Raises:
            NotFound: there is no such conversation, or no such turn in it.

        """
        with self._database.begin() as connection:
            self._entry(connection, id_, place)
            changing = sql.update(TURNS).where(_at(id_, place))
            connection.execute(changing.values(customer=verdict))

    @contextmanager
    def judging(self, id_: str, place: int, verdict: Verdict, label: str | None) -> Iterator[Entry]:
        """Yield a turn that an agent judges, once; noted if the block ends well.

        Raises:
            NotFound: there is no such conversation, or no such turn in it.
            Conflict: it has been judged.
            TooMany: so many turns of this conversation have been.

        """
        judged = sql.and_(TURNS.c.digest == _digest(id_), TURNS.c.agent.is_not(None))
        changing = sql.update(TURNS).where(_at(id_, place), TURNS.c.agent.is_(None))
        with self._database.begin() as connection:
            entry = self._entry(connection, id_, place)
            count = sql.select(sql.func.count()).select_from(TURNS).where(judged)
            if (connection.scalar(count) or 0) >= MOST_CORRECTIONS:
                raise TooMany(
                    f"{MOST_CORRECTIONS} messages of this conversation have been judged, which is "
                    "as many as are taken from one",
                    self.expiry_s,
                )
            if not connection.execute(changing.values(agent=verdict, label=label)).rowcount:
                raise Conflict("this message has been judged already")
            yield replace(entry, agent=verdict, label=label)

    def delete(self, id_: str) -> None:
        """Delete a conversation and all that was said in it.

        Raises:
            NotFound: there is none, or it has expired.

        """
        with self._database.begin() as connection:
            self._require(connection, id_)
            _delete(connection, [_digest(id_)])

    def purge(self) -> int:
        """Delete what has expired; return how many conversations that were."""
        self._purged = self._now()
        expired = sql.select(CONVERSATIONS.c.digest).where(CONVERSATIONS.c.used <= self._oldest())
        with self._database.begin() as connection:
            found = list(connection.scalars(expired))
            _delete(connection, found)
        return len(found)

    def close(self) -> None:
        """Close the database's connections."""
        self._database.dispose()

    def _advance(self, connection: sql.Connection, session: Session, values: Any) -> None:
        """Count one turn more, if nobody else has since the conversation was read."""
        digest = _digest(session.id)
        if session.turns == 0:
            self._require_place(connection)
            connection.execute(sql.insert(CONVERSATIONS).values(values | {"digest": digest}))
            return
        unchanged = sql.and_(
            CONVERSATIONS.c.digest == digest, CONVERSATIONS.c.turns == session.turns
        )
        changed = connection.execute(sql.update(CONVERSATIONS).where(unchanged).values(values))
        if not changed.rowcount:
            raise _taken()

    def _require_place(self, connection: sql.Connection) -> None:
        count = sql.select(sql.func.count()).select_from(CONVERSATIONS)
        if (connection.scalar(count) or 0) >= self._most:
            raise TooMany("there are too many conversations at the moment", PURGE_EVERY_S)

    def _oldest(self) -> float:
        return self._now() - self.expiry_s

    def _require(self, connection: sql.Connection, id_: str) -> Any:
        wanted = sql.select(CONVERSATIONS).where(CONVERSATIONS.c.digest == _digest(id_))
        row = connection.execute(wanted).one_or_none()
        if row is None or row.used <= self._oldest():
            raise NotFound("there is no such conversation, or it has expired")
        return row

    def _entry(self, connection: sql.Connection, id_: str, place: int) -> Entry:
        self._require(connection, id_)
        row = connection.execute(sql.select(TURNS).where(_at(id_, place))).one_or_none()
        if row is None:
            raise NotFound(f"this conversation has no message {place}")
        return _entry(row)


def require_room(session: Session) -> None:
    """Refuse another turn of a conversation that is at its longest.

    Raises:
        BadRequest: it is.

    """
    if session.turns >= MOST_TURNS:
        raise BadRequest(
            f"this conversation has {MOST_TURNS} messages, which is the most: begin a new one"
        )


def _at(id_: str, place: int) -> sql.ColumnElement[bool]:
    return sql.and_(TURNS.c.digest == _digest(id_), TURNS.c.place == place)


def _delete(connection: sql.Connection, digests: Sequence[str]) -> None:
    for start in range(0, len(digests), BATCH):
        some = digests[start : start + BATCH]
        connection.execute(sql.delete(TURNS).where(TURNS.c.digest.in_(some)))
        connection.execute(sql.delete(CONVERSATIONS).where(CONVERSATIONS.c.digest.in_(some)))


def _digest(id_: str) -> str:
    return hashlib.sha256(id_.encode()).hexdigest()


def _masked(turn: Turn) -> Turn:
    heard = turn.understanding
    return replace(turn, understanding=replace(heard, text_masked=masked(heard.text_masked)))


def _entry(row: Any) -> Entry:
    turn = codec.of_json(json.loads(row.turn))
    return Entry(row.place, row.at, turn, row.customer, row.agent, row.label)


def _dump(content: object) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _taken() -> Conflict:
    return Conflict("another message of this conversation is being answered: send it again")
