from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.errors import MissingFile, SourceRefused
from assay.gateways.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"text": 'She said "no", twice', "label": "007"},
    {"text": "two\nlines", "label": "NA"},
    {"text": " spaces stay ", "label": "1.0"},
    {"text": "日本語 и русский 🙂", "label": "null"},
]
CHINESE = (
    "text,label\n酒店位置很好，早餐也不错。,正面\n房间太小，服务员态度很差！,负面\n"
    "“还可以”——价格便宜,正面\n"
)


def _csv(separator: str = ",") -> bytes:
    table = pd.DataFrame(ROWS)
    return table.to_csv(index=False, sep=separator, lineterminator="\n").encode()


def _parquet(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.to_parquet(stream)
    return stream.getvalue()


WRITTEN = {
    ".csv": _csv(),
    ".tsv": _csv("\t"),
    ".json": json.dumps(ROWS).encode(),
    ".jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode() + b"\n",
    ".ndjson": "\r\n".join(json.dumps(row) for row in ROWS).encode(),
    ".parquet": _parquet(pd.DataFrame(ROWS)),
}


def _read(folder: Path, name: str, content: bytes | str) -> pd.DataFrame:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path)


def _refused(folder: Path, name: str, content: bytes | str) -> SourceRefused:
    with pytest.raises(SourceRefused) as refused:
        _read(folder, name, content)
    assert name in refused.value.found
    assert refused.value.expected
    assert refused.value.cure
    return refused.value


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_gives_the_same_rows(tmp_path: Path, kind: str, packed: bool) -> None:
    content = gzip.compress(WRITTEN[kind], mtime=0) if packed else WRITTEN[kind]
    table = _read(tmp_path, f"a.b c{kind}" + (".gz" if packed else ""), content)
    assert table.to_dict("records") == ROWS


def test_a_kind_is_known_in_capitals_too(tmp_path: Path) -> None:
    assert len(_read(tmp_path, "EXPORT.CSV", _csv())) == len(ROWS)
    assert len(_read(tmp_path, "EXPORT.CSV.GZ", gzip.compress(_csv(), mtime=0))) == len(ROWS)


def test_what_stands_in_a_cell_stays_and_an_empty_one_is_missing(tmp_path: Path) -> None:
    table = _read(tmp_path, "a.csv", 'text,label\n007,\nnan,1e5\n"",True\nshort\n')
    assert table["text"].tolist()[:2] == ["007", "nan"]
    assert table["text"].isna().tolist() == [False, False, True, False]
    assert table["label"].tolist()[1:3] == ["1e5", "True"]
    assert table["label"].isna().tolist() == [True, False, False, True]


def test_json_values_come_as_the_json_that_stands_there(tmp_path: Path) -> None:
    line = '{"text": "007", "label": 7, "f": 1.0, "b": true, "n": null, "l": ["é"]}'
    (row,) = _read(tmp_path, "a.jsonl", line).to_dict("records")
    assert row == {"text": "007", "label": "7", "f": "1.0", "b": "true", "n": None, "l": '["é"]'}


def test_json_lines_end_at_newlines_alone(tmp_path: Path) -> None:
    line = json.dumps({"text": "one\u2028two\x85three"}, ensure_ascii=False)
    assert _read(tmp_path, "a.jsonl", f"\n{line}\n\n")["text"].tolist() == ["one\u2028two\x85three"]


