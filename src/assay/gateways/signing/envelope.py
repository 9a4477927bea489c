"""Bytes in a signed envelope: DSSE (github.com/secure-systems-lab/dsse), as in-toto uses it.

Reads the keys. Writes nothing. A signature counts only when its key is one of ``releases/keys/``.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from assay.errors import SignatureRefused
from assay.gateways.signing import keys

if TYPE_CHECKING:
    from pathlib import Path

    from securesystemslib.signer import CryptoSigner, Key, SSlibKey


def seal(payload: bytes, kind: str) -> dict[str, Any]:
    """Return the envelope of ``payload`` as JSON has it, signed; ``kind`` is its media type.

    Raises:
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    from securesystemslib.dsse import Envelope

    envelope = Envelope(payload, kind, {})
    envelope.sign(_signer())
    return dict(envelope.to_dict())


def open_envelope(envelope: dict[str, Any], kind: str, what: str) -> bytes:
    """Return what an envelope holds, if a trusted key signed it; ``what`` names it to a person.

    Raises:
        SignatureRefused: it is none, of another kind, altered, or of a key that is not trusted.

    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError

    try:
        copy = {**envelope, "signatures": [dict(one) for one in envelope["signatures"]]}
        found = Envelope.from_dict(copy)
    except Exception as problem:  # whatever a forged one makes the library raise
        raise refused(what, "it is no signed envelope") from problem
    if found.payload_type != kind:
        raise refused(what, f"it holds {found.payload_type}, not {kind}")
    known: list[Key] = [_public(path) for path in keys.trusted().values()]
    if not any(key.keyid in found.signatures for key in known):
        raise refused(what, f"it is signed by {_named(found.signatures)}, which is not trusted")
    try:
        found.verify(known, 1)
    except VerificationError as problem:
        raise refused(what, "its signature is not that of its content") from problem
    return bytes(found.payload)


def sign(payload: bytes, kind: str) -> tuple[str, str]:
    """Return the key's id and the signature, in hex, of ``payload`` as its envelope has it.

    Raises:
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    from securesystemslib.dsse import Envelope

    signature = Envelope(payload, kind, {}).sign(_signer())
    return signature.keyid, signature.signature


def verify(payload: bytes, kind: str, keyid: str, signature: str, what: str) -> None:
    """Check what :func:`sign` returned.

    Raises:
        SignatureRefused: altered, or of a key that is not trusted.

    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature

    path = keys.trusted().get(keyid)
    if path is None:
        raise refused(what, f"it is signed by {_named([keyid])}, which is not trusted")
    try:
        pae = Envelope(payload, kind, {}).pae()
        _public(path).verify_signature(Signature(keyid, signature), pae)
    except (UnverifiedSignatureError, ValueError) as problem:
        raise refused(what, "its signature is not that of its content") from problem


def refused(what: str, found: str) -> SignatureRefused:
    """Return the refusal of something signed."""
    return SignatureRefused(
        f"{what} is refused: {found}",
        expected=f"what a key of {keys.KEYS}/ signed, unaltered",
        cure="git log and git diff say who changed it and when; git checkout restores it",
    )


def _signer() -> CryptoSigner:
    from securesystemslib.signer import CryptoSigner, SSlibKey

    private = keys.load()
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key(), keys.own_keyid()))


def _public(path: Path) -> SSlibKey:
    return _parsed(path.read_bytes())


@functools.lru_cache(maxsize=64)
def _parsed(content: bytes) -> SSlibKey:
    import hashlib

    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    keyid = hashlib.sha256(content).hexdigest()
    try:
        return SSlibKey.from_crypto(load_pem_public_key(content), keyid)
    except (ValueError, TypeError) as problem:
        raise refused(f"the public key {keyid[: keys.SHOWN]}", "it is none") from problem


def _named(keyids: Any) -> str:
    return ", ".join(f"the key {keyid[: keys.SHOWN]}" for keyid in keyids) or "nobody"
