from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from assay.bundle.generator import Generator
from assay.bundle.sampling import Sampling
from assay.bundle.session import Session
from assay.errors import UsageError
from tests.tasks.text_generation import made

pytestmark = pytest.mark.processor

GREEDY = Sampling(temperature=0)
TEXT = made.ids(made.TEXT)
# Of the text's own words, in the middle of words, and no words at all.
PROMPTS = (TEXT[:1], TEXT[20:60], TEXT[333:340], [5, 5, 5, 5], list(range(30)), TEXT[700:772])


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(made.fp32(), 1)


@pytest.fixture(scope="module")
def generator(session: Session) -> Generator:
    return Generator(session, made.CONTEXT)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_decoding_is_that_of_torch_token_by_token(
    generator: Generator, prompt: list[int]
) -> None:
    stream = generator.stream(prompt, 128, GREEDY)
    found = list(stream)
    assert found == made.greedy(prompt, 128)
    assert (stream.ending, stream.cut) == ("length", 0)


def test_many_prompts_are_continued_as_each_alone(generator: Generator) -> None:
    found = generator.generate(PROMPTS, 128, GREEDY)
    assert [list(one.ids) for one in found] == [made.greedy(one, 128) for one in PROMPTS]
    assert {one.ending for one in found} == {"length"}
    assert len(set(found[1].ids)) > 10, "a text, no single letter"
    assert generator.generate([], 5, GREEDY) == []


def test_more_threads_say_the_same(generator: Generator) -> None:
    other = Generator(Session(made.fp32(), 1, intra_op_threads=2), made.CONTEXT)
    for prompt in PROMPTS[:3]:
        assert list(other.stream(prompt, 40, GREEDY)) == list(generator.stream(prompt, 40, GREEDY))


def test_int8_knows_the_text_too(generator: Generator) -> None:
    small = Generator(Session(made.int8(), 1), made.CONTEXT)
    full = generator.scorer().nats(TEXT).mean()
    assert small.scorer().nats(TEXT).mean() == pytest.approx(full, rel=0.05)
    assert small.scorer().nats(small.generate([TEXT[:50]], 100, GREEDY)[0].ids).mean() < 2 * full


def test_a_seed_decides(generator: Generator) -> None:
    prompt, sampling = TEXT[:10], Sampling(temperature=1.2, seed=3)
    first = list(generator.stream(prompt, 50, sampling))
    assert list(generator.stream(prompt, 50, sampling)) == first
    assert list(generator.stream(prompt, 50, dataclasses.replace(sampling, seed=4))) != first
    rows = [list(generator.stream(prompt, 50, sampling, row=row)) for row in range(3)]
    assert rows[0] == first
    assert len(set(map(tuple, rows))) == 3
    together = generator.generate([prompt] * 3, 50, sampling)
    assert [list(one.ids) for one in together] == rows


def test_a_token_is_drawn_when_it_is_asked_for(generator: Generator) -> None:
    stream = generator.stream(TEXT[:10], 100, GREEDY)
    first = [next(stream), next(stream)]
    assert stream.ending is None
    assert first == made.greedy(TEXT[:10], 2)
    assert first + list(stream) == made.greedy(TEXT[:10], 100)
    assert list(stream) == []


def test_a_token_that_stops_ends_the_text_and_is_not_part_of_it(session: Session) -> None:
    prompt = TEXT[20:60]
    whole = made.greedy(prompt, 60)
    stop = whole[30]
    expected = whole[: whole.index(stop)]
    generator = Generator(session, made.CONTEXT, stop={stop})
    stream = generator.stream(prompt, 60, GREEDY)
    assert list(stream) == expected
    assert stream.ending == "stop"
    found = generator.generate([prompt, [stop], prompt], 60, GREEDY)
    assert [list(found[0].ids), found[0].ending] == [expected, "stop"]
    assert found[2] == found[0]
    assert list(found[1].ids) == list(generator.stream([stop], 60, GREEDY)), "others go on"