def test_half_an_emoji_becomes_the_replacement_character(tmp_path: Path) -> None:
    table = _read(tmp_path, "a.jsonl", '{"text": "cut off \\ud83d"}\n{"text": "\\ud83d\\ude42"}')
    assert table["text"].tolist() == ["cut off \ufffd", "🙂"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
@pytest.mark.parametrize("kind", [".csv", ".csv.gz"])
def test_chinese_text_is_read_in_its_encodings(tmp_path: Path, encoding: str, kind: str) -> None:
    content = CHINESE.encode(encoding)
    table = _read(
        tmp_path, f"a{kind}", gzip.compress(content, mtime=0) if "gz" in kind else content
    )
    assert table["text"].tolist()[0] == "酒店位置很好，早餐也不错。"
    assert table["label"].tolist() == ["正面", "负面", "正面"]


@pytest.mark.parametrize(
    "lines",
    [
        ["这本书的内容不错，但是纸张太差", "手机用了两天就坏了，客服也不理人"],
        ["這本書的內容不錯，但是紙張太差", "手機用了兩天就壞了，客服也不理人"],
        ["飯店位置很好，早餐也不錯。", "房間太小，服務員態度很差！"],
        ["囧，这也太贵了吧", "朱镕基喆堃玥都是人的名字"],
        ["很好吃 délicieux", "一般 so so"],
        ["the food was cold,差评", "I would come again,好评"],
    ],
    ids=["simplified", "traditional", "short", "rare", "with French", "labels"],
)
@pytest.mark.parametrize("encoding", ["gb18030", "gbk"])
def test_chinese_of_either_script_is_read(tmp_path: Path, lines: list[str], encoding: str) -> None:
    content = "\n".join(["text", *(f'"{line}"' for line in lines)])
    assert _read(tmp_path, "a.csv", content.encode(encoding))["text"].tolist() == lines


@pytest.mark.parametrize("byte_order", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_by_its_mark(tmp_path: Path, byte_order: str) -> None:
    content = ("\ufeff" + "text,label\ncafé,yes\n").encode(byte_order)
    assert _read(tmp_path, "a.csv", content)["text"].tolist() == ["café"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("café … naïve", "cp1252"),
        ("café naïve", "latin-1"),
        ("Über die Größe der Straße, äußerst schön", "latin-1"),
        ("¡¡Hola!!", "latin-1"),
        ("déjà vu, ça va très bien où êtes-vous", "cp1252"),
        ("привет, как дела у вас сегодня", "cp1251"),
        ("привет, как дела у вас сегодня", "koi8-r"),
        ("η ταινία ήταν πολύ καλή και θα την ξαναδώ", "iso8859-7"),
        ("หนังเรื่องนี้ดีมาก", "cp874"),
        ("この映画はとてもよかった", "shift-jis"),
        ("この映画はとてもよかった。また見たいです。", "euc-jp"),
        ("ホテルの場所は良いが、部屋が狭すぎる。", "euc-jp"),
        ("이 영화는 정말 재미있었어요. 다시 보고 싶습니다.", "euc-kr"),
        ("서비스가 너무 느리고 음식이 차가웠다.", "cp949"),
        ("호텔 위치는 좋지만 방이 너무 작다", "euc-kr"),
        ("飯店位置很好，早餐也不錯，房間太小", "big5"),
    ],
)
def test_an_encoding_that_is_not_ours_is_refused_not_guessed(
    tmp_path: Path, text: str, encoding: str
) -> None:
    problem = _refused(tmp_path, "a.csv", f"text,label\n{text},yes\n".encode(encoding))
    assert "neither UTF-8 nor Chinese in GB18030: byte 0x" in problem.found
    assert "iconv -f YOUR_ENCODING -t UTF-8" in problem.cure


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ""),
        ("a.csv", "\n \n"),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.csv", "text,label\n"),
        ("a.csv.gz", gzip.compress(b"", mtime=0)),
        ("a.json", "[]"),
        ("a.jsonl", "\n"),
        ("a.parquet", _parquet(pd.DataFrame(ROWS).head(0))),
    ],
)
def test_an_empty_table_is_refused(tmp_path: Path, name: str, content: bytes | str) -> None:
    assert "is empty" in _refused(tmp_path, name, content).found


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.csv", 'text,label\n"never closed,yes\nx,no\n', "EOF inside string"),
        ("a.csv", "text,label\nfine,yes\nnot, fine,no\n", "line 3"),
        ("a.csv", "text,label\nHello, world,yes\nBye, world,no\n", "more cells than the header"),
        ("a.csv.gz", b"no gzip", "gzip"),
        ("a.csv.gz", gzip.compress(_csv() * 9, mtime=0)[:40], "end"),
        ("a.csv.gz", gzip.compress(_csv(), mtime=0)[:10] + b"\xff" * 40, "decompress"),
        ("a.json", '{"text": ', "line 1"),
        ("a.json", "[1, 2]", "1 is no JSON object"),
        ("a.json", "[" * 100_000, "recursion"),
        ("a.jsonl", '{"text": "a"}\n\n{"text" "b"}\n', "line 3, column 9"),
        ("a.jsonl", '{"text": "a"}\n"b"\n', "no JSON object"),
        ("a.parquet", b"PAR1 and then nothing", "Parquet"),
        ("a.csv", b"\xff\xfeodd", "utf-16"),
    ],
)
def test_a_torn_file_is_refused_with_the_place(
    tmp_path: Path, name: str, content: bytes | str, found: str
) -> None:
    problem = _refused(tmp_path, name, content)
    assert "cannot be read" in problem.found
    assert found in problem.found


@pytest.mark.parametrize("name", ["a.xlsx", "a.gz", "a.txt", "a", "csv", ".csv.zip"])
def test_another_kind_is_refused_with_those_that_are_read(tmp_path: Path, name: str) -> None:
    problem = _refused(tmp_path, name, "text,label\na,b\n")
    assert ".csv .tsv .jsonl" in problem.expected


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(MissingFile, match="there is no file"):
            read_table(path)


def test_parquet_keeps_its_types_and_rows_are_counted_anew(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["a", "b"], "label": [1, 2]}, index=[7, 7])
    found = _read(tmp_path, "a.parquet", _parquet(table))
    assert found.to_dict("list") == {"text": ["a", "b"], "label": [1, 2]}
    assert list(found.index) == [0, 1]


def test_a_named_index_of_parquet_is_a_column(tmp_path: Path) -> None:
    table = pd.DataFrame(ROWS).set_index("text")
    assert _read(tmp_path, "a.parquet", _parquet(table)).to_dict("records") == ROWS
