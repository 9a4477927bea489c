from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from assay.bundle import manifest
from assay.bundle.manifest import MANIFEST, Manifest, Port
from assay.errors import BundleRefused
from assay.files import read_json, sha256, write_json
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a bundle by its manifest alone: what the files hold is no matter to it."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for name in ("model.onnx", "tokenizer.json", "README.md"):
        (bundle / name).write_bytes(name.encode())
    stated = Manifest(
        model=made.MODEL,
        data="text",
        task="classification",
        labels=made.LABELS,
        precision="fp32",
        inputs=(Port(name="ids", type="int64", shape=("rows", 8), example=(2, 8)),),
        outputs=(Port(name="logits", type="float32", shape=("rows", 3), example=(2, 3)),),
        encoder={"max_length": 64},
        made_from={"weights": "0" * 64},
        processor="any",
        versions={"onnx": "1"},
    )
    manifest.write(bundle, stated)
    return bundle


def _refused(folder: Path) -> str:
    with pytest.raises(BundleRefused) as refused:
        manifest.read(folder)
    assert refused.value.exit_code == 3
    assert (
        refused.value.expected == "exactly the bytes that assay.json lists, as they were measured"
    )
    assert refused.value.cure == (
        "build it again (assay run MODEL) or fetch it again (dvc pull); do not serve this one"
    )
    whose, found = refused.value.found.split(" is refused: ")
    assert whose == f"the bundle {folder}"
    return found


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "README.md"])
def test_an_altered_byte_is_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert f"the bytes of {name} were altered" in _refused(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "README.md"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name} is missing" in _refused(folder)


def test_a_file_that_does_not_belong_there_is_refused(folder: Path) -> None:
    (folder / "extra.bin").touch()
    assert "extra.bin is missing, or is not listed" in _refused(folder)


def test_all_that_was_altered_or_is_missing_is_named(folder: Path) -> None:
    for name in ("tokenizer.json", "model.onnx"):
        (folder / name).write_bytes(b"other")
    assert _refused(folder) == "the bytes of model.onnx, tokenizer.json were altered"
    for name in ("model.onnx", "README.md"):
        (folder / name).unlink()
    assert _refused(folder) == ("README.md, model.onnx is missing, or is not listed in assay.json")


def test_a_bundle_of_before_there_was_a_threshold_still_opens(folder: Path) -> None:
    stated = read_json(folder / MANIFEST)
    del stated["digest"], stated["threshold"]
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode("ascii")).hexdigest()
    write_json(folder / MANIFEST, {**stated, "digest": digest})
    assert manifest.read(folder).threshold is None


def test_the_threshold_is_read_as_it_was_written(folder: Path) -> None:
    stated = manifest.read(folder)
    manifest.write(folder, stated.model_copy(update={"threshold": 1.234567}))
    assert manifest.read(folder).threshold == 1.234567


def _without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda stated: {name: value for name, value in stated.items() if name != key}


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda _: [], "unreadable"),
        (lambda _: "text", "unreadable"),
        (lambda stated: stated | {"files": list(stated["files"])}, "is wrong at files"),
        (lambda stated: stated | {"files": None}, "is wrong at files"),
        (_without("files"), "is missing, or is not listed"),
        (_without("data"), "is wrong at data"),
        (_without("task"), "is wrong at task"),
        (_without("inputs"), "is wrong at inputs"),
        (lambda stated: stated | {"precision": "fp16"}, "is wrong at precision"),
        (
            lambda stated: stated | {"encoder": {"max_length": "long"}},
            "is wrong at encoder.max_length",
        ),
        (lambda stated: stated | {"more": 1}, "is wrong at more"),
        (_without("schema_version"), "written by another version of Assay"),
        (lambda stated: stated | {"schema_version": 1}, "written by another version of Assay"),
        (lambda stated: stated | {"schema_version": 4}, "written by another version of Assay"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    folder: Path, spoil: Callable[[dict[str, Any]], Any], found: str
) -> None:
    stated = read_json(folder / MANIFEST)
    (folder / MANIFEST).write_text(json.dumps(_signed(spoil(stated))))
    assert found in _refused(folder)


