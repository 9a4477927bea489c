"""Fashion-MNIST: 70,000 grey images of garments, 28 x 28, ten classes, with a test split.

Xiao, Rasul and Vollgraf, "Fashion-MNIST", arXiv 1708.07747; MIT licence. Looked for in the mirror,
in ``data/downloads``, where Debian's ``dataset-fashion-mnist`` installs it, at its official
address, and in Debian's package, which is unpacked and not installed. Writes ``data/downloads``
only.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import SourceRefused
from assay.files import replacing
from assay.gateways import fetching
from assay.gateways.sources.images import Arrays
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.uint8]]

URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
PACKAGE, INSTALLED = "dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"
FOLDER = "fashion-mnist"
# SHA-256 of what the .gz files hold, not of these: Debian packs the same bytes anew.
SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    ),
    "train-labels-idx1-ubyte.gz": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    ),
}
PARTS = {"train": "train", "test": "t10k"}
LABELS = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
# No more is unpacked: the largest of the four files and some room.
MOST_BYTES = 64 * 2**20
IDX_HEADER = {1: 8, 3: 16}  # bytes before the data, by the number of dimensions


def images() -> Arrays:
    """Return all images: 55 MB of pixels.

    Raises:
        SourceRefused: nowhere to be had (says where it was looked for), or other bytes.

    """
    folder = _folder()
    parts = [
        (
            given,
            _read(folder / f"{stem}-images-idx3-ubyte.gz"),
            _read(folder / f"{stem}-labels-idx1-ubyte.gz"),
        )
        for given, stem in PARTS.items()
    ]
    return Arrays(parts, LABELS)


def _folder() -> Path:
    fetched = DOWNLOADS / FOLDER
    first = next(iter(SHA256))
    for folder in (_mirror(), fetched, Path("/") / INSTALLED):
        if folder is not None and (folder / first).is_file():
            return folder
    _fetch(fetched)
    return fetched


def _mirror() -> Path | None:
    found = fetching.mirrored(f"image/{FOLDER}/{next(iter(SHA256))}")
    return found.parent if found else None


def _fetch(target: Path) -> None:
    """Fetch the four files from their official address, else from Debian."""
    try:
        with replacing(target) as beside:
            for name in SHA256:
                fetching.http_download(URL + name, beside / name)
    except SourceRefused as official:
        try:
            fetching.apt_download(PACKAGE, INSTALLED, target)
        except SourceRefused as debian:
            raise SourceRefused(
                f"Fashion-MNIST could not be fetched. {official.found}. {debian.found}",
                expected=f"a way to {URL}, or to Debian's packages",
                cure=f"put its four files {', '.join(SHA256)} into {target}/ by hand, or into "
                f"{fetching.MIRROR}/image/{FOLDER}/",
            ) from debian


def _read(path: Path) -> Array:
    """Return one IDX file as an array, after a look at its digest."""
    try:
        with gzip.open(path) as stream:
            content = stream.read(MOST_BYTES)
    except (OSError, EOFError) as problem:
        raise SourceRefused(
            f"{path} cannot be unpacked: {problem}",
            expected="a whole gzip file",
            cure="remove it and run again to fetch it anew",
        ) from problem
    fetching.check_content(f"what {path} holds", content, SHA256[path.name])
    sizes = np.frombuffer(content, dtype=">i4", offset=4, count=content[3])
    data = np.frombuffer(content, dtype=np.uint8, offset=IDX_HEADER[content[3]])
    return data.reshape(sizes)
