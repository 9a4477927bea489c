"""What ``assay predict --explain`` shows: which words of a text carried the answer.

Asks an opened bundle about the text without each word. Writes to standard output, and reads
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from assay.errors import UsageError
from assay.progress import say
from assay.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from assay.bundle.classifier import Classifier
    from assay.modalities.requests import Occluded, Requests

# Behind the point, of a weight for a program.
DIGITS = 6
LEGEND = (
    "[word +1.20]: without it, the log odds of the label fall by 1.20; a word with a minus speaks "
    "for another label"
)


@dataclass(frozen=True)
class Explanation:
    """The units of a text and the weight of each, float64 of shape (units,)."""

    text: str
    occluded: Occluded
    weights: np.ndarray[Any, Any]

    def as_list(self) -> list[dict[str, Any]]:
        """Return every unit with its place in the text, for a program."""
        return [
            {
                "text": unit.text,
                "start": unit.start,
                "end": unit.end,
                "weight": round(weight, DIGITS),
            }
            for unit, weight in zip(self.occluded.units, self.weights.tolist(), strict=True)
        ]

    def line(self) -> str:
        """Return the text in one line, the strongest units marked; bold is for a terminal alone."""
        from assay.objectives.classification.occlusion import strongest

        found, place = "", 0
        for number in strongest(self.weights):
            unit, weight = self.occluded.units[number], float(self.weights[number])
            found += visible(self.text[place : unit.start])
            found += f"[{click.style(_flat(unit.text), bold=True)} {weight:+.2f}]"
            place = unit.end
        return " ".join((found + visible(self.text[place:])).split())


def _flat(text: str) -> str:
    return visible(" ".join(text.split()))


def units_of(model: str, requests: Requests, contents: Sequence[Any]) -> list[Occluded]:
    """Return what of each input can be left out.

    Raises:
        UsageError: inputs of this kind have no words.

    """
    found = [requests.occluded(one) for one in contents]
    if any(one is None for one in found):
        raise UsageError(
            f"--explain marks the words of texts, and {model} is asked about {requests.noun}s",
            expected="a model of texts",
            cure="leave out --explain; the model's report says what is known of all its answers",
        )
    return [one for one in found if one]


def refuse_file() -> UsageError:
    """Return the refusal of a whole file."""
    return UsageError(
        "--explain and --file were given: each explanation asks the model once a word",
        expected="texts on the command line",
        cure='name those that you want explained: assay predict MODEL --explain "I love it"',
    )


def explanations(
    bundle: Classifier, contents: Sequence[str], occluded: Sequence[Occluded], usable: list[bool]
) -> list[Explanation | None]:
    """Return the explanation of each answer, None where there is none."""
    from assay.objectives.classification.occlusion import explained

    pairs = list(zip(contents, occluded, strict=True))
    asked = [pair for pair, good in zip(pairs, usable, strict=True) if good]
    found = explained(bundle, [(text, one.contents) for text, one in asked])
    made = (
        Explanation(text, one, weights) for (text, one), weights in zip(asked, found, strict=True)
    )
    return [next(made) if good else None for good in usable]


def show_explained(lines: Sequence[str], found: Sequence[Explanation | None]) -> None:
    """Print each answer and, below it, its text with the strongest words marked."""
    say(LEGEND)
    for line, explanation in zip(lines, found, strict=True):
        click.echo(visible(line))
        if explanation:
            click.echo(f"  {explanation.line()}")
