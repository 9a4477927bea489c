"""The key that releases are signed with, and the public halves that are trusted.

Reads and writes the private key, ``.assay/signing.pem`` or what ``ASSAY_SIGNING_KEY`` names, which
its owner alone can read and which never reaches git; and ``releases/keys/<id>.pub``, which belong
into git: who can write there decides whose releases are believed. A key's id is the SHA-256 of its
public half in PEM, as OpenSSF's ``model-signing`` has it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import MissingFile, SignatureRefused
from assay.files import replacing, write_secret
from assay.paths import RELEASES, SCRATCH

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

KEYS = RELEASES / "keys"
OWN = SCRATCH / "signing.pem"
# Where a cluster keeps the key, instead of in each clone.
VARIABLE = "ASSAY_SIGNING_KEY"
SHOWN = 16  # letters of an id, as a file's name


def private_key() -> Path:
    """Return where the private key is kept."""
    return Path(os.environ.get(VARIABLE) or OWN)


def has_key() -> bool:
    """Tell whether there is a private key, and its public half among the trusted ones."""
    return private_key().is_file() and own_keyid() in trusted()


def make_key() -> Path:
    """Make the private key unless there is one; put its public half under ``releases/keys/``.

    Returns the file of the public half.

    Raises:
        SignatureRefused: what is there is no P-256 key.

    """
    if not private_key().is_file():
        write_secret(private_key(), _generated())
    public = _public_half()
    target = KEYS / f"{hashlib.sha256(public).hexdigest()[:SHOWN]}.pub"
    if not target.is_file() or target.read_bytes() != public:
        with replacing(target) as beside:
            beside.write_bytes(public)
    return target


def own_keyid() -> str:
    """Return the id of the private key.

    Raises:
        MissingFile: there is none.
        SignatureRefused: what is there is no P-256 key.

    """
    return hashlib.sha256(_public_half()).hexdigest()


def trusted() -> dict[str, Path]:
    """Return the public keys that are trusted, by their id."""
    files = sorted(KEYS.glob("*.pub")) if KEYS.is_dir() else []
    return {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in files}


def load() -> EllipticCurvePrivateKey:
    """Return the private key.

    Raises:
        MissingFile: there is none.
        SignatureRefused: what is there is no P-256 key.

    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = private_key()
    if not path.is_file():
        raise MissingFile(
            f"there is no key to sign with: {path}",
            expected=f"a P-256 private key, in {OWN} or where {VARIABLE} says",
            cure="assay doctor --fix makes one, and puts its public half under releases/keys/",
        )
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as problem:
        raise _unfit(path) from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _unfit(path)
    return key


def _public_half() -> bytes:
    from cryptography.hazmat.primitives import serialization

    return (
        load()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _generated() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    generated = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return generated.decode("ascii")


def _unfit(path: Path) -> SignatureRefused:
    return SignatureRefused(
        f"{path} holds no key that releases can be signed with",
        expected="a P-256 private key in PEM, without a passphrase",
        cure="restore it from where you keep it; or move it away, and assay doctor --fix makes "
        "another, which signs from then on",
    )
