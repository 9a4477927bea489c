from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.modalities.text import ingest as module
from assay.settings.text import TextIngest
from tests import made

if TYPE_CHECKING:
    from pathlib import Path


def ingest(inbox: Path, target: Path, label: str = "label", **settings: Any) -> dict[str, int]:
    found = TextIngest.model_validate(settings)
    return module.ingest(found, {"label": label}, inbox, target)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def _raw(inbox: Path, **settings: Any) -> pd.DataFrame:
    target = inbox.parent / "raw.parquet"
    ingest(inbox, target, **settings)
    return pd.read_parquet(target)


def _refused(inbox: Path, **settings: Any) -> SourceRefused:
    with pytest.raises(SourceRefused) as refused:
        _raw(inbox, **settings)
    return refused.value


def test_every_row_is_taken_as_it_came(inbox: Path) -> None:
    table = pd.DataFrame(
        {"text": ["a", "", None, "a", " b\n"], "label": ["x", "y", "x", None, "x"]}
    )
    table.to_parquet(inbox / "rows.parquet")
    raw = _raw(inbox)
    assert list(raw.columns) == ["id", "text", "label"]
    pd.testing.assert_frame_equal(raw[["text", "label"]], table, check_dtype=False)


def test_files_come_by_name_and_are_counted(inbox: Path, tmp_path: Path) -> None:
    made.texts(30, seed=2).to_csv(inbox / "b.csv", index=False)
    made.texts(20, seed=1).to_json(inbox / "a.jsonl", orient="records", lines=True)
    (inbox / "more").mkdir()
    made.texts(10, seed=3).to_csv(inbox / "more/c.tsv.gz", index=False, sep="\t")
    for ignored in (".gitkeep", "b.csv.dvc", ".hidden.csv"):
        (inbox / ignored).write_text("not a table")
    counts = ingest(inbox, tmp_path / "raw.parquet")
    assert counts == {"a.jsonl": 20, "b.csv": 30, "more/c.tsv.gz": 10}
    expected = [
        text
        for seed, rows in ((1, 20), (2, 30), (3, 10))
        for text in made.texts(rows, seed)["text"]
    ]
    assert pd.read_parquet(tmp_path / "raw.parquet")["text"].tolist() == expected


def test_ids_say_what_the_row_says_and_stay(inbox: Path) -> None:
    table = made.texts(40)
    table.iloc[[*range(40), 3, 3]].to_csv(inbox / "rows.csv", index=False)
    before = _raw(inbox)
    assert before["id"].is_unique
    assert before["id"].tolist()[-2:] == [f"{before['id'][3]}-1", f"{before['id'][3]}-2"]
    made.texts(20, seed=9).to_csv(inbox / "z.csv", index=False)
    after = _raw(inbox)
    assert after["id"].tolist()[: len(before)] == before["id"].tolist()
    assert after["id"].is_unique
    table["label"] = "neutral"
    table.to_csv(inbox / "rows.csv", index=False)
    changed = _raw(inbox)["id"].tolist()[:40]
    same = [row for row in range(40) if changed[row] == before["id"][row]]
    assert same == [row for row in range(40) if before["label"][row] == "neutral"]


def test_columns_get_the_houses_names(inbox: Path) -> None:
    table = made.texts(12).rename(columns={"text": "review", "label": "stars"})
    table["shop"] = "east"
    table["id"] = range(12)
    table.to_csv(inbox / "own.csv", index=False)
    made.texts(6, seed=1).to_csv(inbox / "plain.csv", index=False)
    raw = _raw(inbox, text="review", label="stars", slices=["shop"])
    assert list(raw.columns) == ["id", "text", "label", "shop"]
    assert raw["text"].tolist()[:12] == table["review"].tolist()
    assert raw["shop"].tolist()[:12] == ["east"] * 12
    assert raw["shop"].isna().tolist()[12:] == [True] * 6
    assert raw["id"].str.len().eq(16).all()


