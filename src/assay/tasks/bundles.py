"""Open a bundle with the encoder of its own task.

Reads a bundle folder. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.bundle import manifest as manifests
from assay.bundle.classifier import Classifier
from assay.errors import AssayError
from assay.tasks.registry import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.encoding import Encoder
    from assay.bundle.manifest import Manifest


def open_classifier(folder: Path, *, threads: int = 2) -> Classifier:
    """Check a bundle's bytes, then load it.

    Raises:
        BundleRefused: a file is missing, was altered, or does not belong there; the manifest is
            not one of Assay's, or of a task that is not known here.

    """
    return Classifier.open(folder, _encoder, threads=threads)


def _encoder(folder: Path, manifest: Manifest) -> Encoder:
    task = BY_NAME.get(f"{manifest.data}-{manifest.task}")
    if task is None:
        raise manifests.refused(folder, f"{manifests.MANIFEST} names a task that is not known here")
    try:
        return task.encoder(folder, manifest)
    except AssayError:
        raise
    except Exception as problem:  # of tokenizers, which raises no class of its own, and others
        raise manifests.refused(folder, f"its inputs cannot be encoded: {problem}") from problem