@pytest.mark.parametrize(("length", "cut"), [(50, 0), (200, 0), (201, 1), (700, 500)])
def test_a_prompt_that_is_too_long_is_cut_from_the_left(
    generator: Generator, length: int, cut: int
) -> None:
    stream = generator.stream(TEXT[:length], 20, GREEDY)
    assert stream.cut == cut
    assert list(stream) == forgetting(TEXT[cut:length], 20)
    assert generator.generate([TEXT[:length]], 20, GREEDY)[0].cut == cut


def test_a_text_may_become_longer_than_the_context(generator: Generator) -> None:
    count = 2 * made.CONTEXT
    expected = forgetting(TEXT[:150], count)
    assert list(generator.stream(TEXT[:150], count, GREEDY)) == expected
    together = generator.generate([TEXT[:150], TEXT[:5], TEXT[40:239]], count, GREEDY)
    assert list(together[0].ids) == expected
    assert list(together[1].ids) == forgetting(TEXT[:5], count)
    assert list(together[2].ids) == forgetting(TEXT[40:239], count)


def forgetting(prompt: list[int], count: int) -> list[int]:
    """Return what torch alone says if half of a full context is kept, read anew every time."""
    read, found = list(prompt), list[int]()
    for _ in range(count):
        if len(read) > made.CONTEXT:
            read = read[-made.CONTEXT // 2 :]
        found += made.greedy(read, 1)
        read.append(found[-1])
    return found


def test_a_start_token_is_put_before_a_prompt_that_is_whole(session: Session) -> None:
    generator = Generator(session, made.CONTEXT, start=7)
    assert generator.fit([1, 2], 10) == generator.fit((1, 2), 10)
    assert (generator.fit([1, 2], 10).ids, generator.fit([1, 2], 10).cut) == ((7, 1, 2), 0)
    assert generator.fit([], 10).ids == (7,)
    full = generator.fit(TEXT[:200], 10)
    assert (full.ids, full.cut) == (tuple(TEXT[:200]), 0), "nothing of the prompt was cut"
    longer = generator.fit(TEXT[:201], 10)
    assert (longer.ids, longer.cut) == (tuple(TEXT[1:201]), 1)
    assert list(generator.stream([], 20, GREEDY)) == made.greedy([7], 20)


def test_an_empty_prompt_needs_a_start_token(generator: Generator) -> None:
    with pytest.raises(UsageError, match="the prompt is empty"):
        generator.stream([], 10, GREEDY)
    with pytest.raises(UsageError, match="the prompt is empty"):
        generator.generate([[1], []], 10, GREEDY)


@pytest.mark.parametrize("count", [-1, 0])
def test_no_token_at_all_is_refused(generator: Generator, count: int) -> None:
    with pytest.raises(UsageError, match=f"{count} tokens"):
        generator.stream([1], count, GREEDY)


def test_a_token_that_is_not_known_is_refused(generator: Generator) -> None:
    with pytest.raises(UsageError, match="-3 is no token id"):
        generator.stream([1, -3], 5, GREEDY)


def test_the_whole_context_is_used(generator: Generator) -> None:
    prompt = TEXT[:1]
    assert list(generator.stream(prompt, made.CONTEXT - 1, GREEDY)) == made.greedy(
        prompt, made.CONTEXT - 1
    )


def test_a_document_has_its_cost(generator: Generator) -> None:
    assert np.isfinite(generator.scorer().nats(TEXT[:300])).all()


def test_a_token_that_is_never_drawn_is_not(session: Session) -> None:
    free = Generator(session, made.CONTEXT)
    expected = list(free.stream(TEXT[:20], 30, GREEDY))
    banned = expected[3]
    found = list(Generator(session, made.CONTEXT, never={banned}).stream(TEXT[:20], 30, GREEDY))
    assert found[:3] == expected[:3]
    assert banned not in found
