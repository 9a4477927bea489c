"""A bearer token (RFC 6750): how it is made, what is kept of it, how it is known again.

Reads the clock of the system and its source of randomness. Writes nothing, and keeps no token.

A token is ``assay_<id>_<secret>``. The id finds the record; of the secret only HMAC-SHA256 under
a salt of the token's own is kept. A slow hash as for passwords (scrypt) would be the wrong choice:
it makes up for secrets that can be guessed, and these are 256 random bits. NIST SP 800-63B, 5.1.2.2
asks for an approved one-way function from 112 bits on, and for a slow one below that; a slow one
would let whoever sends wrong tokens use up the server.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import UTC, datetime
from typing import Literal

from assay.records import Record
from assay.serving.access.rates import Rate  # noqa: TC001 (built at run time)

Scope = Literal["infer", "admin"]
SCOPES: tuple[Scope, ...] = ("infer", "admin")

ID_BYTES, SECRET_BYTES, SALT_BYTES = 8, 32, 16
FORM = re.compile(r"assay_(?P<id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})")


class Token(Record):
    """What is kept of a token: enough to know it again, too little to make it.

    Attributes:
        name: of who holds it, as the audit log has it; unique.
        id: the public part of the token.
        salt: of the digest, in hexadecimal.
        digest: HMAC-SHA256 of the secret under the salt, in hexadecimal.
        scopes: what it is for: ``infer`` asks models, ``admin`` loads and unloads them.
        models: the names it may ask; None: all.
        rate: how often it may be shown.
        created: when, in UTC.
        expires: from when on it is refused, in UTC; None: never.

    """

    name: str
    id: str
    salt: str
    digest: str
    scopes: tuple[Scope, ...]
    models: tuple[str, ...] | None
    rate: Rate
    created: datetime
    expires: datetime | None

    def matches(self, secret: str) -> bool:
        """Return whether a secret is this token's, in a time that doesn't tell how much of it."""
        return hmac.compare_digest(_digest(self.salt, secret), self.digest)

    def has_expired(self) -> bool:
        """Return whether it is too late for this token."""
        return self.expires is not None and datetime.now(UTC) >= self.expires


def issue(
    name: str,
    *,
    scopes: tuple[Scope, ...],
    models: tuple[str, ...] | None,
    rate: Rate,
    expires: datetime | None,
) -> tuple[Token, str]:
    """Make a token; return what is kept of it, and the token, which is nowhere else."""
    id_, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    salt = secrets.token_hex(SALT_BYTES)
    kept = Token(
        name=name,
        id=id_,
        salt=salt,
        digest=_digest(salt, secret),
        scopes=scopes,
        models=models,
        rate=rate,
        created=datetime.now(UTC).replace(microsecond=0),
        expires=expires,
    )
    return kept, f"assay_{id_}_{secret}"


def parts(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a token; None: this is none."""
    found = FORM.fullmatch(text)
    return (found["id"], found["secret"]) if found else None


def _digest(salt: str, secret: str) -> str:
    return hmac.digest(bytes.fromhex(salt), secret.encode(), "sha256").hex()
