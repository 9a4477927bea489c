from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay import artifacts, bundle
from assay.artifacts import Artifacts
from assay.bundle import Bundle, softmax
from assay.errors import BundleRefused
from assay.inputs.text import Encoding
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = Artifacts(made.MODEL)


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a copy of a real bundle, to be spoiled."""
    copy = tmp_path / "bundle"
    shutil.copytree(made.built(checkpoint) / FILES.bundle, copy)
    return copy


@pytest.fixture
def opened(checkpoint: Path) -> Bundle:
    return Bundle.open(made.built(checkpoint) / FILES.bundle, threads=1)


def _refused(folder: Path) -> str:
    with pytest.raises(BundleRefused) as refused:
        Bundle.open(folder)
    assert refused.value.exit_code == 3
    assert "do not serve this one" in refused.value.cure
    return refused.value.found


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


def _without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda manifest: {name: value for name, value in manifest.items() if name != key}


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda _: [], "unreadable"),
        (lambda _: "text", "unreadable"),
        (lambda manifest: manifest | {"files": list(manifest["files"])}, "unreadable"),
        (lambda manifest: manifest | {"files": None}, "unreadable"),
        (_without("files"), "unreadable"),
        (_without("labels"), "does not say labels"),
        (_without("task"), "does not say task"),
        (lambda manifest: manifest | {"task": "sound-classification"}, "not known here"),
        (_without("max_length"), "does not say max_length"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    folder: Path, spoil: Callable[[dict[str, Any]], Any], found: str
) -> None:
    manifest = artifacts.read_json(folder / bundle.MANIFEST)
    (folder / bundle.MANIFEST).write_text(json.dumps(_signed(spoil(manifest))))
    assert found in _refused(folder)


def _signed(manifest: Any) -> Any:
    """Return a manifest with the digest of all else that it says, by the format's own words."""
    if not isinstance(manifest, dict):
        return manifest
    stated = {key: value for key, value in manifest.items() if key != "digest"}
    canonical = json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()
    return {**stated, "digest": hashlib.sha256(canonical).hexdigest()}


def test_a_manifest_that_was_signed_by_the_formats_words_is_opened(folder: Path) -> None:
    manifest = artifacts.read_json(folder / bundle.MANIFEST)
    (folder / bundle.MANIFEST).write_text(json.dumps(_signed(manifest)))
    assert bundle.read_manifest(folder) == manifest


@pytest.mark.parametrize(
    "spoil",
    [
        lambda manifest: manifest | {"labels": manifest["labels"][::-1]},
        lambda manifest: manifest | {"labels": ["bad", *manifest["labels"][1:]]},
        lambda manifest: manifest | {"precision": "fp16"},
        lambda manifest: manifest | {"max_length": 8},
        lambda manifest: manifest | {"files": {}},
        lambda manifest: manifest | {"more": 1},
        lambda manifest: manifest | {"digest": "0" * 64},
        lambda manifest: manifest | {"more": "\ud800"},
    ],
    ids=["order of labels", "label", "precision", "length", "files", "more", "digest", "no text"],
)
def test_an_altered_manifest_is_refused(
    folder: Path, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    manifest = artifacts.read_json(folder / bundle.MANIFEST)
    (folder / bundle.MANIFEST).write_text(json.dumps(spoil(manifest)))
    assert "assay.json was altered" in _refused(folder)


def test_a_manifest_without_a_digest_is_refused(folder: Path) -> None:
    manifest = artifacts.read_json(folder / bundle.MANIFEST)
    del manifest["digest"]
    artifacts.write_json(folder / bundle.MANIFEST, manifest)
    assert "assay.json holds no digest of its own" in _refused(folder)


def test_the_spacing_of_a_manifest_is_no_matter(folder: Path) -> None:
    manifest = artifacts.read_json(folder / bundle.MANIFEST)
    shuffled = dict(sorted(manifest.items(), reverse=True))
    (folder / bundle.MANIFEST).write_text(json.dumps(shuffled, indent=None))
    assert bundle.read_manifest(folder) == manifest


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_torn_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / bundle.MANIFEST).write_bytes(content)
    assert "assay.json is missing or unreadable" in _refused(folder)


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    assert "assay.json is missing" in _refused(tmp_path / "nowhere")


def test_no_torch_is_needed(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from assay.bundle import Bundle\n"
        "found = Bundle.open(Path(sys.argv[1])).probabilities(['a great film'])\n"
        "assert found.shape == (1, 3)\n"
        "heavy = {'torch', 'transformers', 'pandas', 'mlflow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True)


TEXTS = ["great lovely film", "x " * 300, "", "awful", "an ordinary table, by and large " * 3, "好"]


def test_probabilities_sum_to_one_a_text(opened: Bundle) -> None:
    found = opened.probabilities(TEXTS)
    assert found.shape == (len(TEXTS), 3)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


def test_answers_come_in_the_order_of_the_texts(opened: Bundle) -> None:
    forwards = opened.probabilities(TEXTS, batch_size=1)
    backwards = opened.probabilities(TEXTS[::-1], batch_size=1)
    np.testing.assert_array_equal(forwards, backwards[::-1])
    alone = [opened.probabilities([text])[0] for text in TEXTS]
    np.testing.assert_array_equal(forwards, alone)
    assert len({row.tobytes() for row in forwards}) == len(TEXTS), "no two answers are equal"


def test_it_knows_what_it_learned(opened: Bundle) -> None:
    table = made.texts(60, seed=77)
    found = opened.probabilities(table["text"].tolist()).argmax(axis=1)
    right = [opened.labels[number] for number in found] == table["label"].to_numpy()
    assert np.mean(right) > 0.5  # a third by chance


def test_fp32_answers_hang_on_no_neighbour(checkpoint: Path, tmp_path: Path) -> None:
    opened = Bundle.open(made.fp32_bundle(checkpoint), threads=1)
    texts = [*TEXTS, *made.texts(40)["text"]]
    alone = opened.probabilities(texts, batch_size=1)
    for size in (2, 7, 64):
        np.testing.assert_allclose(opened.probabilities(texts, batch_size=size), alone, atol=1e-6)


def test_no_text_has_no_answer(opened: Bundle) -> None:
    assert opened.probabilities([]).shape == (0, 3)


def test_progress_is_told_of_every_text(opened: Bundle) -> None:
    class Count:
        done = 0

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.done += steps

    count = Count()
    opened.probabilities(TEXTS, batch_size=4, progress=count)
    assert count.done == len(TEXTS)


def test_a_text_that_is_too_long_is_cut_and_counted(opened: Bundle) -> None:
    found = opened.encode(["short", "word " * 62, "word " * 63, "word " * 200_000])
    assert isinstance(found, Encoding)
    assert [len(row) for row in found.ids] == [3, 64, 64, 64]
    assert found.truncated == 2


def test_softmax_bears_large_logits() -> None:
    found = softmax(np.array([[1000.0, 1000.0], [-1000.0, 1000.0]], dtype=np.float32))
    assert found.tolist() == [[0.5, 0.5], [0.0, 1.0]]
