"""Messages of a conversation as one prompt.

Reads and writes nothing. A model whose tokenizer has the special tokens ``<|im_start|>`` and
``<|im_end|>`` gets ChatML, which SmolLM2 and Qwen were trained with:

    <|im_start|>user
    Good morning<|im_end|>
    <|im_start|>assistant

Any other gets the messages behind their roles, a line each, and its answer ends where it begins
another one's. No message can spell a special token: it gets the tokens of the letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assay.serving.generating.prompts import Special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.language_model import Tokenizer
    from assay.serving.generating.prompts import Prompt

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")
BEGIN, END = "<|im_start|>", "<|im_end|>"


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True)
class Templated:
    """A conversation as the model reads it, and the texts before which its answer ends."""

    prompt: Prompt
    stop: tuple[str, ...]


def templated(turns: Sequence[Turn], tokenizer: Tokenizer) -> Templated:
    """Return the prompt that the assistant's next message follows."""
    if tokenizer.special(BEGIN) is None or tokenizer.special(END) is None:
        return _plain(turns)
    begin, end = Special(BEGIN), Special(END)
    parts: list[str | Special] = []
    for turn in turns:
        parts += [begin, f"{turn.role}\n{turn.text}", end, "\n"]
    return Templated((*parts, begin, "assistant\n"), (END,))


def _plain(turns: Sequence[Turn]) -> Templated:
    lines = [f"{turn.role}: {turn.text}\n" for turn in turns]
    stop = tuple(f"\n{role}:" for role in ROLES)
    return Templated(("".join([*lines, "assistant:"]),), stop)
