"""Texts of many clients: equal to those written alone, in turns, bounded, and ended in time."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from assay.bundle.sampling import Sampling
from assay.serving.generating.prompts import Special, TooLong
from assay.serving.generating.writer import Limits, Writer
from assay.serving.generating.writing import Asked
from assay.serving.refusals import BadRequest, NotReady, TooMany
from tests.serving.generating.models import CONTEXT, ENDLESS, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.bundle.language_model import LanguageModel
    from assay.serving.generating.writing import Writing

pytestmark = pytest.mark.processor

GREEDY = Sampling(temperature=0)


@contextmanager
def _writer(model: LanguageModel, threads: int = 1, **limits: Any) -> Iterator[Writer]:
    writer = Writer(model, threads=threads, limits=Limits(**limits))
    try:
        yield writer
    finally:
        writer.close()


def _asked(prompt: str, tokens: int = 20, seed: int = 1, stop: tuple[str, ...] = ()) -> Asked:
    return Asked((prompt,), tokens, Sampling(seed=seed), stop)


async def _text(writer: Writer, asked: Asked) -> tuple[str, Writing]:
    with writer.write(asked) as writing:
        return await writing.text(), writing


@pytest.mark.parametrize("threads", [1, 3])
def test_texts_side_by_side_are_those_that_are_written_alone(
    model: LanguageModel, threads: int
) -> None:
    several = [_asked("coffee ", 10 + seed, seed, ("e w",)) for seed in range(9)]
    expected = []
    for one in several:
        alone = model.write("coffee ", one.max_tokens, one.sampling, stop=one.stop)
        expected.append(("".join(alone), alone.tokens, alone.ending))

    async def run() -> list[tuple[str, Writing]]:
        return await asyncio.gather(*(_text(writer, one) for one in several))

    with _writer(model, threads, together=3) as writer:
        answered = asyncio.run(run())
    assert writer.is_idle
    found = []
    for text, writing in answered:
        assert writing.written is not None
        assert writing.written.prompt_tokens == len("coffee ")
        assert writing.written.computed > 0
        found.append((text, writing.written.tokens, writing.written.ending))
    assert found == expected
    assert len({text for text, _, _ in found}) > 5


def test_a_short_text_does_not_wait_for_the_whole_of_a_long_one(model: LanguageModel) -> None:
    async def run() -> None:
        with writer.write(_asked("coffee ", ENDLESS)) as long:
            await anext(long)
            text, _ = await _text(writer, _asked("tea ", 3))
            assert len(text) == 3
            assert not writer.is_idle, "the long one goes on"
        await until(lambda: writer.is_idle)

    with _writer(model, tokens=ENDLESS) as writer:
        asyncio.run(run())


def test_a_text_that_nobody_waits_for_is_not_computed(model: LanguageModel) -> None:
    """Begun or not: what nobody waits for makes room at once, or with its next token."""

    async def run() -> None:
        with writer.write(_asked("coffee ", ENDLESS)) as first, writer.write(_asked("a")) as second:
            await anext(first)
            assert (writer.running, writer.queued) == (1, 1)
            assert not writer.is_idle
        assert not first.is_wanted
        assert second.written is None
        await until(lambda: writer.is_idle)
        assert (first.written, second.written) == (None, None)

    with _writer(model, tokens=ENDLESS, together=1) as writer:
        asyncio.run(run())


def test_past_the_queue_a_text_is_refused(model: LanguageModel) -> None:
    async def run() -> None:
        with writer.write(_asked("coffee ", ENDLESS)) as first:
            await anext(first)
            with writer.write(_asked("a")), writer.write(_asked("b")):
                with pytest.raises(TooMany, match="2 texts wait already") as refused:
                    writer.write(_asked("c"))
                assert refused.value.headers["retry-after"].isdigit()
            # Those that wait are not wanted any longer: there is room.
            with writer.write(_asked("c")) as third:
                assert third.is_wanted

    with _writer(model, tokens=ENDLESS, together=1, waiting=2) as writer:
        asyncio.run(run())


def test_past_its_deadline_a_text_is_ended(model: LanguageModel) -> None:
    async def run() -> None:
        writing = writer.write(_asked("coffee ", ENDLESS))
        with writing, pytest.raises(TooMany, match=r"not finished within 0\.2 s"):
            await writing.text()
        await until(lambda: writer.is_idle)

    with _writer(model, tokens=ENDLESS, seconds=0.2) as writer:
        asyncio.run(run())


@pytest.mark.parametrize(
    ("asked", "limits", "sentence"),
    [
        (_asked("x" * 101), {"characters": 100}, "the prompt has 101 characters, and 100"),
        (_asked("x", 0), {}, "0 tokens can't be asked for: expected 1 to 2,048"),
        (_asked("x", 11), {"tokens": 10}, "11 tokens can't be asked for: expected 1 to 10"),
    ],
)
def test_more_than_one_may_ask_for_is_refused_at_once(
    model: LanguageModel, asked: Asked, limits: dict[str, int], sentence: str
) -> None:
    with _writer(model, **limits) as writer, pytest.raises(BadRequest, match=sentence):
        writer.write(asked)


def test_a_prompt_that_would_be_cut_is_refused(model: LanguageModel) -> None:
    async def run(prompt: str) -> str:
        return (await _text(writer, _asked(prompt, 2)))[0]

    with _writer(model) as writer:
        assert asyncio.run(run("x" * CONTEXT))
        with pytest.raises(TooLong, match="the prompt has 49 tokens, and the model reads 48"):
            asyncio.run(run("x" * (CONTEXT + 1)))
        assert asyncio.run(run("")), "a text of its own"
    assert writer.is_idle


def test_what_goes_wrong_belongs_to_its_text_alone(model: LanguageModel) -> None:
    unknown = Asked((Special("<|no such token|>"),), 3, GREEDY)

    async def run() -> list[object]:
        texts = [_text(writer, one) for one in (_asked("a"), unknown, _asked("a"))]
        return list(await asyncio.gather(*texts, return_exceptions=True))

    with _writer(model) as writer:
        first, failed, last = asyncio.run(run())
    assert isinstance(failed, AssertionError)
    assert isinstance(first, tuple)
    assert isinstance(last, tuple)
    assert first[0] == last[0]


def test_a_writer_that_is_closed_finishes_what_it_took(model: LanguageModel) -> None:
    async def run() -> list[str]:
        writer = Writer(model, limits=Limits(together=1))
        with writer.write(_asked("a", 30)) as first, writer.write(_asked("b", 30)) as second:
            closing = asyncio.create_task(asyncio.to_thread(writer.close))
            texts = [await first.text(), await second.text()]
            await closing
            with pytest.raises(NotReady, match="no longer served"):
                writer.write(_asked("c"))
            return texts

    assert all(asyncio.run(run()))


def test_a_client_whose_loop_was_closed_hinders_nobody(model: LanguageModel) -> None:
    async def begin() -> Writing:
        writing = writer.write(_asked("coffee ", ENDLESS))
        await anext(writing)
        return writing

    with _writer(model, tokens=ENDLESS, together=1) as writer:
        left = asyncio.run(begin())

        async def other() -> str:
            return (await _text(writer, _asked("b", 5)))[0]

        assert asyncio.run(other())
        assert not left.is_wanted
