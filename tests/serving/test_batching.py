"""Requests that are answered together: as alone, in their order, within bounds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.serving.batching import Batcher, Predicted
from assay.serving.refusals import NotReady, TooMany
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

SECONDS = 30.0


@pytest.fixture(scope="module")
def bundle(checkpoint: Path) -> Classifier:
    return Classifier.open(made.int8_bundle(checkpoint), of_bundle, threads=2)


@pytest.fixture
def start(bundle: Classifier) -> Iterator[Callable[..., Batcher]]:
    begun: list[Batcher] = []

    def begin(threads: int = 2, **bounds: Any) -> Batcher:
        begun.append(Batcher(bundle, threads=threads, **bounds))
        return begun[-1]

    yield begin
    for batcher in begun:
        batcher.close()


def _texts(rows: int) -> list[str]:
    found: list[str] = made.texts(rows)["text"].tolist()
    return found


async def _ask(batcher: Batcher, requests: Sequence[Sequence[str]]) -> list[Predicted]:
    return await asyncio.gather(*(batcher.predict(one, seconds=SECONDS) for one in requests))


def test_many_requests_get_the_answers_that_the_bundle_gives(
    bundle: Classifier, start: Callable[..., Batcher]
) -> None:
    texts = _texts(120)
    requests = [texts[:1], texts[1:90], [], texts[90:93], texts[93:]]
    found = asyncio.run(_ask(start(), requests))
    together = np.concatenate([one.answers.probabilities for one in found])
    assert np.abs(together - bundle.predict(texts).probabilities).max() < 1e-6
    unknown = np.concatenate([one.answers.unknown for one in found])
    assert np.array_equal(unknown, bundle.predict(texts).unknown)


def test_a_row_is_answered_alike_alone_and_in_a_batch_of_64(
    start: Callable[..., Batcher],
) -> None:
    texts = _texts(64)
    batcher = start(threads=1)
    (many,) = asyncio.run(_ask(batcher, [texts]))
    for place in range(0, 64, 9):
        (alone,) = asyncio.run(_ask(batcher, [[texts[place]]]))
        difference = alone.answers.probabilities[0] - many.answers.probabilities[place]
        assert np.abs(difference).max() <= 1e-3


def test_waiting_requests_are_computed_together(start: Callable[..., Batcher]) -> None:
    batches: list[None] = []
    batcher = start(threads=1, count=lambda: batches.append(None))
    asyncio.run(_ask(batcher, [[text] for text in _texts(64)]))
    assert 0 < len(batches) < 32


def test_a_small_request_does_not_wait_for_a_large_one(start: Callable[..., Batcher]) -> None:
    async def ask(batcher: Batcher) -> list[str]:
        order: list[str] = []

        async def one(name: str, texts: Sequence[str]) -> None:
            await batcher.predict(texts, seconds=SECONDS)
            order.append(name)

        await asyncio.gather(one("large", _texts(1000)), one("small", ["one text"]))
        return order

    assert asyncio.run(ask(start(threads=1))) == ["small", "large"]


def test_a_truncated_text_is_counted_for_its_own_request(start: Callable[..., Batcher]) -> None:
    found = asyncio.run(_ask(start(threads=1), [["short"], ["word " * 999], ["brief", "tiny"]]))
    assert [one.answers.truncated for one in found] == [0, 1, 0]


def test_past_the_bound_a_request_is_refused_with_a_time_to_come_back(
    start: Callable[..., Batcher],
) -> None:
    async def ask(batcher: Batcher) -> list[Predicted | BaseException]:
        requests = [batcher.predict(_texts(100), seconds=SECONDS) for _ in range(20)]
        return await asyncio.gather(*requests, return_exceptions=True)

    found = asyncio.run(ask(start(threads=1, most_queued=300)))
    refused = [one for one in found if isinstance(one, TooMany)]
    assert refused and all(one.retry_after > 0 for one in refused)
    assert all("300 are the most" in str(one) for one in refused)
    answered = [one for one in found if isinstance(one, Predicted)]
    assert len(answered) + len(refused) == 20 and answered


def test_a_request_larger_than_the_bound_is_taken_when_nothing_else_waits(
    start: Callable[..., Batcher],
) -> None:
    (found,) = asyncio.run(_ask(start(most_queued=10), [_texts(50)]))
    assert len(found.answers.probabilities) == 50


def test_a_request_whose_deadline_passed_is_refused_and_the_next_answered(
    start: Callable[..., Batcher],
) -> None:
    async def ask(batcher: Batcher) -> tuple[object, Predicted]:
        long = asyncio.ensure_future(batcher.predict(_texts(2000), seconds=SECONDS))
        await asyncio.sleep(0.02)
        late = asyncio.ensure_future(batcher.predict(["late"], seconds=0.0))
        (problem,) = await asyncio.gather(late, return_exceptions=True)
        return problem, await long

    problem, answered = asyncio.run(ask(start(threads=1)))
    assert isinstance(problem, TooMany) and "its deadline" in str(problem)
    assert len(answered.answers.probabilities) == 2000


def test_a_client_that_went_away_costs_nothing_more(start: Callable[..., Batcher]) -> None:
    async def ask(batcher: Batcher) -> int:
        gone = asyncio.ensure_future(batcher.predict(_texts(2000), seconds=SECONDS))
        await asyncio.sleep(0.02)
        gone.cancel()
        await batcher.predict(["still here"], seconds=SECONDS)
        return batcher.queued

    assert asyncio.run(ask(start(threads=1))) == 0


def test_closing_answers_what_waits_and_refuses_what_comes(
    bundle: Classifier, start: Callable[..., Batcher]
) -> None:
    async def ask(batcher: Batcher) -> Predicted:
        waiting = asyncio.ensure_future(batcher.predict(_texts(500), seconds=SECONDS))
        await asyncio.sleep(0)
        await asyncio.to_thread(batcher.close)
        with pytest.raises(NotReady, match="no longer served"):
            await batcher.predict(["more"], seconds=SECONDS)
        return await waiting

    found = asyncio.run(ask(start()))
    assert len(found.answers.probabilities) == 500
    assert found.queued >= 0 and found.computed > 0