def _signed(stated: Any) -> Any:
    """Return a manifest with the digest of all else that it says, by the format's own words."""
    if not isinstance(stated, dict):
        return stated
    content = {key: value for key, value in stated.items() if key != "digest"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return {**content, "digest": hashlib.sha256(canonical).hexdigest()}


def test_a_manifest_that_was_signed_by_the_formats_words_is_opened(folder: Path) -> None:
    before = manifest.read(folder)
    (folder / MANIFEST).write_text(json.dumps(_signed(read_json(folder / MANIFEST))))
    assert manifest.read(folder) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda stated: stated | {"labels": stated["labels"][::-1]},
        lambda stated: stated | {"labels": ["bad", *stated["labels"][1:]]},
        lambda stated: stated | {"precision": "fp16"},
        lambda stated: stated | {"encoder": {"max_length": 8}},
        lambda stated: stated | {"files": {}},
        lambda stated: stated | {"more": 1},
        lambda stated: stated | {"digest": "0" * 64},
        lambda stated: stated | {"more": "\ud800"},
    ],
    ids=["order of labels", "label", "precision", "length", "files", "more", "digest", "no text"],
)
def test_an_altered_manifest_is_refused(
    folder: Path, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    stated = read_json(folder / MANIFEST)
    (folder / MANIFEST).write_text(json.dumps(spoil(stated)))
    assert "assay.json was altered" in _refused(folder)


def test_a_manifest_without_a_digest_is_refused(folder: Path) -> None:
    stated = read_json(folder / MANIFEST)
    del stated["digest"]
    write_json(folder / MANIFEST, stated)
    assert "assay.json holds no digest of its own" in _refused(folder)


def test_the_spacing_of_a_manifest_is_no_matter(folder: Path) -> None:
    before = manifest.read(folder)
    shuffled = dict(sorted(read_json(folder / MANIFEST).items(), reverse=True))
    (folder / MANIFEST).write_text(json.dumps(shuffled, indent=None))
    assert manifest.read(folder) == before


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_torn_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert "assay.json is missing or unreadable" in _refused(folder)


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    assert "assay.json is missing" in _refused(tmp_path / "nowhere")


def test_what_is_written_is_read_with_the_digest_of_every_file(folder: Path) -> None:
    stated = manifest.read(folder).model_copy(
        update={"files": {"gone": "0"}, "labels": ("好", "é")}
    )
    (folder / "more.bin").write_bytes(b"more")
    manifest.write(folder, stated)
    found = manifest.read(folder)
    names = {path.name for path in folder.iterdir()} - {MANIFEST}
    assert found.files == {name: sha256(folder / name) for name in names}
    assert found == stated.model_copy(update={"files": found.files})


def test_equal_manifests_are_equal_bytes(folder: Path) -> None:
    before = (folder / MANIFEST).read_bytes()
    manifest.write(folder, manifest.read(folder))
    assert (folder / MANIFEST).read_bytes() == before


def test_what_the_encoder_goes_by_is_asked_for_by_name_and_kind(folder: Path) -> None:
    encoder = {"max_length": 64, "columns": ("a", "b")}
    stated = manifest.read(folder).model_copy(update={"encoder": encoder})
    assert stated.labels == made.LABELS
    assert stated.number("max_length") == 64
    assert stated.number("tail", 0) == 0, "as an older bundle means it"
    assert stated.names("columns") == ("a", "b")
    for ask, name in (
        (stated.number, "size"),
        (stated.number, "columns"),
        (stated.names, "max_length"),
    ):
        with pytest.raises(BundleRefused, match=f"does not say {name}") as refused:
            ask(name)
        assert refused.value.expected == "a bundle of this version of Assay"
        assert refused.value.cure == "build it again: assay run MODEL"
