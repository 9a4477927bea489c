from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.errors import SourceRefused, UsageError
from assay.gateways import fetching, sources
from assay.gateways.sources import fashion_mnist
from assay.modalities.image import encoding as image
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
PIXELS = {"train": RANDOM.integers(0, 256, (12, 28, 28), np.uint8)}
PIXELS["t10k"] = RANDOM.integers(0, 256, (5, 28, 28), np.uint8)
NOWHERE = "http://127.0.0.1:9/"


def idx(array: np.ndarray) -> bytes:
    """Return an array as the format of MNIST: a magic number, big-endian sizes, the bytes."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The four files of a set of 17 images, by whose digests the source then goes."""
    folder = tmp_path / "small"
    folder.mkdir()
    digests = {}
    for part, pixels in PIXELS.items():
        numbers = np.arange(len(pixels), dtype=np.uint8) % 10
        for name, array in (("images-idx3", pixels), ("labels-idx1", numbers)):
            file = folder / f"{part}-{name}-ubyte.gz"
            file.write_bytes(gzip.compress(idx(array)))
            digests[file.name] = hashlib.sha256(idx(array)).hexdigest()
    monkeypatch.setattr(fashion_mnist, "SHA256", digests)
    monkeypatch.setattr(fashion_mnist, "INSTALLED", "nowhere")
    monkeypatch.setattr(fashion_mnist, "URL", NOWHERE)
    monkeypatch.delenv(fetching.MIRROR, raising=False)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return folder


def _mirror(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small.parent / "mirror/image").mkdir(parents=True)
    (small.parent / "mirror/image/fashion-mnist").symlink_to(small)
    monkeypatch.setenv(fetching.MIRROR, str(small.parent / "mirror"))


def test_images_come_as_png_with_their_label_and_split(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mirror(small, monkeypatch)
    found = sources.images("fashion-mnist")
    assert len(found) == 17
    images = list(found.read(range(17)))
    assert [one.given for one in images] == ["train"] * 12 + ["test"] * 5
    assert [one.label for one in images[:3]] == ["T-shirt/top", "Trouser", "Pullover"]
    for one, pixels in zip(images, np.concatenate(list(PIXELS.values())), strict=True):
        np.testing.assert_array_equal(image.decode(one.image, 1)[..., 0], pixels)


def test_some_of_them_are_the_same_as_among_all(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mirror(small, monkeypatch)
    found = sources.images("fashion-mnist")
    every = list(found.read(range(17)))
    assert list(found.read({3, 14})) == [every[3], every[14]]


def test_the_official_address_is_asked_once(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(small) as url:
        monkeypatch.setattr(fashion_mnist, "URL", url)
        assert len(fashion_mnist.images()) == 17
    monkeypatch.setattr(fashion_mnist, "URL", NOWHERE)
    assert len(fashion_mnist.images()) == 17
    kept = DOWNLOADS / fashion_mnist.FOLDER
    assert {file.name for file in kept.iterdir()} == set(fashion_mnist.SHA256)


def test_where_nothing_is_reached_both_ways_are_named(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no apt-get here
    with pytest.raises(SourceRefused, match="could not be fetched") as refused:
        fashion_mnist.images()
    assert "there is no apt-get here" in refused.value.found
    assert "train-images-idx3-ubyte.gz" in refused.value.cure
    assert list(DOWNLOADS.iterdir()) == [], "nothing half-fetched stays"


def test_other_bytes_are_refused(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _mirror(small, monkeypatch)
    name = "t10k-labels-idx1-ubyte.gz"
    (small / name).write_bytes(gzip.compress(idx(np.ones(5, np.uint8))))
    with pytest.raises(SourceRefused, match=f"{name} holds has SHA-256") as refused:
        fashion_mnist.images()
    assert refused.value.expected == fashion_mnist.SHA256[name]
    assert "do not use it" in refused.value.cure


def test_a_torn_file_is_refused(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _mirror(small, monkeypatch)
    file = small / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:99])
    with pytest.raises(SourceRefused, match="cannot be unpacked"):
        fashion_mnist.images()


def test_debians_package_holds_the_very_bytes_that_are_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(fetching.MIRROR, raising=False)
    monkeypatch.setattr(fashion_mnist, "URL", NOWHERE)
    try:
        found = fashion_mnist.images()
    except SourceRefused as problem:
        pytest.skip(f"Debian's packages are not reachable: {problem.found}")
    assert len(found) == 70_000
    (last,) = found.read({69_999})
    assert last.given == "test"
    assert last.label == "Sandal"


def test_an_unknown_source_of_images_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no source 'opinions'") as refused:
        sources.images("opinions")
    assert "one of fashion-mnist, cifar10" in refused.value.expected
