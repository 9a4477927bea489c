"""Prompts: texts, and the special tokens between them that no text can spell.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from assay.bundle.language_model import Tokenizer


class TooLong(BadRequest):
    """A prompt that the model would not read whole."""


@dataclass(frozen=True)
class Special:
    """A special token by its name, which the model's tokenizer knows."""

    name: str


# Parts in their order. Each text is encoded by itself.
Prompt = tuple[str | Special, ...]


def characters(prompt: Prompt) -> int:
    """Return how many characters the texts of a prompt have."""
    return sum(len(part) for part in prompt if isinstance(part, str))


def encoded(prompt: Prompt, tokenizer: Tokenizer) -> list[int]:
    """Return a prompt's token ids."""
    ids: list[int] = []
    for part in prompt:
        if isinstance(part, str):
            ids += tokenizer.encode([part])[0]
        else:
            token = tokenizer.special(part.name)
            assert token is not None  # noqa: S101  whoever makes a prompt has looked
            ids.append(token)
    return ids
