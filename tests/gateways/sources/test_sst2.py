from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways import sources
from assay.gateways.sources import sst2
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = 'a "moving" film\t1\nit \'s dull\t0\nfine\t1'  # the last line has no end
DEV = "one long string of cliches\t0\r\ngood\t1\r\n"


def fill(folder: Path, train: str = TRAIN, dev: str = DEV) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.tsv").write_bytes(train.encode())
    (folder / "dev.tsv").write_bytes(dev.encode())


def test_sentences_come_with_their_sentiment_and_split(mirror: Path) -> None:
    fill(mirror / "text/sst2")
    table = sources.texts("sst2")
    assert table.to_dict("list") == {
        "text": ['a "moving" film', "it 's dull", "fine", "one long string of cliches", "good"],
        "label": ["positive", "negative", "positive", "negative", "positive"],
        "given": ["train"] * 3 + ["test"] * 2,
    }


def test_the_address_is_asked_for_what_the_mirror_lacks(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "official")
    fill(mirror / "text/sst2")
    (mirror / "text/sst2/dev.tsv").unlink()
    with served(tmp_path / "official") as url:
        monkeypatch.setattr(sst2, "URL", url)
        assert len(sources.texts("sst2")) == 5
    assert [file.name for file in (DOWNLOADS / "sst2").iterdir()] == ["dev.tsv"]


@pytest.mark.parametrize(
    ("train", "found"),
    [
        ("good\t1\nbad 0\n", r"train.tsv has 1 cells in line 2"),
        ("good\tvery\t1\n", r"train.tsv has 3 cells in line 1"),
        ("good\tpositive\n", r"train.tsv holds the label 'positive'"),
        ("", r"train.tsv has 1 cells in line 1"),
    ],
)
def test_another_file_is_refused(mirror: Path, train: str, found: str) -> None:
    fill(mirror / "text/sst2", train=train)
    with pytest.raises(SourceRefused, match=found):
        sources.texts("sst2")


def test_bytes_that_are_no_text_are_refused(mirror: Path) -> None:
    fill(mirror / "text/sst2")
    (mirror / "text/sst2/dev.tsv").write_bytes(b"caf\xe9\t1\n")
    with pytest.raises(SourceRefused, match=r"dev.tsv is not UTF-8"):
        sources.texts("sst2")
