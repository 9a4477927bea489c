"""Load a bundle and predict: what is served, exactly as it was measured.

Reads a bundle folder, and writes its ``assay.json``. Needs onnxruntime and what ``inputs`` needs,
never torch. A bundle is opened only after every file's SHA-256 was compared with ``assay.json``,
and that of ``assay.json`` with itself; inputs come through an encoder alone, since onnxruntime
takes a negative token id without a word.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import artifacts, inputs
from assay.errors import BundleRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnxruntime

    from assay.progress import Reports

MANIFEST = "assay.json"
MODEL = "model.onnx"
# What the manifest says beside the files' digests and what its kind of input needs.
FACTS = ("task", "labels", "precision", "inputs", "fingerprints")


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


def softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return float64 probabilities along the last axis."""
    shifted = logits.astype(np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


class Bundle:
    """An opened bundle."""

    def __init__(
        self, folder: Path, manifest: dict[str, Any], kind: inputs.Kind, threads: int
    ) -> None:
        self.folder = folder
        self.task: str = manifest["task"]
        self.labels: tuple[str, ...] = tuple(manifest["labels"])
        self.precision: str = manifest["precision"]
        self.fingerprints: dict[str, str] = manifest["fingerprints"]
        # What the encoder goes by: the longest text, or the number of channels.
        self.facts: dict[str, Any] = {name: manifest[name] for name in kind.FACTS}
        self.encode = kind.encoder(folder, manifest)
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
        kind = inputs.kind(str(manifest.get("task")))
        if kind is None:
            raise _refused(folder, f"{MANIFEST} does not say task, or one that is not known here")
        if lacking := [name for name in (*FACTS, *kind.FACTS) if name not in manifest]:
            raise _refused(folder, f"{MANIFEST} does not say {', '.join(lacking)}")
        return cls(folder, manifest, kind, threads)

    @property
    def provider(self) -> str:
        """The execution provider that really runs, e.g. ``CPUExecutionProvider``."""
        return str(self._session.get_providers()[0])

    def logits(self, feeds: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        """Return float32 logits (batch, classes) of one batch as the encoder gives it."""
        given = {name: array for name, array in feeds.items() if name in self._inputs}
        return np.asarray(self._session.run(None, given)[0])

    def probabilities(
        self,
        given: Sequence[Any],
        *,
        batch_size: int = 32,
        progress: Reports | None = None,
    ) -> np.ndarray[Any, Any]:
        """Return float64 probabilities of shape (inputs, classes), in the order given.

        ``given`` holds what the task reads: texts, or the bytes of image files.
        """
        answer = np.zeros((len(given), len(self.labels)))
        for rows, feeds in self.encode(given).batches(batch_size):
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
