from __future__ import annotations

import hashlib
import io
import os
import pickle
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.errors import SourceRefused
from assay.gateways import fetching, sources
from assay.gateways.sources import cifar10
from assay.gateways.sources.images import png
from assay.modalities.image import encoding as image
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv(fetching.MIRROR, raising=False)


def archive(path: Path, **spoiled: Any) -> str:
    """Write an archive laid out as the official one, three images a file; return its digest."""
    with tarfile.open(path, "w:gz") as tar:
        for name in cifar10.BATCHES:
            batch = {
                b"data": RANDOM.integers(0, 256, (3, 3072), np.uint8),
                b"labels": [0, 1, 9],
                b"batch_label": b"training batch 1 of 5",
            }
            content = pickle.dumps(batch | {k.encode(): v for k, v in spoiled.items()}, protocol=3)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_official_archive_is_fetched_checked_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "SHA256", archive(tmp_path / cifar10.ARCHIVE))
    with served(tmp_path) as url:
        monkeypatch.setattr(cifar10, "URL", url + cifar10.ARCHIVE)
        found = sources.images("cifar10")
    assert len(found) == 18
    images = list(found.read(range(18)))
    assert [one.given for one in images] == ["train"] * 15 + ["test"] * 3
    assert [one.label for one in images[:3]] == ["airplane", "automobile", "truck"]
    assert image.decode(images[0].image, 3).shape == (32, 32, 3)
    assert [file.name for file in DOWNLOADS.iterdir()] == [cifar10.ARCHIVE]


def test_planes_become_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    red = np.repeat(np.array([[200, 10, 30]], np.uint8), 1024, axis=1)
    digest = archive(tmp_path / cifar10.ARCHIVE, data=red, labels=[6])
    monkeypatch.setattr(cifar10, "SHA256", digest)
    (first, *_) = cifar10.of_archive(tmp_path / cifar10.ARCHIVE).read(range(1))
    assert (image.decode(first.image, 3) == [200, 10, 30]).all()


def test_an_archive_of_other_bytes_is_never_unpickled(tmp_path: Path) -> None:
    digest = archive(tmp_path / cifar10.ARCHIVE)
    with pytest.raises(SourceRefused, match=f"has SHA-256 {digest}") as refused:
        cifar10.of_archive(tmp_path / cifar10.ARCHIVE)
    assert refused.value.expected == cifar10.SHA256


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


@pytest.mark.parametrize("content", [Evil(), range(3), slice(1), [Evil()]])
def test_a_pickle_of_anything_but_arrays_is_refused(content: Any, tmp_path: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match="it asks for"):
        cifar10.load(pickle.dumps(content, protocol=3))
    assert not (tmp_path / "project/ran").exists()


def test_arrays_lists_and_bytes_are_read() -> None:
    content = {b"data": np.arange(6, dtype=np.uint8).reshape(2, 3), b"labels": [1, 2], b"n": b"x"}
    found = cifar10.load(pickle.dumps(content, protocol=3))
    np.testing.assert_array_equal(found.pop(b"data"), content.pop(b"data"))
    assert found == content


@pytest.mark.parametrize(
    "spoiled", [{"labels": [1]}, {"data": np.zeros((3, 3072))}, {"labels": Evil()}]
)
def test_a_batch_that_does_not_fit_is_refused(
    spoiled: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "SHA256", archive(tmp_path / cifar10.ARCHIVE, **spoiled))
    with pytest.raises(SourceRefused, match=r"data_batch_1 of .* is refused"):
        cifar10.of_archive(tmp_path / cifar10.ARCHIVE)


def test_the_mirrors_parquet_files_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mirror/image/cifar10"
    folder.mkdir(parents=True)
    contents = [png(RANDOM.integers(0, 256, (32, 32, 3), np.uint8)) for _ in range(5)]
    for name, chosen in (("train", contents[:3]), ("test", contents[3:])):
        rows = [{"img": {"bytes": one, "path": None}, "label": 3} for one in chosen]
        parquet.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))
    found = list(sources.images("cifar10").read(range(5)))
    assert [one.image for one in found] == contents
    assert [one.given for one in found] == ["train"] * 3 + ["test"] * 2
    assert {one.label for one in found} == {"cat"}


def test_an_address_that_does_not_answer_is_said_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cifar10, "URL", "http://127.0.0.1:9/" + cifar10.ARCHIVE)
    with pytest.raises(SourceRefused, match="could not be fetched") as refused:
        cifar10.images()
    assert f"put the file into {DOWNLOADS}/ by hand" in refused.value.cure
    assert not DOWNLOADS.exists()
