"""Sign a bundle's folder, and check one, as OpenSSF's ``model-signing`` does.

Reads the folder and the keys. Writes the signature that it is asked for. By hand:
``model_signing verify key FOLDER --signature FILE --public_key releases/keys/ID.pub``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.files import replacing
from assay.gateways.signing import keys
from assay.gateways.signing.envelope import refused

if TYPE_CHECKING:
    from pathlib import Path

    from assay.errors import SignatureRefused


def sign_bundle(folder: Path, signature: Path) -> None:
    """Sign every file of ``folder``; write the signature, a Sigstore bundle, to a file beside it.

    Raises:
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    keys.load()  # the library's own words are a traceback
    from model_signing import hashing, signing

    config = signing.Config().use_elliptic_key_signer(private_key=keys.private_key())
    config.set_hashing_config(_strict(hashing))
    with replacing(signature) as beside:
        config.sign(folder, beside)


def verify_bundle(folder: Path, signature: Path) -> str:
    """Check every byte of ``folder`` against its signature; return the id of the key.

    Raises:
        SignatureRefused: there is no signature, it is of a key that is not trusted, a file was
            altered, is missing, or does not belong there.

    """
    what = f"the bundle {folder}"
    if not signature.is_file():
        raise refused(what, f"it is not signed: there is no {signature}")
    from model_signing import hashing, verifying

    known = keys.trusted()
    mismatch = ""
    for keyid, public in known.items():
        config = verifying.Config().use_elliptic_key_verifier(public_key=public)
        try:
            config.set_hashing_config(_strict(hashing)).verify(folder, signature)
        except Exception as problem:  # the library raises ValueError, and others for what is torn
            mismatch = mismatch or _mismatch(problem)
        else:
            return keyid
    raise _refusal(what, mismatch)


def _strict(hashing: Any) -> Any:
    """Return a configuration that leaves out no file, git's own included."""
    return hashing.Config().set_ignored_paths(paths=[], ignore_git_paths=False)


def _mismatch(problem: Exception) -> str:
    """Return what differs where the key is right and the files are not."""
    text = str(problem)
    return text if text.startswith("Signature mismatch") else ""


def _refusal(what: str, mismatch: str) -> SignatureRefused:
    if mismatch:
        return refused(what, f"its files are not those that were signed: {_differences(mismatch)}")
    return refused(what, "no trusted key signed it, or its signature was altered")


def _differences(mismatch: str) -> str:
    """Return what the library found first, without the digests, which no reader compares."""
    lines = " ".join(mismatch.removeprefix("Signature mismatch:").split())
    return (
        lines.partition(": Expected")[0].translate({ord(mark): None for mark in '\\[]"'}).strip("'")
    )
