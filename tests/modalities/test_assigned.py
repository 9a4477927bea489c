from __future__ import annotations

from typing import TYPE_CHECKING

from assay.modalities.assigned import BETWEEN, FILE, Assigned, row_of

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {"a": "train", "b": BETWEEN, "c": "test", "d": "validation"}


def known(folder: Path) -> Assigned:
    Assigned("rule").write(KNOWN, folder)
    return Assigned.read(folder / FILE, "rule")


def test_a_row_is_the_first_64_bits_of_its_digest() -> None:
    """Written down: another number would forget every row of every project."""
    digest = bytes.fromhex("1fe5749153c37946")  # sha256sum
    assert row_of("a wonderful film") == int.from_bytes(digest, "little")


def test_what_was_assigned_comes_back_under_the_same_rule_alone(tmp_path: Path) -> None:
    found = known(tmp_path)
    assert {content: found.of(content) for content in KNOWN} == KNOWN
    assert found.of("e") is None
    assert Assigned.read(tmp_path / FILE, "another rule").of("a") is None
    assert Assigned.read(None, "rule").of("a") is None


def test_known_rows_come_first_the_test_split_before_the_others(tmp_path: Path) -> None:
    order = ["new", "a", "b", "newer", "c", "d"]
    assert [order[place] for place in known(tmp_path).first(order)] == [
        *("c", "d", "a"),
        *("b", "new", "newer"),
    ]


def test_a_known_row_is_kept_or_left_out_and_never_moved(tmp_path: Path) -> None:
    before = known(tmp_path)
    assert before.keep("a", ["train", BETWEEN]) == "train"
    assert before.keep("a", ["test"]) == BETWEEN
    assert before.keep("b", ["test"]) == BETWEEN
    assert before.keep("new", ["test"]) is None
    before.write({"a": BETWEEN, "new": "test"}, tmp_path)
    after = Assigned.read(tmp_path / FILE, "rule")
    assert after.of("a") == "train", "left out this time, not for ever"
    assert after.of("new") == "test"
