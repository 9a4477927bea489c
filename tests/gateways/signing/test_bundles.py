"""A bundle's signature, by this code and by OpenSSF's own command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import SignatureRefused
from assay.gateways import signing

SIGNATURE = Path("model.sig")


@pytest.fixture
def bundle() -> Path:
    """A signed folder of three files."""
    folder = Path("bundle")
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"graph" * 1000)
    (folder / "assay.json").write_text("{}")
    (folder / "inner").mkdir()
    (folder / "inner" / "tokenizer.json").write_text("[]")
    signing.sign_bundle(folder, SIGNATURE)
    return folder


def upstream(bundle: Path, key: Path) -> int:
    """Return the exit code of OpenSSF's own command."""
    program = Path(sys.executable).parent / "model_signing"
    words = ("verify", "key", bundle, "--signature", SIGNATURE, "--public_key", key)
    return subprocess.run([program, *words], capture_output=True, check=False).returncode


def test_a_signed_bundle_holds(bundle: Path, key: Path) -> None:
    assert signing.verify_bundle(bundle, SIGNATURE) == signing.own_keyid()
    assert upstream(bundle, key) == 0


def test_a_moved_bundle_holds(bundle: Path, tmp_path: Path, key: Path) -> None:
    moved = bundle.rename(tmp_path / "elsewhere")
    signing.verify_bundle(moved, SIGNATURE)
    assert upstream(moved, key) == 0


def test_an_altered_file_is_named(bundle: Path, key: Path) -> None:
    (bundle / "model.onnx").write_bytes(b"grapf" + b"graph" * 999)
    with pytest.raises(SignatureRefused, match=r"Hash mismatch for 'model\.onnx"):
        signing.verify_bundle(bundle, SIGNATURE)
    assert upstream(bundle, key) != 0


@pytest.mark.parametrize("name", ["extra.txt", ".hidden"])
def test_an_extra_file_is_named(bundle: Path, key: Path, name: str) -> None:
    (bundle / name).write_text("more")
    with pytest.raises(SignatureRefused, match=f"Extra files found .*{name}"):
        signing.verify_bundle(bundle, SIGNATURE)
    assert upstream(bundle, key) != 0


def test_a_file_that_git_reads_is_no_exception(bundle: Path) -> None:
    (bundle / ".gitignore").write_text("*")
    with pytest.raises(SignatureRefused, match="Extra files found"):
        signing.verify_bundle(bundle, SIGNATURE)


def test_a_missing_file_is_named(bundle: Path, key: Path) -> None:
    (bundle / "inner" / "tokenizer.json").unlink()
    with pytest.raises(SignatureRefused, match=r"inner/tokenizer\.json"):
        signing.verify_bundle(bundle, SIGNATURE)
    assert upstream(bundle, key) != 0


def test_an_unsigned_bundle_is_refused(bundle: Path) -> None:
    SIGNATURE.unlink()
    with pytest.raises(SignatureRefused, match="it is not signed"):
        signing.verify_bundle(bundle, SIGNATURE)


def test_another_key_is_refused(
    bundle: Path, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_SIGNING_KEY", str(tmp_path / "other.pem"))
    signing.make_key().unlink()
    signing.sign_bundle(bundle, SIGNATURE)
    with pytest.raises(SignatureRefused, match="no trusted key signed it"):
        signing.verify_bundle(bundle, SIGNATURE)
    assert upstream(bundle, key) != 0


def test_a_torn_signature_is_refused(bundle: Path) -> None:
    SIGNATURE.write_bytes(SIGNATURE.read_bytes()[:100])
    with pytest.raises(SignatureRefused):
        signing.verify_bundle(bundle, SIGNATURE)


def test_each_of_several_trusted_keys_may_sign(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = signing.own_keyid()
    monkeypatch.setenv("ASSAY_SIGNING_KEY", str(tmp_path / "second.pem"))
    signing.make_key()
    assert signing.verify_bundle(bundle, SIGNATURE) == first
    signing.sign_bundle(bundle, SIGNATURE)
    assert signing.verify_bundle(bundle, SIGNATURE) == signing.own_keyid() != first
