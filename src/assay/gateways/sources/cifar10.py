"""CIFAR-10: 60,000 colour images of animals and vehicles, 32 x 32, ten classes, a test split.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009. Looked for in the mirror
(Parquet files as Hugging Face lays them out, or the official archive), in ``data/downloads``, and
at its official address. The archive holds pickles: they are read only when the archive's digest is
right, by an unpickler that admits arrays and nothing else.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.gateways.sources import listed
from assay.gateways.sources.images import Arrays
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    from pathlib import Path

    from assay.gateways.sources.images import Images

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE = "cifar-10-python.tar.gz"  # its published MD5 is c58f30108f718f92721af3b95e74349a
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
BATCHES = {
    **{f"cifar-10-batches-py/data_batch_{number}": "train" for number in range(1, 6)},
    "cifar-10-batches-py/test_batch": "test",
}
SHAPE = (3, 32, 32)  # of one image in the archive: channels, height, width
LABELS = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def of_archive(archive: Path) -> Arrays:
    """Return what the official archive holds: 180 MB of pixels.

    Raises:
        SourceRefused: other bytes, or more than arrays in them.

    """
    fetching.check_digest(archive, SHA256)
    with tarfile.open(archive) as tar:
        parts = [(given, *_batch(tar, name)) for name, given in BATCHES.items()]
    return Arrays(parts, LABELS)


def images() -> Images:
    """Return all images.

    Raises:
        SourceRefused: nowhere to be had, or other bytes.

    """
    laid_out = {name: fetching.mirrored(f"image/cifar10/{name}.parquet") for name in GIVEN}
    if all(laid_out.values()):
        parts = [
            listed.Embedded(file, given=name, classes=LABELS)
            for name, file in laid_out.items()
            if file
        ]
        return listed.Joined(parts)
    fetch = partial(fetching.http_download, URL)
    return of_archive(fetching.find(f"image/cifar10/{ARCHIVE}", DOWNLOADS / ARCHIVE, fetch))


GIVEN = ("train", "test")


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that builds numpy arrays, and refuses every other class by its name."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what an array is rebuilt with."""
        # The archive was written by a numpy whose modules had other names.
        if (module, name) in {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
        }:
            return _empty_array
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return np.dtype
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _empty_array(kind: type, shape: tuple[int, ...], code: bytes) -> Any:
    """Return the empty array that a pickle then fills."""
    return np.ndarray.__new__(kind, shape, np.dtype(code.decode("ascii")))


def _batch(tar: tarfile.TarFile, name: str) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Return one file's uint8 pixels (images, 32, 32, 3) and class numbers."""
    try:
        content = tar.extractfile(name)
        found = load(content.read() if content else b"")
        pixels = found[b"data"].reshape(-1, *SHAPE).transpose(0, 2, 3, 1)
        labels = [int(number) for number in found[b"labels"]]
        if pixels.dtype != np.uint8 or len(pixels) != len(labels):
            raise ValueError("pixels and labels do not fit")
        return pixels, labels
    except (KeyError, ValueError, AttributeError, EOFError, pickle.UnpicklingError) as problem:
        raise SourceRefused(
            f"{name} of {ARCHIVE} is refused: {problem}",
            expected="arrays of pixels and lists of labels, and nothing else",
            cure="remove the archive and run again to fetch it anew",
        ) from problem


def load(content: bytes) -> Any:
    """Read a pickle of bytes, numbers, lists, dictionaries and arrays.

    Raises:
        UnpicklingError: it asks for anything else.

    """
    return _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
