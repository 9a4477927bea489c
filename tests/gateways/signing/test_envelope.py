"""Only what a trusted key signed, unaltered and of the kind that is asked for, is opened."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from assay.errors import SignatureRefused
from assay.gateways import signing

if TYPE_CHECKING:
    from pathlib import Path

KIND = "text/plain"


def _other_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sign from now on with a key that is not trusted."""
    monkeypatch.setenv("ASSAY_SIGNING_KEY", str(tmp_path / "other.pem"))
    public = signing.make_key()
    content = public.read_bytes()
    public.unlink()
    kept = tmp_path / "other.pub"
    kept.write_bytes(content)
    return kept


def test_what_was_sealed_is_opened() -> None:
    assert signing.open_envelope(signing.seal(b"payload", KIND), KIND, "it") == b"payload"


def test_opening_leaves_the_envelope_as_it_is() -> None:
    sealed = signing.seal(b"payload", KIND)
    signing.open_envelope(sealed, KIND, "it")
    assert signing.open_envelope(sealed, KIND, "it") == b"payload"


def test_an_altered_payload_is_refused() -> None:
    sealed = signing.seal(b"payload", KIND)
    sealed["payload"] = base64.b64encode(b"another").decode()
    with pytest.raises(SignatureRefused, match="not that of its content"):
        signing.open_envelope(sealed, KIND, "it")


def test_another_kind_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="it holds text/plain, not text/html"):
        signing.open_envelope(signing.seal(b"payload", KIND), "text/html", "it")


def test_a_relabelled_kind_is_refused() -> None:
    sealed = signing.seal(b"payload", KIND)
    sealed["payloadType"] = "text/html"
    with pytest.raises(SignatureRefused, match="not that of its content"):
        signing.open_envelope(sealed, "text/html", "it")


def test_another_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _other_key(tmp_path, monkeypatch)
    sealed = signing.seal(b"payload", KIND)
    with pytest.raises(SignatureRefused, match="which is not trusted"):
        signing.open_envelope(sealed, KIND, "it")


def test_another_keys_signature_under_a_trusted_id_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = signing.own_keyid()
    _other_key(tmp_path, monkeypatch)
    sealed = signing.seal(b"payload", KIND)
    sealed["signatures"][0]["keyid"] = own
    with pytest.raises(SignatureRefused, match="not that of its content"):
        signing.open_envelope(sealed, KIND, "it")


@pytest.mark.parametrize("broken", [{}, {"payload": "!", "payloadType": KIND, "signatures": [{}]}])
def test_what_is_no_envelope_is_refused(broken: dict[str, Any]) -> None:
    broken.setdefault("signatures", [])
    with pytest.raises(SignatureRefused, match="no signed envelope"):
        signing.open_envelope(broken, KIND, "it")


def test_a_bare_signature_holds_for_its_bytes_and_kind_alone() -> None:
    keyid, signature = signing.sign(b"payload", KIND)
    signing.verify(b"payload", KIND, keyid, signature, "it")
    for payload, kind, key, value in (
        (b"other", KIND, keyid, signature),
        (b"payload", "text/html", keyid, signature),
        (b"payload", KIND, "0" * 64, signature),
        (b"payload", KIND, keyid, signature[:-2] + "00"),
        (b"payload", KIND, keyid, "no hex"),
    ):
        with pytest.raises(SignatureRefused):
            signing.verify(payload, kind, key, value, "it")
