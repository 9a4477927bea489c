from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from assay.errors import SourceRefused
from assay.gateways.sources import plain_text
from assay.settings.limits import Limits

TEXT = " First line\r\n\n\tSecond LINE  \rthird\n\n"


@pytest.mark.parametrize(
    ("name", "is_text"),
    [("a.txt", True), ("A.TXT", True), ("a.md", True), ("a.txt.gz", True), ("a.csv", False)],
)
def test_plain_text_is_known_by_its_name(name: str, is_text: bool) -> None:
    assert plain_text.is_plain_text(Path(name)) == is_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_what_stands_there(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.encode(encoding))
    assert plain_text.read(tmp_path / "a.txt") == TEXT
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT.encode(encoding)))
    assert plain_text.read(tmp_path / "a.txt.gz") == TEXT


def test_chinese_in_gb18030_is_read(tmp_path: Path) -> None:
    text = "他们说这是我的书，我不知道他们在哪里。\n"
    (tmp_path / "a.txt").write_bytes(text.encode("gb18030"))
    assert plain_text.read(tmp_path / "a.txt") == text


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a text\x00 and more", "holds a NUL character at position 6"),
        (b"caf\xe9 au lait", "is neither UTF-8 nor Chinese"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is neither UTF-8 nor Chinese"),
        (b"\xff\xfea\x00b", "is no utf-16"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(SourceRefused, match=found) as refused:
        plain_text.read(tmp_path / "a.txt")
    assert "UTF-8" in refused.value.expected
    assert refused.value.cure


def test_a_file_larger_than_the_limits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 1025)
    with pytest.raises(SourceRefused, match="holds 1,025 bytes") as refused:
        plain_text.read(tmp_path / "a.txt", Limits(table_bytes=1024))
    assert "ingest.limits.table_bytes" in refused.value.expected
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"x" * 1025))
    with pytest.raises(SourceRefused, match="unpacks to more than 1,024 bytes"):
        plain_text.read(tmp_path / "b.txt.gz", Limits(table_bytes=1024))


def test_a_torn_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"x" * 5000)[:-9])
    with pytest.raises(SourceRefused, match="cannot be read"):
        plain_text.read(tmp_path / "a.txt.gz")


def test_documents_stand_between_separators() -> None:
    assert plain_text.documents(TEXT, None) == [TEXT]
    assert plain_text.documents("a\n<|end|>\n b <|end|>  <|end|>", "<|end|>") == ["a\n", "\n b "]
    assert plain_text.documents("one.two", ".") == ["one", "two"], "it is no pattern"
    assert plain_text.documents(" \n", "x") == []


def test_a_separators_line_breaks_are_found_in_every_form() -> None:
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["a", "b", "", "c"])
        assert plain_text.documents(text, "\n\n") == [f"a{end}b", "c"]
