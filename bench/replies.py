"""Faithfulness of what a language model writes of quotes, by the checker and by labels.

Reads ``replies.csv`` beside it: sentences of the model, each labelled once, beside its quote.
Writes nothing. A sentence is faithful if the quote says all that it says; other words, and less,
are allowed. Sentences of another build of the model have no label.
"""

from __future__ import annotations

import csv
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.applications.customer_service import grounding, quoting
from assay.progress import Progress
from bench import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.rephrasing import Rephraser

    # (an entry's id, a sentence) -> whether the entry's answer says all that the sentence says
    Labels = dict[tuple[str, str], bool]

LABELS = Path(__file__).with_name("replies.csv")
ANSWERS = {"yes": True, "no": False}
WORD = re.compile(r"[^\W\d_]{4,}|\d+(?:\.\d+)?")
HEAD = (
    *("replies of", "sentences", "all words in the quote", "faithful, by label", "supported"),
    *("faithful of the supported", "faithful and replaced", "unlabelled", "after the check"),
    *("p50 s", "p95 s"),
)


@dataclass(frozen=True)
class Sentence:
    """One sentence that the model wrote.

    Attributes:
        words_in_quote: all its numbers and longer words stand in the quote, in any order.
        supported: the checker lets it through.
        faithful: its label; None: it has none.

    """

    words_in_quote: bool
    supported: bool
    faithful: bool | None


def labels() -> Labels:
    """Return the labels."""
    with LABELS.open(encoding="utf-8", newline="") as stream:
        return {
            (row["entry"], row["sentence"]): ANSWERS[row["faithful"]]
            for row in csv.DictReader(stream)
        }


def table(name: str, rephraser: Rephraser, entries: Sequence[Entry], longest: int) -> str:
    """Return the table of what the model ``name`` makes of quotes of ``longest`` characters."""
    known = labels()
    seconds: list[float] = []
    found: list[Sentence] = []
    kept = 0
    with Progress("replies", len(entries)) as bar:
        for entry in entries:
            quote = quoting.quote(entry, entry.question, longest)
            begun = time.perf_counter()
            text = rephraser.written(quote)
            seconds.append(time.perf_counter() - begun)
            found += judged(entry.id, quote.text, text, known)
            said = grounding.grounded(quote.text, text).text
            kept += all(_within(quote.text, one) for one in _sentences(said))
            bar.advance()
    after = f"{kept} of {len(entries)} replies"
    return tables.markdown(HEAD, [[f"`{name}`", *_figures(found), after, *_times(seconds)]])


def judged(entry: str, quote: str, text: str, known: Labels) -> list[Sentence]:
    """Return the sentences of a text that was written of a quote."""
    return [
        Sentence(_within(quote, one), grounding.supports(quote, one), known.get((entry, one)))
        for one in _sentences(text)
    ]


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in grounding.sentences(text)]


def _figures(found: Sequence[Sentence]) -> list[str]:
    labelled = [one for one in found if one.faithful is not None]
    supported = [one for one in labelled if one.supported]
    faithful = [one for one in labelled if one.faithful]
    return [
        str(len(found)),
        _share(sum(one.words_in_quote for one in found), len(found)),
        _share(len(faithful), len(labelled)),
        _share(sum(one.supported for one in found), len(found)),
        f"{sum(bool(one.faithful) for one in supported)} of {len(supported)}",
        f"{sum(not one.supported for one in faithful)} of {len(faithful)}",
        str(len(found) - len(labelled)),
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "none"


def _times(seconds: Sequence[float]) -> list[str]:
    return [f"{np.percentile(seconds, share):.1f}" for share in (50, 95)]


def _within(quote: str, sentence: str) -> bool:
    return set(WORD.findall(sentence.lower())) <= set(WORD.findall(quote.lower()))
