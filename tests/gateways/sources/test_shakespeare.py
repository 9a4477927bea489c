from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import fetching, sources
from assay.gateways.sources import shakespeare
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

SPEECH = "KING:\nI speak, and you, my lords, shall hear: {}.\n\n"
PLAY = "".join(SPEECH.format(number) for number in range(1500)) + "KING:\nNo more.\n"


def fill(mirror: Path, text: str) -> None:
    file = mirror / "text" / shakespeare.FILE
    file.parent.mkdir()
    file.write_bytes(text.encode())


def test_the_passages_are_the_file_and_its_last_tenth_is_the_test_split(mirror: Path) -> None:
    fill(mirror, PLAY)
    table = sources.corpus("shakespeare")
    assert list(table) == ["text", "given"]
    cut = int(0.9 * len(PLAY))
    assert not PLAY[:cut].endswith("\n\n"), "the cut goes through a speech"
    for given, part in (("train", PLAY[:cut]), ("test", PLAY[cut:])):
        texts = table["text"][table["given"].eq(given)].tolist()
        assert "".join(texts) == part
        assert all(6000 < len(text) < 10_000 for text in texts)
        assert all(text.endswith(".\n\n") for text in texts[:-1])
    assert table["given"].is_monotonic_decreasing, "train stands before test"


@pytest.mark.parametrize(
    "text", ["a", "a\n\n", "no blank line at all " * 2000, "\n" * 9, "x\n\n\n\n"]
)
def test_no_text_is_lost_whatever_it_is(text: str) -> None:
    for size in (1, 3, 8000):
        found = shakespeare.passages(text, size)
        assert "".join(found) == text
        assert all(found)


def test_the_mirrors_file_is_joined_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    file = fetching.mirrored(f"text/{shakespeare.FILE}")
    if file is None or sha256(file) != shakespeare.SHA256:
        pytest.skip("ASSAY_MIRROR names no folder that holds the whole file")
    table = sources.corpus("shakespeare")
    text = file.read_bytes().decode()
    assert "".join(table["text"]) == text
    assert "".join(table["text"][table["given"].eq("test")]) == text[1_003_854:]
    assert table["given"].value_counts().to_dict() == {"train": 125, "test": 14}


def test_what_the_address_gives_is_compared_with_the_digest(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "input.txt").write_text(PLAY)
    with served(tmp_path) as url:
        monkeypatch.setattr(shakespeare, "URL", url + "input.txt")
        with pytest.raises(SourceRefused, match="has SHA-256"):
            sources.corpus("shakespeare")
    monkeypatch.setattr(shakespeare, "SHA256", sha256(tmp_path / "input.txt"))
    assert "".join(sources.corpus("shakespeare")["text"]) == PLAY


def test_an_empty_file_is_refused(mirror: Path) -> None:
    fill(mirror, "\n")
    with pytest.raises(SourceRefused, match=r"input.txt is empty"):
        sources.corpus("shakespeare")
