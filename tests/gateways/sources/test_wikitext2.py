from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import fetching, sources
from assay.gateways.sources import wikitext2
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

LOBSTER = " = Lobster = \n \n It is blue = or red . \n \n = = Life = = \n \n Long . \n \n"
ROAD = " = M @-@ 82 ( road ) = \n \n A road . \n = = = Junctions = = = \n"


def fill(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)


def test_the_validation_file_alone_is_read_an_article_a_document(mirror: Path) -> None:
    fill(mirror / "text/wikitext2", valid=" \n" + LOBSTER + ROAD)
    assert sources.corpus("wikitext2").to_dict("list") == {
        "text": [LOBSTER, ROAD],
        "part": ["valid"] * 2,
    }


def test_the_test_file_is_the_given_test_split(mirror: Path) -> None:
    fill(mirror / "text/wikitext2", train=LOBSTER, valid=ROAD, test=ROAD + LOBSTER)
    table = sources.corpus("wikitext2")
    assert table["part"].tolist() == ["train", "valid", "test", "test"]
    assert table["given"].tolist() == ["train", "train", "test", "test"]


def test_an_empty_mirror_lets_all_three_be_fetched(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "web", train=LOBSTER, valid=ROAD, test=ROAD)
    with served(tmp_path / "web") as url:
        monkeypatch.setattr(wikitext2, "URL", url)
        with pytest.raises(SourceRefused, match="has SHA-256"):
            sources.corpus("wikitext2")
        digests = {part: sha256(tmp_path / f"web/{part}.txt") for part in wikitext2.SHA256}
        monkeypatch.setattr(wikitext2, "SHA256", digests)
        assert len(sources.corpus("wikitext2")) == 3
    assert len(list((DOWNLOADS / "wikitext2").iterdir())) == 3


def test_a_file_without_articles_is_refused(mirror: Path) -> None:
    fill(mirror / "text/wikitext2", valid=" = = Life = = \n \n Long . \n")
    with pytest.raises(SourceRefused, match=r"valid.txt holds no line such as"):
        sources.corpus("wikitext2")


def test_the_mirrors_file_is_sixty_articles(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    file = fetching.mirrored("text/wikitext2/valid.txt")
    if file is None or sha256(file) != wikitext2.SHA256["valid"]:
        pytest.skip("ASSAY_MIRROR names no folder that holds the whole file")
    table = sources.corpus("wikitext2")
    articles = table["text"][table["part"].eq("valid")]
    assert len(articles) == 60
    assert " \n" + "".join(articles) == file.read_bytes().decode()