def test_numbers_as_labels_and_slices_become_text(inbox: Path) -> None:
    table = made.texts(12).assign(label=[0, 1] * 6, shop=[7.5] * 12)
    table.to_parquet(inbox / "rows.parquet")
    raw = _raw(inbox, slices=["shop"])
    assert set(raw["label"]) == {"0", "1"}
    assert set(raw["shop"]) == {"7.5"}


def test_columns_that_differ_in_type_become_text(inbox: Path) -> None:
    made.texts(3).assign(rating=[1.5, 2.0, float("nan")]).to_parquet(inbox / "a.parquet")
    made.texts(3, seed=1).assign(rating=["good", "1", ""]).to_csv(inbox / "b.csv", index=False)
    raw = _raw(inbox)
    assert raw["rating"].dropna().tolist() == ["1.5", "2.0", "good", "1"]


def test_rows_behind_the_opinions_join_them(
    inbox: Path, opinions_archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = inbox.parent / "mirror/text"
    mirror.mkdir(parents=True)
    (mirror / opinions_archive.name).symlink_to(opinions_archive)
    monkeypatch.setenv(fetching.MIRROR, str(mirror.parent))
    made.texts(6).assign(rating="2.5", domain="mine").to_csv(inbox / "mine.csv", index=False)
    raw = _raw(inbox, source="opinions", slices=["domain"])
    assert len(raw) == 23_703 + 6
    assert raw["id"].is_unique
    assert raw["domain"].tolist()[-6:] == ["mine"] * 6
    assert raw["text"].tolist()[-6:] == made.texts(6)["text"].tolist()


def test_a_column_of_your_own_named_given_makes_no_test_split(inbox: Path) -> None:
    made.texts(6).assign(given="test").to_csv(inbox / "rows.csv", index=False)
    assert list(_raw(inbox)) == ["id", "text", "label"]


def test_a_limit_keeps_rows_of_the_whole_length(inbox: Path) -> None:
    made.texts(100).to_csv(inbox / "rows.csv", index=False)
    raw = _raw(inbox, limit=10)
    assert raw["text"].tolist() == made.texts(100)["text"][::11].tolist()
    assert len(_raw(inbox, limit=1000)) == 100


def test_equal_input_gives_equal_bytes(inbox: Path) -> None:
    made.texts(50).to_csv(inbox / "rows.csv", index=False)
    _raw(inbox)
    first = (inbox.parent / "raw.parquet").read_bytes()
    _raw(inbox)
    assert (inbox.parent / "raw.parquet").read_bytes() == first


def test_an_empty_inbox_says_where_to_put_the_file(inbox: Path) -> None:
    (inbox / ".gitkeep").touch()
    problem = _refused(inbox, text="review")
    assert "nothing to learn from" in problem.found
    assert "'review'" in problem.expected
    assert problem.cure == f"copy your file there: cp YOUR.csv {inbox}/"


@pytest.mark.parametrize(
    ("asked", "house"), [({"text": "tekst"}, "text"), ({"label": "lable"}, "label")]
)
def test_a_missing_column_is_answered_with_the_nearest(
    inbox: Path, asked: dict[str, str], house: str
) -> None:
    names = {"text": "teksts", "label": "labels"}
    made.texts(5).rename(columns=names).to_csv(inbox / "rows.csv", index=False)
    problem = _refused(inbox, **(names | asked))
    assert "rows.csv has no column" in problem.found
    assert "it has 'teksts', 'labels'" in problem.found
    assert f"did you mean '{names[house]}'?" in problem.cure
    assert f"ingest.{house} in params.yaml" in problem.cure


def test_raw_bytes_are_no_text(inbox: Path) -> None:
    table = made.texts(5)
    table["text"] = [text.encode() for text in table["text"]]
    table.to_parquet(inbox / "rows.parquet")
    assert "raw bytes" in _refused(inbox).found


def test_the_limits_of_the_settings_hold_for_files_of_the_inbox(inbox: Path) -> None:
    (inbox / "rows.csv").write_text("text,label\nshort,x\nmuch longer,y\n")
    refusal = _refused(inbox, limits={"cell_characters": 10})
    assert "row 2, column 'text'" in refusal.found
    assert len(_raw(inbox, limits={"cell_characters": 11})) == 2
