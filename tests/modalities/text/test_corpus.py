from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import fetching
from assay.modalities.text import corpus
from assay.settings.corpus import CorpusIngest

if TYPE_CHECKING:
    from pathlib import Path

POEM = "  Old POND\r\n\n\ta frog jumps in \n"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def ingest(inbox: Path, **settings: Any) -> dict[str, int]:
    found = CorpusIngest.model_validate(settings)
    return corpus.ingest(found, inbox, inbox.parent / "raw.parquet")


def _raw(inbox: Path, **settings: Any) -> pd.DataFrame:
    ingest(inbox, **settings)
    return pd.read_parquet(inbox.parent / "raw.parquet")


def _refused(inbox: Path, **settings: Any) -> SourceRefused:
    with pytest.raises(SourceRefused) as refused:
        ingest(inbox, **settings)
    assert refused.value.expected
    assert refused.value.cure
    return refused.value


def test_a_file_is_a_document_exactly_as_it_stands(inbox: Path) -> None:
    (inbox / "poem.txt").write_bytes(POEM.encode())
    (inbox / "notes/deep").mkdir(parents=True)
    (inbox / "notes/deep/读我.md").write_bytes("# 标题\n".encode())
    (inbox / "notes/zip.TXT.gz").write_bytes(gzip.compress(b"packed"))
    raw = _raw(inbox)
    assert list(raw) == ["id", "text", "file"]
    assert dict(zip(raw["file"], raw["text"], strict=True)) == {
        "notes/deep/读我.md": "# 标题\n",
        "notes/zip.TXT.gz": "packed",
        "poem.txt": POEM,
    }


