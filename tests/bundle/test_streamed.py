from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.generator import Generator
from assay.bundle.sampling import Sampling
from assay.bundle.session import Session
from assay.bundle.streamed import BROKEN, Streamed
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.generated import Stream

pytestmark = pytest.mark.processor

GREEDY = Sampling(temperature=0)
PROMPT = made.ids(made.TEXT[20:60])
# One, two, three and four bytes a character.
SCRIPTS = "a Ж汉👍🏽 — é\n明月 🇨🇭."


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(Session(made.fp32(), 1), made.CONTEXT)


def _letters(ids: Sequence[int]) -> str:
    return "".join(made.LETTERS[token] for token in ids)


def _of(generator: Generator, content: bytes, stop: Sequence[str] = ()) -> Streamed:
    """Return a text of which each token, whatever it is, is the next byte of ``content``."""
    stream = generator.stream(PROMPT, len(content), GREEDY)
    return Streamed(stream, lambda ids: content[: len(ids)].decode(errors="replace"), stop)


def test_the_pieces_are_the_text_and_each_is_drawn_when_it_is_asked_for(
    generator: Generator,
) -> None:
    expected = _letters(made.greedy(PROMPT, 40))
    streamed = Streamed(generator.stream(PROMPT, 40, GREEDY), _letters)
    assert (streamed.tokens, streamed.ending, streamed.cut) == (0, None, 0)
    pieces = iter(streamed)
    assert [next(pieces), next(pieces)] == list(expected[:2])
    assert (streamed.tokens, streamed.ending) == (2, None)
    assert "".join(pieces) == expected[2:]
    assert (streamed.tokens, streamed.ending) == (40, "length")


def test_no_piece_ends_within_a_character(generator: Generator) -> None:
    pieces = list(_of(generator, SCRIPTS.encode()))
    assert pieces == list(SCRIPTS)


def test_bytes_that_are_no_text_are_shown_once_that_is_certain(generator: Generator) -> None:
    content = b"a\xff\xfeb\xe6\xb1c" + "汉".encode()
    assert list(_of(generator, content)) == ["a", f"{BROKEN}{BROKEN}b", f"{BROKEN}c", "汉"]


def test_a_text_that_ends_within_a_character_says_so(generator: Generator) -> None:
    streamed = _of(generator, "ab汉".encode()[:-1])
    assert list(streamed) == ["a", "b", BROKEN]
    assert streamed.ending == "length"


def test_a_text_ends_before_what_stops_it(generator: Generator) -> None:
    streamed = _of(generator, b"one\n\ntwo\n\nthree", stop=["\n\n"])
    assert "".join(streamed) == "one"
    assert (streamed.ending, streamed.tokens) == ("stop", 5)
    assert list(streamed) == [], "it has ended"
    assert streamed.tokens == 5


def test_what_may_become_a_stopping_text_is_held_until_that_is_decided(
    generator: Generator,
) -> None:
    pieces = list(_of(generator, b"a END or an ENd, then ENDE", stop=["ENDE"]))
    assert pieces[:4] == ["a", " ", "END ", "o"]
    assert "".join(pieces) == "a END or an ENd, then "
    assert "ENd" in pieces
    # At the end, it has not become one.
    assert "".join(_of(generator, b"the END", stop=["ENDE"])) == "the END"


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        (["汉"], "a Ж"),
        (["👍🏽"], "a Ж汉"),
        (["é", "明月"], "a Ж汉👍🏽 — "),
        (["明月", "é"], "a Ж汉👍🏽 — "),
        ([SCRIPTS], ""),
        (["", "."], SCRIPTS[:-1]),
        ([""], SCRIPTS),
        (["nowhere"], SCRIPTS),
    ],
)
def test_the_first_of_the_stopping_texts_ends_the_text(
    generator: Generator, stop: list[str], text: str
) -> None:
    streamed = _of(generator, SCRIPTS.encode(), stop)
    assert "".join(streamed) == text
    assert streamed.ending == ("length" if text == SCRIPTS else "stop")


def test_random_texts_end_where_a_search_of_the_whole_text_says(generator: Generator) -> None:
    random = np.random.default_rng(0)
    stopped = 0
    for _ in range(40):
        content = "".join(random.choice(list("ab"), 24))
        stop = ["".join(random.choice(list("ab"), random.integers(3, 7))) for _ in range(2)]
        places = [place for one in stop if (place := content.find(one)) >= 0]
        end = min(places, default=len(content))
        stopped += bool(places)
        streamed = _of(generator, content.encode(), stop)
        shown = ""
        for piece in streamed:
            shown += piece
            assert piece
            assert content[:end].startswith(shown), "what was shown is never taken back"
        assert shown == content[:end]
    assert 10 < stopped < 40


def test_a_token_that_stops_and_a_prompt_that_was_cut_are_told() -> None:
    whole = made.greedy(PROMPT, 30)
    generator = Generator(Session(made.fp32(), 1), made.CONTEXT, stop={whole[12]})
    streamed = Streamed(generator.stream(PROMPT, 30, GREEDY), _letters)
    expected = whole[: whole.index(whole[12])]
    assert "".join(streamed) == _letters(expected)
    assert (streamed.ending, streamed.tokens) == ("stop", len(expected))
    long: Stream = generator.stream(made.ids(made.TEXT[:300]), 30, GREEDY)
    assert Streamed(long, _letters).cut == 300 - made.CONTEXT
