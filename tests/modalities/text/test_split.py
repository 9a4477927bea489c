from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.files import sha256
from assay.modalities import assigned
from assay.modalities.assignment import hashed_share
from assay.modalities.text import cleaning
from assay.modalities.text.duplicates import grams
from assay.modalities.text.ingest import ingest
from assay.modalities.text.split import leaks, split
from assay.objectives.classification.label_rules import LabelRules
from assay.paths import SPLITS
from assay.records import SplitPart, SplitReport
from assay.settings.text import TextIngest, TextSplit
from tests import made

if TYPE_CHECKING:
    from pathlib import Path


def _table(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return a raw table, a quarter of whose rows are changed copies of earlier rows."""
    table = made.texts(rows, seed)
    random = np.random.default_rng(seed)
    texts, labels = table["text"].tolist(), table["label"].tolist()
    for row in range(4, rows, 4):
        earlier = int(random.integers(0, row))
        texts[row] = texts[earlier] + str(random.choice(["!", " indeed", "  ", ".", " x"]))
        labels[row] = labels[earlier]
    return table.assign(id=[f"{seed}-{row}" for row in range(rows)], text=texts, label=labels)


def _split(
    folder: Path, table: pd.DataFrame, earlier: Path | None = None, **settings: Any
) -> tuple[dict[str, str], SplitReport]:
    """Split a table; return each id's side, and the report."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / "raw.parquet")
    report = split(
        folder / "raw.parquet",
        TextSplit.model_validate(settings),
        LabelRules(made.LABELS),
        folder / "splits",
        earlier,
    )
    sides = {
        row: name
        for name in SPLITS
        for row in pd.read_parquet(folder / f"splits/{name}.parquet")["id"]
    }
    return sides, report


def test_rows_at_the_end_move_nothing(tmp_path: Path) -> None:
    table = _table(400)
    near = table.head(60).assign(id=[f"near-{n}" for n in range(60)])
    near["text"] = ["so " + text for text in near["text"]]
    longer = pd.concat([table, near, _table(200, seed=5)], ignore_index=True)
    before, _ = _split(tmp_path / "before", table)
    after, _ = _split(tmp_path / "after", longer)
    assert {row: after[row] for row in before} == before
    assert len(after) > len(before) + 150


NAMES = ("2026-12-01", "a", "Z", "0", "rows", "~", "新", "november", "_late")


@pytest.mark.parametrize("seed", range(12))
def test_no_row_ever_changes_sides_whatever_files_are_called_and_hold(
    tmp_path: Path, seed: int
) -> None:
    """Files arrive under random names, with near duplicates of rows old and new; some are lost."""
    random = np.random.default_rng(seed)
    inbox, raw, record = tmp_path / "inbox", tmp_path / "raw.parquet", None
    inbox.mkdir()
    names = random.permutation(NAMES)[:5]
    sides: dict[str, str] = {}
    for round_, name in enumerate(names):
        fresh = made.texts(60, seed=100 * seed + round_)
        if sides:
            olds = random.choice(sorted(sides), 30, replace=False)
            near = [
                f"{prefix}{old}" for old, prefix in zip(olds, ["so ", "", "!"] * 10, strict=True)
            ]
            fresh = pd.concat([fresh, pd.DataFrame({"text": near, "label": "neutral"})])
        fresh.sample(frac=1, random_state=seed).to_csv(inbox / f"{name}.csv", index=False)
        if round_ == 3:
            (inbox / f"{names[1]}.csv").unlink()
        ingest(TextIngest(), {"label": "label"}, inbox, raw)
        folder = tmp_path / f"splits {round_}"
        report = split(raw, TextSplit(), LabelRules(made.LABELS), folder, record)
        record = folder / assigned.FILE
        now = {
            cleaning.normalise(text): side
            for side in SPLITS
            for text in pd.read_parquet(folder / f"{side}.parquet")["text"]
        }
        assert {text: now[text] for text in sides if text in now} == {
            text: side for text, side in sides.items() if text in now
        }
        assert report.leaks == {"exact": 0, "near": 0}
        sides |= now


def test_a_new_near_duplicate_follows_the_old_row_though_its_file_sorts_first(
    tmp_path: Path,
) -> None:
    table = _table(400)
    near = table.head(200).assign(id=[f"near-{n}" for n in range(200)])
    near["text"] = ["so " + text for text in near["text"]]
    before, _ = _split(tmp_path / "before", table)
    record = tmp_path / "before/splits" / assigned.FILE
    first = pd.concat([near, table], ignore_index=True)
    after, report = _split(tmp_path / "after", first, earlier=record)
    assert {row: after[row] for row in before if row in after} == {
        row: side for row, side in before.items() if row in after
    }
    assert len([row for row in before if row in after]) > 0.95 * len(before)
    assert report.leaks == {"exact": 0, "near": 0}
    moved, _ = _split(tmp_path / "without", first)
    assert any(moved[row] != before[row] for row in before if row in moved), "the test tests"


def test_another_rule_assigns_every_row_anew(tmp_path: Path) -> None:
    table = _table(200)
    _split(tmp_path / "before", table)
    record = tmp_path / "before/splits" / assigned.FILE
    again, _ = _split(tmp_path / "after", table, earlier=record, seed=99)
    fresh, _ = _split(tmp_path / "fresh", table, seed=99)
    assert again == fresh


def test_the_record_holds_no_text_and_outlives_a_row(tmp_path: Path) -> None:
    table = _table(120)
    before, _ = _split(tmp_path / "before", table)
    record = tmp_path / "before/splits" / assigned.FILE
    assert not any(text.encode() in record.read_bytes() for text in table["text"])
    _split(tmp_path / "fewer", table.tail(60), earlier=record)
    again, _ = _split(tmp_path / "again", table, earlier=tmp_path / "fewer/splits" / assigned.FILE)
    assert again == before


def test_unrelated_rows_anywhere_change_nothing(tmp_path: Path) -> None:
    table, others = _table(300), _table(300, seed=5)
    place = np.random.default_rng(1).permutation(600)
    mixed = pd.concat([table, others], ignore_index=True)
    # The order within each of the two stays; between them, it is anyone's.
    rank = np.empty(600, dtype=int)
    rank[np.sort(place[:300])] = np.arange(300)
    rank[np.sort(place[300:])] = np.arange(300, 600)
    mixed = mixed.iloc[rank].reset_index(drop=True)
    before, _ = _split(tmp_path / "before", table)
    after, _ = _split(tmp_path / "after", mixed)
    assert {row: after[row] for row in before} == before


def test_it_is_the_same_again_byte_for_byte(tmp_path: Path) -> None:
    table = _table(200)
    first, second = (_split(tmp_path / name, table) for name in ("one", "two"))
    assert first == second
    assert sha256(tmp_path / "one/splits") == sha256(tmp_path / "two/splits")


def test_near_duplicates_stand_on_one_side(tmp_path: Path) -> None:
    table = _table(400)
    sides, report = _split(tmp_path, table)
    kept = table[table["id"].isin(sides)]
    pieces = [grams(cleaning.normalise(text)) for text in kept["text"]]
    own = [sides[row] for row in kept["id"]]
    pairs = [
        (one, two)
        for one in range(len(pieces))
        for two in range(one)
        if len(pieces[one] & pieces[two]) >= 0.8 * len(pieces[one] | pieces[two])
    ]
    assert len(pairs) > 30
    assert all(own[one] == own[two] for one, two in pairs)
    assert report.leaks == {"exact": 0, "near": 0}


def _letters(start: int, count: int) -> str:
    return "".join(chr(0x4E00 + start + place) for place in range(count))


def _assigned_to(side: str, common: str) -> str:
    """Return 50 letters that, behind ``common``, make a text of this side."""
    settings = TextSplit()
    ranges = {"test": (0.0, settings.test), "train": (settings.test + settings.validation, 1.0)}
    least, most = ranges[side]
    own = (_letters(start, 50) for start in range(100, 9000, 50))
    return next(o for o in own if least <= hashed_share(common + o, settings.seed) < most)


def test_a_row_like_two_of_different_sides_is_left_out(tmp_path: Path) -> None:
    common = _letters(0, 90)
    test, train = _assigned_to("test", common), _assigned_to("train", common)
    both = common + test[:25] + train[:25]
    rows = [
        ("first", common + test),
        ("second", common + train),
        ("third", both),
        ("fourth", both + "!"),
    ]
    special = pd.DataFrame([{"id": name, "text": text, "label": "neutral"} for name, text in rows])
    table = pd.concat([_table(100), special], ignore_index=True)
    sides, report = _split(tmp_path, table, near_duplicate=0.5)
    assert sides["first"] == "test"
    assert sides["second"] == "train"
    assert "third" not in sides
    assert "fourth" not in sides, "it is like the same two"
    assert report.dropped["between_two_splits"] == 2
    assert report.leaks == {"exact": 0, "near": 0}


def _with_test_split(rows: int) -> pd.DataFrame:
    """Return a raw table whose source gave the last fifth of its rows as the test split."""
    given = ["train"] * (rows // 5 * 4) + ["test"] * (rows // 5)
    return made.texts(rows).assign(id=[str(n) for n in range(rows)], given=given)


def test_a_given_test_split_is_the_test_split(tmp_path: Path) -> None:
    table = _with_test_split(500)
    sides, report = _split(tmp_path, table, test=0.4)
    assert {row for row, side in sides.items() if side == "test"} == set(table["id"][400:])
    assert 0.02 < report.splits["validation"].rows / 400 < 0.2


def test_what_resembles_the_given_test_split_is_left_out_wherever_it_stands(tmp_path: Path) -> None:
    table = _with_test_split(200)
    test = table[160:]
    near = test[:10].assign(id=[f"near {n}" for n in range(10)], given="train")
    near["text"] += "!"
    equal = test[10:15].assign(id=[f"equal {n}" for n in range(5)], given=None)
    twice = test[15:17].assign(id=["twice 0", "twice 1"])
    rows = pd.concat([near, table, equal, twice], ignore_index=True)
    sides, report = _split(tmp_path, rows)
    assert report.dropped["near_the_test_split"] == 10
    assert report.dropped["in_the_test_split"] == 5
    assert report.dropped["any_kind"] == 5
    assert report.leaks == {"exact": 0, "near": 0}
    assert not {*near["id"], *equal["id"]} & set(sides)
    assert {row for row, side in sides.items() if side == "test"} == {*test["id"], *twice["id"]}


def test_rows_behind_a_given_test_split_move_nothing(tmp_path: Path) -> None:
    table = _with_test_split(200)
    before, _ = _split(tmp_path / "a", table)
    record = tmp_path / "a/splits" / assigned.FILE
    later = made.texts(100, seed=9).assign(id=[f"later {n}" for n in range(100)])
    after, report = _split(tmp_path / "b", pd.concat([table, later], ignore_index=True), record)
    assert {row: after[row] for row in before} == before
    assert report.splits["test"].rows == 40


@pytest.mark.parametrize(("one", "other"), list(combinations(SPLITS, 2)))
def test_leaks_are_counted_from_the_files_alone(tmp_path: Path, one: str, other: str) -> None:
    table = made.texts(120).assign(id=range(120))
    _split(tmp_path, table)
    folder = tmp_path / "splits"
    assert leaks(folder, 0.8) == {"exact": 0, "near": 0}
    theirs, own = (pd.read_parquet(folder / f"{name}.parquet") for name in (one, other))
    stolen = theirs.head(2).copy()
    stolen.loc[0, "text"] = stolen["text"][0].upper() + "  "
    stolen.loc[1, "text"] = stolen["text"][1] + "!"
    pd.concat([own, stolen]).to_parquet(folder / f"{other}.parquet")
    assert leaks(folder, 0.8) == {"exact": 1, "near": 1}


def test_what_cannot_be_learned_from_is_dropped_and_counted(tmp_path: Path) -> None:
    table = made.texts(200).assign(id=[str(n) for n in range(200)])
    first = table["text"][0]
    defective = pd.DataFrame(
        [
            {"id": "blank", "text": "  \n", "label": "neutral"},
            {"id": "missing", "text": None, "label": "neutral"},
            {"id": "one", "text": "a", "label": "neutral"},
            {"id": "broken", "text": "bad \ufffd bytes here", "label": "neutral"},
            {"id": "again", "text": table["text"][5].upper(), "label": table["label"][5]},
            {"id": "contradiction", "text": first, "label": "another"},
        ]
    )
    sides, report = _split(tmp_path, pd.concat([table, defective], ignore_index=True))
    assert set(sides) == {str(n) for n in range(1, 200)}, "both sides of a contradiction go"
    assert report.dropped == {
        "blank": 2,
        "one_character": 1,
        "broken": 1,
        "in_the_test_split": 0,
        "duplicate": 2,
        "conflict": 2,
        "any_kind": 7,
        "near_the_test_split": 0,
        "between_two_splits": 0,
    }
    assert report.rows == 206
    assert report.kept == 199


def test_the_report_counts_what_the_files_hold(tmp_path: Path) -> None:
    _, report = _split(tmp_path, _table(300))
    for name in SPLITS:
        rows = pd.read_parquet(tmp_path / f"splits/{name}.parquet")
        assert report.splits[name] == SplitPart(
            rows=len(rows), labels=rows["label"].value_counts().to_dict()
        )
    assert sum(part.rows for part in report.splits.values()) == report.kept


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.1), (0.2, 0.3)])
def test_shares_are_those_of_the_settings(tmp_path: Path, validation: float, test: float) -> None:
    rows = 3000
    _, report = _split(
        tmp_path, made.texts(rows).assign(id=range(rows)), validation=validation, test=test
    )
    shares = {"validation": validation, "test": test, "train": 1 - validation - test}
    for name, share in shares.items():
        # Five standard deviations of a binomial: one run in a million would miss by chance.
        margin = 5 * np.sqrt(rows * share * (1 - share))
        assert abs(report.splits[name].rows - rows * share) < margin


def test_another_seed_assigns_anew(tmp_path: Path) -> None:
    first, _ = _split(tmp_path / "one", _table(200), seed=1)
    second, _ = _split(tmp_path / "two", _table(200), seed=2)
    assert first != second


def test_a_class_without_a_row_to_learn_from_is_refused(tmp_path: Path) -> None:
    table = made.texts(100).query("label != 'neutral'").assign(id="x")
    with pytest.raises(DataRefused, match="left for neutral") as refused:
        _split(tmp_path, table)
    assert "`labels`" in refused.value.cure


def test_too_few_rows_for_three_splits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"6 distinct rows leave the split .* empty") as refused:
        _split(tmp_path, made.texts(6).assign(id="x"), validation=0.01, test=0.01)
    assert "bring more rows" in refused.value.cure