def test_tables_and_text_files_are_one_corpus(inbox: Path) -> None:
    table = pd.DataFrame({"body": [POEM, None, "b"], "label": ["x", "y", "z"], "given": "test"})
    table.to_parquet(inbox / "c.parquet")
    rows = [{"body": POEM, "author": "Basho"}, {"body": "d\n"}]
    (inbox / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table[["body"]].iloc[[0, 2]].to_csv(inbox / "d.csv", index=False)
    (inbox / "a.txt").write_bytes(POEM.encode())
    assert ingest(inbox, text="body") == {"a.txt": 1, "b.jsonl": 2, "c.parquet": 3, "d.csv": 2}
    raw = _raw(inbox, text="body", slices=["label"])
    assert raw["text"].fillna("-").tolist() == [POEM, POEM, "d\n", POEM, "-", "b", POEM, "b"]
    assert raw["id"].is_unique
    assert set(raw) == {"id", "text", "file", "author", "label"}, "a `given` of one's own is none"
    assert raw["label"].dropna().tolist() == ["x", "y", "z"]


def test_a_separator_stands_between_the_documents_of_text_files(inbox: Path) -> None:
    (inbox / "a.txt").write_bytes(b"one\n<|endoftext|>\ntwo <|endoftext|>\n")
    pd.DataFrame({"text": ["x<|endoftext|>y"]}).to_csv(inbox / "b.csv", index=False)
    assert _raw(inbox, separator="<|endoftext|>")["text"].tolist() == [
        "one\n",
        "\ntwo ",
        "x<|endoftext|>y",
    ]
    assert len(_raw(inbox)) == 2
    (inbox / "a.txt").write_bytes(b"one\r\n\r\n\r\ntwo")
    assert _raw(inbox, separator="\n\n\n")["text"].tolist()[:2] == ["one", "two"]


def test_a_source_stands_first(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = inbox.parent / "mirror/text/tinyshakespeare/input.txt"
    file.parent.mkdir(parents=True)
    file.write_text("KING:\nHear!\n\n" * 1000)
    monkeypatch.setenv(fetching.MIRROR, str(inbox.parent / "mirror"))
    (inbox / "a.txt").write_text("mine")
    raw = _raw(inbox, source="shakespeare")
    assert raw["given"].tolist()[:-1] == ["train", "test"]
    assert raw["text"].tolist()[-1] == "mine"
    assert pd.isna(raw["given"].iloc[-1])


def test_ids_say_what_the_document_says_and_bytes_are_equal(inbox: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (inbox / name).write_bytes(POEM.encode())
    raw = _raw(inbox)
    first = sha256(inbox.parent / "raw.parquet")
    assert raw["id"][1] == f"{raw['id'][0]}-1"
    (inbox / "b.txt").rename(inbox / "c.txt")
    assert _raw(inbox)["id"].tolist() == raw["id"].tolist()
    (inbox / "c.txt").rename(inbox / "b.txt")
    ingest(inbox)
    assert sha256(inbox.parent / "raw.parquet") == first


def test_a_limit_keeps_documents_of_the_whole_length(inbox: Path) -> None:
    (inbox / "a.txt").write_text("|".join(map(str, range(100))))
    raw = _raw(inbox, separator="|", limit=10)
    assert raw["text"].tolist() == [str(number) for number in range(0, 100, 11)]


def test_an_empty_inbox_says_where_to_put_the_files(inbox: Path) -> None:
    (inbox / ".gitkeep").touch()
    problem = _refused(inbox, text="body")
    assert "nothing to learn from" in problem.found
    assert "'body'" in problem.expected
    assert problem.cure == f"copy your files there: cp YOUR.txt {inbox}/"
    (inbox / ".hidden.txt").touch()
    assert "is hidden" in _refused(inbox).found


@pytest.mark.parametrize("separator", [None, "|"])
def test_a_corpus_of_nothing_but_space_is_empty(inbox: Path, separator: str | None) -> None:
    (inbox / "a.txt").write_text("")
    (inbox / "b.md").write_text(" \n\n" if separator is None else " \n | \n")
    problem = _refused(inbox, separator=separator)
    assert problem.found == "the corpus is empty: nothing but space in a.txt, b.md"


def test_one_empty_file_among_others_is_a_blank_document(inbox: Path) -> None:
    (inbox / "a.txt").touch()
    (inbox / "b.txt").write_text("b")
    assert _raw(inbox)["text"].tolist() == ["", "b"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.txt", b"text\x00more", "NUL"),
        ("a.txt", b"\xff\xfb\x90\x64 caf\xe9", "neither UTF-8"),
        ("a.md", b"\x7fELF\x02\x01\x01\x00", "NUL"),
        ("a.pdf", b"%PDF-1.7", "ends in .pdf"),
        ("README", b"text", "ends in nothing"),
    ],
)
def test_what_is_no_text_is_refused(inbox: Path, name: str, content: bytes, found: str) -> None:
    (inbox / name).write_bytes(content)
    assert found in _refused(inbox).found


def test_a_file_or_document_larger_than_the_limits_is_refused(inbox: Path) -> None:
    (inbox / "a.txt").write_text("x" * 600 + "|" + "y" * 700)
    assert "holds 1,301 bytes" in _refused(inbox, limits={"table_bytes": 1024}).found
    problem = _refused(inbox, limits={"cell_characters": 650}, separator="|")
    assert problem.found == f"document 2 of {inbox}/a.txt holds 700 characters"
    assert "ingest.separator" in problem.cure
    assert len(_raw(inbox, limits={"cell_characters": 700}, separator="|")) == 2


def test_a_book_is_within_the_limits(inbox: Path) -> None:
    (inbox / "a.txt").write_text("word " * 400_000)
    pd.DataFrame({"text": ["word " * 400_000]}).to_parquet(inbox / "b.parquet")
    assert _raw(inbox)["text"].str.len().tolist() == [2_000_000] * 2


def test_a_table_without_texts_is_refused(inbox: Path) -> None:
    pd.DataFrame({"body": ["a"]}).to_csv(inbox / "a.csv", index=False)
    assert "has no column 'text'" in _refused(inbox).found
    pd.DataFrame({"text": [b"a"]}).to_parquet(inbox / "a.parquet")
    (inbox / "a.csv").unlink()
    assert "raw bytes" in _refused(inbox).found
