"""Load a bundle and predict: what is served, exactly as it was measured.

Reads a bundle folder, and writes its ``assay.json``. Needs onnxruntime and tokenizers, never
torch. A bundle is opened only after every file's SHA-256 was compared with ``assay.json``, and
that of ``assay.json`` with itself; inputs are checked here, since onnxruntime takes a negative
token id without a word.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import artifacts
from assay.errors import BundleRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import onnxruntime
    import tokenizers

    from assay.progress import Reports

MANIFEST = "assay.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
# What the manifest says beside the files' digests.
FACTS = ("task", "labels", "precision", "inputs", "max_length", "fingerprints")
# Lengths are padded up to a multiple of this: every new matrix shape costs a runtime its planning.
LENGTH_STEP = 8


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``assay.json``: the facts, the SHA-256 of every file that is there, and its own.

    ``facts`` holds at least :data:`FACTS`. The manifest's own digest finds an accident or a slip
    of the hand. Who alters it on purpose can write a new one, but not the folder's digest in
    ``dvc.lock`` and in the registry.
    """
    listed = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    stated = {**facts, "files": {path.name: artifacts.sha256(path) for path in listed}}
    artifacts.write_json(folder / MANIFEST, {**stated, "digest": _digest(stated)})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read ``assay.json``; check it against itself, and every file of the bundle against it.

    Raises:
        BundleRefused: a file is missing, was altered, or doesn't belong there.

    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        own = manifest.get("digest")
        listed: Mapping[str, str] = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _refused(folder, f"{MANIFEST} is missing or unreadable") from problem
    if own is None:
        raise _refused(folder, f"{MANIFEST} holds no digest of its own")
    if own != _digest({name: fact for name, fact in manifest.items() if name != "digest"}):
        raise _refused(folder, f"{MANIFEST} was altered: what it says is not what its digest says")
    found = {path.name for path in folder.iterdir()} - {MANIFEST}
    if strange := sorted(found ^ set(listed)):
        raise _refused(folder, f"{', '.join(strange)} is missing, or is not listed in {MANIFEST}")
    altered = [name for name, digest in listed.items() if artifacts.sha256(folder / name) != digest]
    if altered:
        raise _refused(folder, f"the bytes of {', '.join(sorted(altered))} were altered")
    return manifest


def _digest(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of facts as JSON with sorted keys, no space, and ASCII alone."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def open_session(
    model: bytes | str, threads: int, *, profile: bool = False
) -> onnxruntime.InferenceSession:
    """Return a session on the best provider that is really there.

    onnxruntime-gpu without CUDA falls back to the CPU and still calls itself GPU, so only
    ``session.get_providers()`` is to be believed.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)  # "no CUDA here" is not worth a page of text
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    options.enable_profiling = profile
    wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    usable = [name for name in wanted if name in onnxruntime.get_available_providers()]
    return onnxruntime.InferenceSession(model, options, providers=usable)


@dataclass(frozen=True)
class Encoding:
    """Token ids of many texts, each cut to the model's longest length."""

    ids: list[list[int]]
    truncated: int

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) from the shortest to the longest text, so that padding stays small.

        Feeds are ``input_ids`` and ``attention_mask``, int64 of shape (batch, length).
        """
        order = sorted(range(len(self.ids)), key=lambda row: (len(self.ids[row]), row))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield rows, padded([self.ids[row] for row in rows])


def padded(ids: Sequence[Sequence[int]], step: int = LENGTH_STEP) -> dict[str, Any]:
    """Return ``input_ids`` and ``attention_mask``, int64 (batch, length), padded with zeros."""
    longest = max(len(row) for row in ids)
    length = -(-longest // step) * step
    input_ids = np.zeros((len(ids), length), dtype=np.int64)
    mask = np.zeros_like(input_ids)
    for place, row in enumerate(ids):
        input_ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return {"input_ids": input_ids, "attention_mask": mask}


def softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return float64 probabilities along the last axis."""
    shifted = logits.astype(np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


class TextEncoder:
    """A tokenizer file, set to cut at a length."""

    def __init__(self, tokenizer: Path, max_length: int) -> None:
        import tokenizers

        self._tokenizer: tokenizers.Tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length)

    def __call__(self, texts: Sequence[str]) -> Encoding:
        """Encode texts; one that is longer is cut, and counted."""
        encoded = self._tokenizer.encode_batch_fast([str(text) for text in texts])
        return Encoding([e.ids for e in encoded], sum(bool(e.overflowing) for e in encoded))


class Bundle:
    """An opened bundle."""

    def __init__(self, folder: Path, manifest: dict[str, Any], threads: int) -> None:
        self.folder = folder
        self.task: str = manifest["task"]
        self.labels: tuple[str, ...] = tuple(manifest["labels"])
        self.precision: str = manifest["precision"]
        self.fingerprints: dict[str, str] = manifest["fingerprints"]
        self.max_length: int = manifest["max_length"]
        self.encode = TextEncoder(folder / TOKENIZER, self.max_length)
        self._inputs: set[str] = set(manifest["inputs"])
        self._session = open_session(str(folder / MODEL), threads)

    @classmethod
    def open(cls, folder: Path, *, threads: int = 2) -> Bundle:
        """Check a bundle's bytes, then load it.

        Raises:
            BundleRefused: a file is missing, was altered, or does not belong there; the manifest
                is not one of Assay's.

        """
        manifest = read_manifest(folder)
        if lacking := [name for name in FACTS if name not in manifest]:
            raise _refused(folder, f"{MANIFEST} does not say {', '.join(lacking)}")
        return cls(folder, manifest, threads)

    @property
    def provider(self) -> str:
        """The execution provider that really runs, e.g. ``CPUExecutionProvider``."""
        return str(self._session.get_providers()[0])

    def logits(self, feeds: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        """Return float32 logits (batch, classes) of padded token ids."""
        given = {name: array for name, array in feeds.items() if name in self._inputs}
        return np.asarray(self._session.run(None, given)[0])

    def probabilities(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        progress: Reports | None = None,
    ) -> np.ndarray[Any, Any]:
        """Return float64 probabilities of shape (texts, classes), in the texts' order."""
        answer = np.zeros((len(texts), len(self.labels)))
        for rows, feeds in self.encode(texts).batches(batch_size):
            answer[rows] = softmax(self.logits(feeds))
            if progress:
                progress.advance(len(rows))
        return answer


def _refused(folder: Path, found: str) -> BundleRefused:
    return BundleRefused(
        f"the bundle {folder} is refused: {found}",
        expected=f"exactly the bytes that {MANIFEST} lists, as they were measured",
        cure="build it again (assay run MODEL) or fetch it again (dvc pull); do not serve this one",
    )
