from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from assay.bundle.scoring import Scorer
from assay.bundle.session import Session
from assay.errors import BundleRefused, UsageError
from tests.tasks.image_classification.made import write_bundle
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.processor

TEXT = made.ids(made.TEXT)
UNIFORM = math.log(len(made.LETTERS))


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(made.fp32(), 2)


def _costs(ids: list[int]) -> list[float]:
    """Return what torch says each token but the first costs, in one window."""
    with torch.inference_mode():
        logits = made.decoder()(torch.tensor([ids[:-1]]))[0].double().log_softmax(dim=-1)
    return [-float(logits[place, token]) for place, token in enumerate(ids[1:])]


@pytest.mark.parametrize("length", [2, 3, 50, 200, 201])
def test_within_the_context_all_is_known(session: Session, length: int) -> None:
    found = Scorer(session, made.CONTEXT).nats(TEXT[:length])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [UNIFORM, *_costs(TEXT[:length])], atol=1e-4)


def test_a_longer_document_is_read_in_windows_that_advance_by_half(session: Session) -> None:
    scorer, ids = Scorer(session, 40), TEXT[:103]
    assert scorer.stride == 20
    # 102 tokens have one behind them: windows end behind 40, 60, 80, 100 and 102 of them.
    expected = [UNIFORM, *_costs(ids[:41])]
    for first, end in ((20, 60), (40, 80), (60, 100)):
        expected += _costs(ids[first : end + 1])[-20:]
    expected += _costs(ids[62:103])[-2:]
    np.testing.assert_allclose(scorer.nats(ids), expected, atol=1e-4)


def test_a_start_token_tells_what_the_first_one_costs(session: Session) -> None:
    scorer = Scorer(session, 40, start=3)
    for ids in (TEXT[:1], TEXT[:40], TEXT[5:90]):
        found = scorer.nats(ids)
        assert found.shape == (len(ids),)
        np.testing.assert_allclose(found[:40], _costs([3, *ids])[:40], atol=1e-4)


def test_what_has_no_token_costs_nothing(session: Session) -> None:
    assert Scorer(session, 40).nats([]).shape == (0,)
    assert Scorer(session, 40, start=3).nats([]).shape == (0,)
    np.testing.assert_allclose(Scorer(session, 40).nats([5]), [UNIFORM])


@pytest.mark.parametrize("start", [None, 3])
def test_many_documents_are_answered_in_their_order(session: Session, start: int | None) -> None:
    scorer = Scorer(session, 40, start)
    lengths = (0, 1, 300, 2, 0, 41, 1, 90, 0)
    documents = [TEXT[7 * place :][:length] for place, length in enumerate(lengths)]
    found = list(scorer.all_nats(documents))
    assert [len(one) for one in found] == list(lengths)
    for one, document in zip(found, documents, strict=True):
        np.testing.assert_array_equal(one, scorer.nats(document))
    assert list(scorer.all_nats([])) == []


def test_the_known_text_costs_less_than_another(session: Session) -> None:
    scorer = Scorer(session, made.CONTEXT)
    other = np.random.default_rng(0).permutation(TEXT).tolist()
    assert scorer.nats(TEXT).mean() < 0.7 * UNIFORM < scorer.nats(other).mean()


def test_tokens_and_graphs_that_are_not_known_are_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="99999 is no token id"):
        Scorer(session, 40).nats([1, 99999])
    write_bundle(tmp_path / "bundle")
    with pytest.raises(BundleRefused, match="does not generate"):
        Scorer(Session(str(tmp_path / "bundle/model.onnx"), 1), 40)


@pytest.mark.parametrize("start", [None, 3])
def test_the_likeliest_tokens_are_those_that_torch_prefers(
    session: Session, start: int | None
) -> None:
    documents = [TEXT[:30], [], TEXT[500:501], TEXT[100:180][::-1]]
    found = list(Scorer(session, made.CONTEXT, start).all_scored(documents))
    assert [one.likeliest.dtype for one in found] == [np.bool_] * 4
    for one, ids in zip(found, documents, strict=True):
        known = ids if start is None else [start, *ids]
        with torch.inference_mode():
            best = made.decoder()(torch.tensor([known]))[0].argmax(dim=-1) if known else []
        expected = [int(best[place]) == token for place, token in enumerate(known[1:])]
        # Nothing is known of the first token, where no start token is.
        first = [False] if start is None and ids else []
        assert one.likeliest.tolist() == [*first, *expected]
    assert 0 < found[0].likeliest.sum() < 30


def test_in_windows_too_each_token_has_its_own_place(session: Session) -> None:
    scorer = Scorer(session, 40)
    (found,) = scorer.all_scored([TEXT[:103]])
    np.testing.assert_array_equal(found.nats, scorer.nats(TEXT[:103]))
    assert found.likeliest.shape == (103,)
    # What is held most probable of so many has at least the mean probability.
    assert found.nats[found.likeliest].max() < UNIFORM
    (within,) = Scorer(session, made.CONTEXT).all_scored([TEXT[:41]])
    assert found.likeliest[:41].tolist() == within.likeliest.tolist()


def test_documents_are_read_as_their_answers_are_asked_for(session: Session) -> None:
    asked = []

    def documents() -> Iterator[list[int]]:
        for place in range(200):
            asked.append(place)
            yield TEXT[place : place + 5]

    answers = Scorer(session, 40).all_scored(documents())
    next(answers)
    assert len(asked) < 100
    assert len(list(answers)) == 199
