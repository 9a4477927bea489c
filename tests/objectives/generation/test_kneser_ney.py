from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.objectives.generation.kneser_ney import KneserNey
from tests.objectives.generation.plain import START, PlainKneserNey

SIZE, END = 5, 4


def drawn(seed: int, documents: int, longest: int) -> list[list[int]]:
    """Draw documents whose tokens hang on the one before, ids 0 to 2; 3 never stands in them."""
    random = np.random.default_rng(seed)
    likely = random.dirichlet([0.5] * 3, size=4)
    found = []
    for _ in range(documents):
        document = [3]
        for _ in range(random.integers(0, longest + 1)):
            document.append(int(random.choice(3, p=likely[document[-1]])))
        found.append(document[1:])
    return found


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize(("documents", "longest"), [(1, 0), (3, 4), (30, 12), (2, 300)])
def test_it_agrees_with_the_plain_form(order: int, documents: int, longest: int) -> None:
    train, test = drawn(1, documents, longest), [*drawn(2, 5, 20), [3, 3, 0, 1], []]
    fitted = KneserNey.fitted(train, SIZE, order, END)
    plain = PlainKneserNey(train, SIZE, order, END)
    for document in test:
        whole = (START, *document, END)
        expected = [
            plain.probability(token, whole[max(0, place - order + 2) : place + 1])
            for place, token in enumerate([*document, END])
        ]
        np.testing.assert_allclose(fitted.nats(document), -np.log(expected), rtol=1e-10)


def test_a_tiny_example_worked_by_hand() -> None:
    # start 0 1 end, start 0 end; every order falls back to discounts of 0.5, 1 and 1.5.
    fitted = KneserNey.fitted([[0, 1], [0]], 3, 2, 2)
    # Distinct tokens before 0: 1 (the start), before 1: 1, before the end: 2; 4 in all.
    rest = (0.5 + 0.5 + 1) / 4
    zero, one, end = (1 - 0.5) / 4 + rest / 3, (1 - 0.5) / 4 + rest / 3, (2 - 1) / 4 + rest / 3
    # The start is followed by 0 twice; 0 by 1 and the end, once each; 1 by the end, once.
    expected = [
        (2 - 1) / 2 + 1 / 2 * zero,
        (1 - 0.5) / 2 + (0.5 + 0.5) / 2 * one,
        (1 - 0.5) / 1 + 0.5 / 1 * end,
    ]
    np.testing.assert_allclose(fitted.nats([0, 1]), -np.log(expected), rtol=1e-12)
    # What never followed 1 has what is left to the order below.
    assert np.exp(-fitted.nats([0, 1, 1])[2]) == pytest.approx(0.5 * one)


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("documents", [1, 40])
def test_probabilities_sum_to_one_in_every_context(order: int, documents: int) -> None:
    fitted = KneserNey.fitted(drawn(5, documents, 9), SIZE, order, END)
    contexts = [
        context for length in range(4) for context in itertools.product(range(SIZE), repeat=length)
    ]
    for context in contexts:
        last = np.array([fitted.nats([*context, token])[len(context)] for token in range(SIZE)])
        assert np.all(np.isfinite(last))
        assert np.exp(-last).sum() == pytest.approx(1, abs=1e-12)
        # The end of a document is one of them.
        assert fitted.nats(context)[-1] == last[END]


def test_each_token_is_predicted_from_its_own_document_alone() -> None:
    fitted = KneserNey.fitted(drawn(6, 30, 12), SIZE, 3, END)
    whole = fitted.nats([0, 1, 2, 0, 1])
    assert whole.shape == (6,)
    assert whole.dtype == np.float64
    np.testing.assert_array_equal(fitted.nats([0, 1, 2])[:3], whole[:3])


def test_held_out_text_of_a_markov_source_has_nearly_its_entropy() -> None:
    random = np.random.default_rng(7)
    # Row 5 is how a document begins; column 5 ends it.
    likely = random.dirichlet([0.4] * 6, size=6) * 0.95
    likely[:, 5] += 0.05
    likely[5] = [0.4, 0.3, 0.2, 0.05, 0.05, 0.0]

    def sampled(documents: int) -> tuple[list[list[int]], float]:
        found, surprise, tokens = [], 0.0, 0
        for _ in range(documents):
            state = 5
            document: list[int] = []
            while not document or state != 5:
                following = int(random.choice(6, p=likely[state]))
                surprise -= np.log(likely[state, following])
                document.append(following)
                state = following
            found.append(document[:-1])
            tokens += len(document)
        return found, surprise / tokens

    train, _ = sampled(1500)
    test, entropy = sampled(300)
    losses = {}
    for order in (1, 2, 4):
        fitted = KneserNey.fitted(train, 6, order, 5)
        losses[order] = np.concatenate([fitted.nats(document) for document in test]).mean()
    # The source's own order comes within 1 %; longer contexts cost little, shorter ones much.
    assert losses[2] == pytest.approx(entropy, rel=0.01)
    assert losses[4] == pytest.approx(entropy, rel=0.04)
    assert losses[1] > entropy * 1.1


def test_equal_documents_give_equal_bytes() -> None:
    train, test = drawn(8, 50, 20), drawn(9, 1, 200)[0]
    once = KneserNey.fitted(train, SIZE, 4, END).nats(test)
    again = KneserNey.fitted([np.array(document) for document in train], SIZE, 4, END).nats(test)
    assert once.tobytes() == again.tobytes()
    # No count hangs on the order of the documents.
    turned = KneserNey.fitted(train[::-1], SIZE, 4, END).nats(test)
    assert once.tobytes() == turned.tobytes()


def test_a_vocabulary_far_larger_than_what_was_seen() -> None:
    size = 250_000
    fitted = KneserNey.fitted([[7, 249_000, 7, 123_456] * 3], size, 6, 0)
    seen, unseen = fitted.nats([7, 249_000]), fitted.nats([8, 200_000])
    assert np.isfinite(unseen).all()
    assert seen[:2].max() < 2 < unseen[:2].min()


@pytest.mark.parametrize(
    ("documents", "order", "end", "message"),
    [
        ([], 2, END, "no document"),
        ([[0]], 0, END, "order 0"),
        ([[0]], 2, SIZE, "end of a document is 5"),
        ([[0], [9]], 2, END, "from 9 to 9"),
    ],
)
def test_what_can_not_be_fitted_is_refused(
    documents: list[list[int]], order: int, end: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        KneserNey.fitted(documents, SIZE, order, end)


def test_a_document_of_unknown_ids_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to 4"):
        KneserNey.fitted([[0]], SIZE, 2, END).nats([5])
