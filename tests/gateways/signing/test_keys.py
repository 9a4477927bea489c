"""The private key stays private and outside git; what is no key is named."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from assay.errors import MissingFile, SignatureRefused
from assay.gateways import signing
from assay.gateways.signing import keys

if TYPE_CHECKING:
    from pathlib import Path


def test_the_private_key_is_its_owners_alone_and_never_in_git(key: Path) -> None:
    private = signing.private_key()
    assert private.stat().st_mode & 0o077 == 0
    assert "PRIVATE KEY" in private.read_text()
    assert "PRIVATE" not in key.read_text()
    assert private.parts[0] == ".assay"
    assert key.parent == signing.KEYS


def test_openssl_reads_both_halves(key: Path) -> None:
    words = ("openssl", "ec", "-in", str(signing.private_key()), "-pubout")
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == key.read_text()


def test_a_second_call_keeps_the_key(key: Path) -> None:
    before = signing.private_key().read_bytes()
    assert signing.make_key() == key
    assert signing.private_key().read_bytes() == before
    assert signing.has_key()
    assert signing.own_keyid() == hashlib.sha256(key.read_bytes()).hexdigest()


def test_a_key_whose_public_half_is_not_in_git_is_not_trusted(key: Path) -> None:
    key.unlink()
    assert not signing.has_key()
    assert signing.make_key() == key


def test_the_environment_names_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = signing.own_keyid()
    monkeypatch.setenv(keys.VARIABLE, str(tmp_path / "elsewhere.pem"))
    assert not signing.has_key()
    signing.make_key()
    assert (tmp_path / "elsewhere.pem").is_file()
    assert signing.own_keyid() != own
    assert len(signing.trusted()) == 2


def test_no_key_is_said_with_the_cure() -> None:
    signing.private_key().unlink()
    with pytest.raises(MissingFile, match=r"no key to sign with") as found:
        signing.own_keyid()
    assert "assay doctor --fix" in found.value.cure


@pytest.mark.parametrize(
    "words",
    [
        ("openssl", "genrsa", "2048"),
        ("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout"),
        ("echo", "nonsense"),
    ],
)
def test_what_is_no_p256_key_is_refused(words: tuple[str, ...]) -> None:
    made = subprocess.run(words, capture_output=True, check=True).stdout
    signing.private_key().write_bytes(made)
    with pytest.raises(SignatureRefused, match="holds no key that releases can be signed with"):
        signing.own_keyid()
