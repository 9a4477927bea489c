from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from assay.gateways.sources.images import png
from assay.modalities.image import fingerprint as module
from assay.modalities.image.fingerprint import (
    Broken,
    Fingerprint,
    distance,
    fingerprint,
    near_pairs,
)
from tests.tasks.image_classification import pictures

SCANS = [png(pixels) for pixels, _ in pictures.scans()[:60]]


def look(content: bytes) -> Fingerprint:
    found = fingerprint(content)
    assert isinstance(found, Fingerprint)
    return found


def changed(content: bytes, how: str) -> bytes:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    if how == "smaller":
        image = image.resize((36, 36), Image.Resampling.LANCZOS)
    if how == "brighter":
        image = ImageEnhance.Brightness(image).enhance(1.02)
    stream = io.BytesIO()
    image.save(stream, "JPEG" if how == "jpeg" else "PNG", quality=90)
    return stream.getvalue()


def test_an_image_is_measured() -> None:
    pixels = np.zeros((10, 20), np.uint8)
    pixels[:, :10] = 200
    found = look(png(pixels))
    assert (found.width, found.height, found.mode) == (20, 10, "L")
    assert found.mean == pytest.approx(100)
    assert found.contrast == pytest.approx(100)


def test_equal_pixels_have_equal_digests_whatever_the_file() -> None:
    pixels = np.full((8, 8), 7, np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(stream, "BMP")
    assert look(stream.getvalue()).digest == look(png(pixels)).digest
    assert look(png(pixels[:4])).digest != look(png(pixels[:, :4])).digest


def test_what_does_not_decode_says_why() -> None:
    assert fingerprint(b"") == Broken("not a whole image: it is empty")
    found = fingerprint(SCANS[0][:99])
    assert isinstance(found, Broken)


@pytest.mark.parametrize("how", ["jpeg", "smaller", "brighter"])
def test_a_picture_that_was_saved_anew_is_near_and_no_other_is(how: str) -> None:
    every = [look(one) for one in SCANS] + [look(changed(one, how)) for one in SCANS]
    hashes = np.array([one.hash for one in every], np.uint64)
    pairs = near_pairs(hashes, np.stack([one.thumbnail for one in every]), 6)
    found = {tuple(pair) for pair in pairs.tolist()}
    twins = {(place, place + len(SCANS)) for place in range(len(SCANS))}
    assert found <= twins
    assert len(found) >= 0.9 * len(twins)


def test_flat_pictures_of_one_hash_are_not_near() -> None:
    light, dark = (np.full((32, 32), value, np.uint8) for value in (200, 60))
    for one in (light, dark):
        one[8:24, 8:24] -= 40
    first, second = look(png(light)), look(png(dark))
    assert first.hash == second.hash
    both = np.stack([first.thumbnail, second.thumbnail])
    assert len(near_pairs(np.array([first.hash, second.hash], np.uint64), both, 4)) == 0


@pytest.mark.parametrize("bits", [0, 1, 4, 16])
def test_no_pair_is_missed(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(module, "PAIRS_AT_ONCE", 3)
    random = np.random.default_rng(bits)
    seeds = random.integers(0, 2**63, 12, dtype=np.uint64)
    flips = random.integers(0, 64, (96, 6), dtype=np.uint64)
    hashes = seeds[np.arange(96) % 12]
    for column in flips.T:
        flipped = random.random(96) < 0.1 + 0.05 * bits
        hashes ^= np.where(flipped, np.uint64(1) << column, np.uint64(0))
    thumbnails = random.integers(100, 112, (96, 256), dtype=np.uint8)
    thumbnails[::5] += 30
    expected = [
        [one, other]
        for one, other in combinations(range(96), 2)
        if int(hashes[one] ^ hashes[other]).bit_count() <= bits
        and distance(thumbnails[one], thumbnails[other]) <= module.MOST_APART
    ]
    found = near_pairs(hashes, thumbnails, bits)
    assert found.tolist() == expected
    assert len(expected) > 5


def test_no_rows_make_no_pairs() -> None:
    assert near_pairs(np.zeros(0, np.uint64), np.zeros((0, 256), np.uint8), 4).shape == (0, 2)
