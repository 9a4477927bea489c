from __future__ import annotations

from assay.excerpts import EXAMPLES
from assay.objectives.classification.spelling import same_but_for_case


def test_labels_that_differ_in_case_alone_are_named_with_their_rows() -> None:
    (note,) = same_but_for_case({"bug": 1040, "Bug": 12, "crash": 9})
    assert note.startswith("the labels 'Bug' (12) and 'bug' (1,040) differ in upper and lower case")


def test_labels_that_differ_otherwise_are_not() -> None:
    assert same_but_for_case({"bug": 40, "bugs": 12, "büg": 9}) == ()
    assert same_but_for_case({}) == ()


def test_of_many_groups_a_few_are_named() -> None:
    counts = {f"{start}{number}": 1 for number in range(40) for start in "xX"}
    notes = same_but_for_case(counts)
    assert len(notes) == EXAMPLES + 1
    assert notes[-1] == "so do 35 further groups of labels"
