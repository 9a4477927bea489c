"""What an image is, in numbers, and which images are nearly the same.

Reads encoded images. Writes nothing. The perceptual hash is the sign of 64 low frequencies against
their median (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
Flat pictures of like shape (two white shirts) share it too: a pair counts as near only when its
thumbnails agree as well, pixel by pixel.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import UnreadableImage
from assay.modalities.image import encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]
    Thumbnails = np.ndarray[Any, np.dtype[np.uint8]]
    Pairs = np.ndarray[Any, np.dtype[np.int64]]

BITS = 64
# Pixels a side: of the picture that is hashed, and of the one by which a pair is verified.
HASHED, COMPARED = 32, 16
# Grey levels, root mean square: what JPEG, a smaller size and a touch of light change stays below;
# two garments of one cut differ by more.
MOST_APART = 6.0
# Pairs whose distance is taken at a time, and rows of one bucket that are compared at a time.
PAIRS_AT_ONCE, ROWS_AT_ONCE = 2**15, 2**11


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One image that decodes.

    Attributes:
        width: pixels, as a viewer shows it.
        height: pixels, as a viewer shows it.
        mode: Pillow's name for the channels of the file, e.g. ``RGB``.
        mean: the mean grey value, 0 to 255.
        contrast: the standard deviation of the grey values.
        digest: SHA-256 of size and RGB pixels: equal pictures have equal digests, as PNG or BMP.
        hash: the perceptual hash.
        thumbnail: uint8 of shape (256,), by which near pictures are compared.

    """

    width: int
    height: int
    mode: str
    mean: float
    contrast: float
    digest: str
    hash: int
    thumbnail: Thumbnails


@dataclass(frozen=True, slots=True)
class Broken:
    """One image that does not decode, and why."""

    reason: str


def fingerprint(content: bytes) -> Fingerprint | Broken:
    """Look at one image."""
    try:
        stored = encoding.loaded(content)
    except UnreadableImage as problem:
        return Broken(problem.found)
    image = encoding.shown(stored)
    grey = image.convert("L")
    mean, contrast = _spread(grey)
    return Fingerprint(
        width=image.width,
        height=image.height,
        mode=stored.mode,
        mean=mean,
        contrast=contrast,
        digest=_digest(image),
        hash=perceptual_hash(encoding.thumbnail(grey, HASHED)),
        thumbnail=encoding.thumbnail(grey, COMPARED).reshape(-1),
    )


def perceptual_hash(pixels: Thumbnails) -> int:
    """Return 64 bits of a grey picture of :data:`HASHED` x :data:`HASHED` pixels.

    Bit k tells whether the k-th lowest frequency (the mean left out) is one of the upper half.
    """
    frequencies = (_COSINES @ pixels.astype(np.float64) @ _COSINES.T).ravel()[_LOWEST]
    # Rounded, so that sums of another order (another processor) do not flip a bit in the middle.
    frequencies = frequencies.round(3)
    bits = frequencies > np.sort(frequencies)[BITS // 2 - 1]
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near_pairs(hashes: Hashes, thumbnails: Thumbnails, most_bits: int) -> Pairs:
    """Return all pairs of rows (first < second), sorted, that are nearly the same picture.

    ``hashes`` is uint64 of shape (rows,), ``thumbnails`` uint8 of shape (rows, 256). A pair is near
    when at most ``most_bits`` bits differ and the thumbnails are at most :data:`MOST_APART` apart.
    None is missed: hashes that differ in k bits agree on at least one of k + 1 parts.
    """
    found = [
        _verified(pairs, thumbnails)
        for part in _parts(most_bits)
        for rows in _alike(hashes >> np.uint64(part[0]) & np.uint64(2 ** (part[1] - part[0]) - 1))
        for pairs in _within(hashes, rows, most_bits)
    ]
    if not found:
        return np.zeros((0, 2), dtype=np.int64)
    return np.unique(np.concatenate(found), axis=0)


def distance(left: Thumbnails, right: Thumbnails) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the root mean square difference of thumbnails along the last axis, in grey levels."""
    apart = left.astype(np.float32) - right.astype(np.float32)
    found: np.ndarray[Any, np.dtype[np.float32]] = np.sqrt(np.square(apart).mean(axis=-1))
    return found


def _parts(most_bits: int) -> Iterator[tuple[int, int]]:
    """Yield the bit ranges of ``most_bits`` + 1 parts of a hash."""
    ends = [BITS * number // (most_bits + 1) for number in range(most_bits + 2)]
    return pairwise(ends)


def _alike(keys: Hashes) -> Iterator[Pairs]:
    """Yield the rows of each key that more than one row has, ascending."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    return (rows for rows in np.split(order, starts) if len(rows) > 1)


def _within(hashes: Hashes, rows: Pairs, most_bits: int) -> Iterator[Pairs]:
    """Yield the pairs among ``rows`` whose hashes differ in few bits, some at a time."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        for other in range(start, len(rows), ROWS_AT_ONCE):
            others = rows[other : other + ROWS_AT_ONCE]
            differing = np.bitwise_count(hashes[some][:, None] ^ hashes[others][None, :])
            first, second = np.nonzero(differing <= most_bits)
            pairs = np.stack([some[first], others[second]], axis=1)
            yield pairs[pairs[:, 0] < pairs[:, 1]]


def _verified(pairs: Pairs, thumbnails: Thumbnails) -> Pairs:
    kept = [
        some[distance(thumbnails[some[:, 0]], thumbnails[some[:, 1]]) <= MOST_APART]
        for start in range(0, len(pairs), PAIRS_AT_ONCE)
        for some in [pairs[start : start + PAIRS_AT_ONCE]]
    ]
    return np.concatenate(kept) if kept else pairs[:0]


def _spread(grey: Image) -> tuple[float, float]:
    """Return mean and standard deviation of a grey image, from its histogram."""
    counts = np.asarray(grey.histogram(), dtype=np.float64)
    mean = float(counts @ _LEVELS / counts.sum())
    return mean, float(counts @ np.square(_LEVELS - mean) / counts.sum()) ** 0.5


def _digest(image: Image) -> str:
    size = f"{image.width}x{image.height}\x1f".encode()
    return hashlib.sha256(size + image.convert("RGB").tobytes()).hexdigest()


def _cosines() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the first nine rows of the DCT-II of :data:`HASHED` points."""
    places = (np.arange(HASHED) + 0.5) * np.pi / HASHED
    found: np.ndarray[Any, np.dtype[np.float64]] = np.cos(np.outer(np.arange(9), places))
    return found


def _lowest() -> Pairs:
    """Return the places of the 64 lowest frequencies in a 9 x 9 block, the mean left out."""
    down, across = np.divmod(np.arange(81), 9)
    order = np.lexsort((down, down + across))
    return order[1 : BITS + 1]


_COSINES, _LOWEST, _LEVELS = _cosines(), _lowest(), np.arange(256.0)
