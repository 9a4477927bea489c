from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assay.serving.access.rates import Rate
from assay.serving.access.tokens import Token, issue, parts


def made(**changes: Any) -> tuple[Token, str]:
    how: dict[str, Any] = {
        "scopes": ("infer",),
        "models": None,
        "rate": Rate(per_minute=600, burst=100),
        "expires": None,
    }
    return issue("a", **{**how, **changes})


def test_a_token_is_known_by_its_id_and_secret() -> None:
    kept, token = made()
    found = parts(token)
    assert found is not None
    assert found[0] == kept.id
    assert kept.matches(found[1])
    for wrong in (found[1][:-1], found[1] + "a", found[1].swapcase(), "", "\u00e9", kept.digest):
        assert not kept.matches(wrong)


def test_nothing_of_the_secret_is_kept_but_its_salted_digest() -> None:
    kept, token = made()
    secret = token.rpartition(f"{kept.id}_")[2]
    assert len(secret) == 43  # 256 bits in base64
    assert secret not in kept.model_dump_json()
    salted = hmac.new(bytes.fromhex(kept.salt), secret.encode(), hashlib.sha256)
    assert kept.digest == salted.hexdigest()
    assert kept.digest != hashlib.sha256(secret.encode()).hexdigest()


def test_no_two_tokens_have_anything_in_common() -> None:
    tokens = [made()[0] for _ in range(50)]
    for field in ("id", "salt", "digest"):
        assert len({getattr(token, field) for token in tokens}) == 50


@pytest.mark.parametrize(
    "text",
    ["", "assay", "assay__", "assay_0123456789abcdef_short", "Assay_", "assay_" + "0" * 60, "\n"],
)
def test_what_is_no_token_is_known_as_such(text: str) -> None:
    assert parts(text) is None
    assert parts(made()[1] + "x") is None
    assert parts("x" + made()[1]) is None
    assert parts(made()[1] + "\n") is None


def test_a_token_expires_at_its_time() -> None:
    now = datetime.now(UTC)
    assert not made()[0].has_expired()
    assert not made(expires=now + timedelta(hours=1))[0].has_expired()
    assert made(expires=now)[0].has_expired()
    assert made(expires=now - timedelta(days=1))[0].has_expired()
