from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.generation.ngrams import counted, delimited

A, B, END, START = 0, 1, 2, 3
SIZE = 3


def named(documents: list[list[int]], order: int) -> list[dict[tuple[int, ...], int]]:
    """Count, and spell each key out as the tokens that it stands for."""
    spelled: list[tuple[int, ...]] = [()]
    found = []
    for number, grams in enumerate(counted(documents, SIZE, order, END)):
        context, token = np.divmod(grams.keys, SIZE)
        own = [(*spelled[place], last) for place, last in zip(context, token.tolist(), strict=True)]
        assert np.all(np.diff(grams.keys) > 0)
        assert len(spelled) == grams.contexts
        found.append(dict(zip(own, grams.counts.tolist(), strict=True)))
        # A context of one token can be the start of a document, too.
        spelled = own if number else [*own, (START,)]
    return found


def test_the_longest_are_counted_and_shorter_ones_by_what_they_follow() -> None:
    # start A B A B end, start A end
    ones, twos, threes = named([[A, B, A, B], [A]], 3)
    assert threes == {
        (START, A, B): 1,
        (A, B, A): 1,
        (B, A, B): 1,
        (A, B, END): 1,
        (START, A, END): 1,
    }
    # (A, B) follows the start and B; (START, A) begins two documents.
    assert twos == {(START, A): 2, (A, B): 2, (B, A): 1, (B, END): 1, (A, END): 1}
    # A follows the start and B, B follows A alone, the end follows A and B.
    assert ones == {(A,): 2, (B,): 1, (END,): 2}


def test_single_tokens_alone_are_counted_as_they_stand() -> None:
    (ones,) = named([[A, A, A], []], 1)
    assert ones == {(A,): 3, (B,): 0, (END,): 2}


def test_no_document_is_as_long_as_the_order() -> None:
    ones, twos = named([[], []], 9)
    assert ones == {(A,): 0, (B,): 0, (END,): 1}
    assert twos == {(START, END): 2}


def test_a_document_lies_between_its_start_and_its_end() -> None:
    assert delimited([A, B], SIZE, END).tolist() == [START, A, B, END]
    assert delimited([], SIZE, END).tolist() == [START, END]


@pytest.mark.parametrize("ids", [[SIZE], [A, -1]])
def test_an_id_outside_of_the_vocabulary_is_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="expected 0 to 2"):
        delimited(ids, SIZE, END)
