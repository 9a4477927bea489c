"""What a bundle says of itself: ``assay.json``, checked against its own digest and every file.

Reads a bundle folder, and writes its ``assay.json``. A bundle is opened only after every file's
SHA-256 was compared with the manifest, and that of the manifest with itself.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.errors import BundleRefused
from assay.files import sha256, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "assay.json"
MODEL = "model.onnx"
# The fp32 graph beside one in int8, where the settings ask for it.
FALLBACK = "fp32.onnx"
SCHEMA = 3

Precision = Literal["fp32", "int8"]


class Port(BaseModel):
    """An input or output of the graph.

    Attributes:
        name: of the tensor.
        type: of its elements, as numpy names it (``int64``, ``uint8``, ``float32``, ``str``).
        shape: sizes; a name where a size may vary.
        example: the sizes of a small valid tensor.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: str
    shape: tuple[int | str, ...]
    example: tuple[int, ...]


class Manifest(BaseModel):
    """All that whoever opens a bundle needs to know.

    Attributes:
        schema_version: of this record.
        model: the model's name in ``params.yaml``.
        data: the modality, which decides how inputs are encoded.
        task: what was learned, which decides what outputs mean.
        labels: a classifier's classes in the order of its logits.
        precision: of the graph.
        inputs: the graph's inputs.
        outputs: the graph's outputs.
        encoder: what the modality's encoder goes by, e.g. the greatest number of tokens.
        threshold: a classifier calls an input out of scope whose
            :func:`~assay.bundle.classifier.scope_scores` are below; None: it calls none so.
        golden_max_abs_diff: greatest difference of a logit between the graph and fp32 on the golden
            rows, on the processor that the bundle was made on.
        made_from: SHA-256 of the weights and of the train and validation splits.
        processor: the processor class that the bundle was made on.
        versions: of the libraries that made it.
        files: SHA-256 of every other file of the bundle.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[3] = 3
    model: str
    data: str
    task: str
    labels: tuple[str, ...] = ()
    precision: Precision
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    encoder: dict[str, int | tuple[str, ...]] = {}
    threshold: float | None = None
    golden_max_abs_diff: float = 0.0
    made_from: dict[str, str]
    processor: str
    versions: dict[str, str]
    files: dict[str, str] = {}

    def number(self, name: str, default: int | None = None) -> int:
        """Return a number that the encoder goes by; ``default`` where an older bundle has none.

        Raises:
            BundleRefused: the manifest does not say it, and there is no default.

        """
        value = self.encoder.get(name, default)
        if not isinstance(value, int):
            raise _unsaid(name)
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of names that the encoder goes by.

        Raises:
            BundleRefused: the manifest does not say it.

        """
        value = self.encoder.get(name)
        if not isinstance(value, tuple):
            raise _unsaid(name)
        return value


def write(folder: Path, manifest: Manifest) -> None:
    """Write ``assay.json``: the manifest with the SHA-256 of every file that is there, and its own.

    The manifest's own digest finds an accident. Who alters it on purpose can write a new one, but
    not the folder's digest in ``dvc.lock`` and in the registry.
    """
    listed = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    files = {path.name: sha256(path) for path in listed}
    stated = manifest.model_copy(update={"files": files}).model_dump(mode="json")
    write_json(folder / MANIFEST, {**stated, "digest": _digest(stated)})


def read(folder: Path) -> Manifest:
    """Read ``assay.json``; check it against itself, and every file of the bundle against it.

    Raises:
        BundleRefused: a file is missing, was altered, or doesn't belong there; the manifest is of
            another version of Assay.

    """
    manifest = read_alone(folder)
    found = {path.name for path in folder.iterdir()} - {MANIFEST}
    if unlisted := sorted(found ^ set(manifest.files)):
        raise refused(folder, f"{', '.join(unlisted)} is missing, or is not listed in {MANIFEST}")
    altered = [name for name, own in manifest.files.items() if sha256(folder / name) != own]
    if altered:
        raise refused(folder, f"the bytes of {', '.join(sorted(altered))} were altered")
    return manifest


def read_alone(folder: Path) -> Manifest:
    """Read ``assay.json`` and check it against itself; no other file of the bundle is looked at.

    Raises:
        BundleRefused: it is missing, altered, or of another version of Assay.

    """
    return _parsed(folder, _stated(folder))


def refused(folder: Path, found: str) -> BundleRefused:
    """Return the refusal of a bundle."""
    return BundleRefused(
        f"the bundle {folder} is refused: {found}",
        expected=f"exactly the bytes that {MANIFEST} lists, as they were measured",
        cure="build it again (assay run MODEL) or fetch it again (dvc pull); do not serve this one",
    )


def _unsaid(name: str) -> BundleRefused:
    return BundleRefused(
        f"the bundle's {MANIFEST} does not say {name}",
        expected="a bundle of this version of Assay",
        cure="build it again: assay run MODEL",
    )


def _stated(folder: Path) -> dict[str, Any]:
    """Return what ``assay.json`` says, without its digest, which must be right."""
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        own = content.pop("digest", None)
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise refused(folder, f"{MANIFEST} is missing or unreadable") from problem
    if own is None:
        raise refused(folder, f"{MANIFEST} holds no digest of its own")
    if own != _digest(content):
        raise refused(folder, f"{MANIFEST} was altered: its digest is not that of what it says")
    return content


def _parsed(folder: Path, stated: dict[str, Any]) -> Manifest:
    if stated.get("schema_version") != SCHEMA:
        raise refused(folder, f"{MANIFEST} was written by another version of Assay")
    try:
        return Manifest.model_validate(stated)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise refused(folder, f"{MANIFEST} is wrong at {where}: {first['msg']}") from problem


def _digest(stated: Mapping[str, Any]) -> str:
    """Return the SHA-256 of JSON with sorted keys, no space, and ASCII alone."""
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
