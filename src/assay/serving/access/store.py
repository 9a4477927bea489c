"""The tokens of a project, in one file: what the command changes and the server reads.

Reads and writes ``.assay/serving/tokens.json``, which its owner alone can read, and a lock beside
it. Never holds a token: what is kept of one is in :mod:`assay.serving.access.tokens`.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from assay.errors import RecordRefused, UsageError
from assay.files import write_secret
from assay.paths import TOKENS
from assay.records import Record
from assay.serving.access.tokens import Token  # noqa: TC001 (built at run time)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Kept(Record):
    """The file's content; tokens stand in it by name."""

    version: Literal[1] = 1
    tokens: tuple[Token, ...] = ()


def read(path: Path = TOKENS) -> tuple[Token, ...]:
    """Return every token of the file; no file is no token.

    Raises:
        RecordRefused: it is not what the command wrote.

    """
    try:
        return Kept.model_validate_json(path.read_bytes()).tokens
    except FileNotFoundError:
        return ()
    except (ValidationError, OSError) as problem:
        # pydantic's message quotes what it read, which may be anything.
        raise RecordRefused(
            f"{path} cannot be read as a list of tokens ({type(problem).__name__})",
            expected="the file as assay tokens wrote it",
            cure=f"restore it, or remove it (rm {path}), which revokes every token",
        ) from None


def add(token: Token, path: Path = TOKENS) -> None:
    """Keep one more token.

    Raises:
        UsageError: the name is taken.
        RecordRefused: as :func:`read`.

    """
    with _locked(path):
        known = read(path)
        if token.name in {one.name for one in known}:
            raise UsageError(
                f"there is a token of the name {token.name!r}",
                expected="a name of its own for each token",
                cure=f"choose another name, or assay tokens revoke {token.name}",
            )
        _write(path, (*known, token))


def revoke(name: str, path: Path = TOKENS) -> Token:
    """Forget a token: from the next request on it is unknown. Return what was kept of it.

    Raises:
        UsageError: there is none of that name.
        RecordRefused: as :func:`read`.

    """
    with _locked(path):
        known = {one.name: one for one in read(path)}
        revoked = known.pop(name, None)
        if revoked is None:
            raise UsageError(
                f"there is no token of the name {name!r}",
                expected=f"one of: {', '.join(known)}" if known else "the name of a token",
                cure="assay tokens list shows them",
            )
        _write(path, tuple(known.values()))
    return revoked


class TokenStore:
    """The file as the server sees it: read again whenever it was written."""

    def __init__(self, path: Path = TOKENS) -> None:
        """Read the file when it is first asked for."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._by_id: dict[str, Token] | None = None

    def find(self, id_: str) -> Token | None:
        """Return the token of an id, as the file is now.

        Raises:
            RecordRefused: as :func:`read`; at each request, until the file is whole again: which
                tokens were revoked is not known.

        """
        return self._tokens().get(id_)

    def is_empty(self) -> bool:
        """Return whether there is no token that is good now.

        Raises:
            RecordRefused: as :func:`read`.

        """
        return all(token.has_expired() for token in self._tokens().values())

    def _tokens(self) -> dict[str, Token]:
        seen = _state(self._path)
        if self._by_id is None or seen != self._seen:
            self._by_id = None
            self._by_id = {token.id: token for token in read(self._path)}
            self._seen = seen
        return self._by_id


def _state(path: Path) -> tuple[int, int, int] | None:
    """Return what tells one written file from another; each is renamed into place."""
    try:
        found = os.stat(path)  # noqa: PTH116 (once a request; this is the quicker call)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _write(path: Path, tokens: tuple[Token, ...]) -> None:
    kept = Kept(tokens=tuple(sorted(tokens, key=lambda token: token.name)))
    write_secret(path, kept.model_dump_json(indent=2) + "\n")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time read and write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
