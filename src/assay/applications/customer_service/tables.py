"""The two tables that conversations are kept in, and how their database is opened.

Writes the SQLite file, which only its owner may read, and the tables where they are missing. A
database elsewhere is named by SQLAlchemy's URL; its password appears in no message.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from assay.errors import UsageError
from assay.paths import SCRATCH

if TYPE_CHECKING:
    from pathlib import Path

FILE = SCRATCH / "service" / "sessions.db"
BUSY_S = 10  # how long one process waits for another one's writing to SQLite
DIGEST = 64  # letters of a SHA-256

METADATA = sql.MetaData()
# Of an id only the digest is kept: who reads the database can't go on in anybody's conversation.
CONVERSATIONS = sql.Table(
    "conversations",
    METADATA,
    sql.Column("digest", sql.String(DIGEST), primary_key=True),
    sql.Column("turns", sql.Integer, nullable=False),
    sql.Column("state", sql.Text, nullable=False),  # JSON
    sql.Column("used", sql.Float, nullable=False, index=True),  # seconds since 1970
)
TURNS = sql.Table(
    "turns",
    METADATA,
    sql.Column("digest", sql.ForeignKey(CONVERSATIONS.c.digest), primary_key=True),
    sql.Column("place", sql.Integer, primary_key=True),
    sql.Column("at", sql.Float, nullable=False),
    sql.Column("turn", sql.Text, nullable=False),  # JSON
    sql.Column("customer", sql.String(4)),  # "up", "down"
    sql.Column("agent", sql.String(4)),
    sql.Column("label", sql.Text),  # of an agent's correction
)


def open_database(url: str | None = None, file: Path = FILE) -> sql.Engine:
    """Open the database of ``url``, or the SQLite file; make the tables.

    Raises:
        UsageError: the URL is none, its driver is not installed, or nothing answers there.

    """
    try:
        engine = sql.create_engine(url) if url else _sqlite(file)
        METADATA.create_all(engine)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, SQLAlchemyError) as problem:
        raise UsageError(
            f"the database of the conversations can't be opened: {_shown(problem, url)}",
            expected="a URL such as postgresql+psycopg://USER@HOST/NAME, or none for SQLite",
            cure="check the address; a driver is a package: pip install 'psycopg[binary]'",
        ) from None
    return engine


def _sqlite(file: Path) -> sql.Engine:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Before SQLite makes it: the files that it puts beside it take this one's permissions.
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    file.chmod(0o600)
    engine = sql.create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY_S})
    sql.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    # What is deleted is overwritten, in the file and in its journal.
    for pragma in ("journal_mode=TRUNCATE", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _shown(problem: Exception, url: str | None) -> str:
    """Return the first line of what the driver says, unless that could hold the password."""
    if url is None or isinstance(problem, ModuleNotFoundError | NoSuchModuleError):
        return str(problem).splitlines()[0]
    return f"{type(problem).__name__}, of the URL that was given"
