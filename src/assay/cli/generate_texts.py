"""How ``assay generate`` asks a language model: it continues a text, as it is written.

Reads the file that the user names. Writes to standard output alone.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.cli.answer import give
from assay.errors import UsageError
from assay.progress import say
from assay.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from assay.bundle.language_model import LanguageModel
    from assay.bundle.sampling import Sampling
    from assay.bundle.streamed import Streamed
    from assay.cli.generate import Target

# The options that belong to texts alone.
OPTIONS = frozenset(
    ("prompt", "file", "max_tokens", "stop", "temperature", "top_p", "top_k", "repetition_penalty")
)
DRAWN = ("temperature", "top_p", "top_k", "repetition_penalty", "seed")
# Where --count is not given.
COUNT = 1


@dataclass(frozen=True)
class Asked:
    """What is asked of the model: prompts, each continued ``count`` times.

    Attributes:
        prompts: texts.
        count: continuations of each.
        max_tokens: of each.
        sampling: how tokens are drawn.
        stop: texts before which a continuation ends.

    """

    prompts: Sequence[str]
    count: int
    max_tokens: int
    sampling: Sampling
    stop: tuple[str, ...]


def answer(target: Target, given: Mapping[str, Any]) -> None:
    """Let a model continue a prompt; without one, it begins a text of its own.

    Raises:
        UsageError: options that make no sense, or a prompt that is no text.
        BundleRefused: the bundle is not one of texts, or was altered.

    """
    from assay.bundle.language_model import LanguageModel
    from assay.bundle.sampling import Sampling

    asked = Asked(
        prompts=_prompts(given["prompt"], given["file"]),
        count=given["count"] or COUNT,
        max_tokens=given["max_tokens"],
        sampling=Sampling(**{name: given[name] for name in DRAWN}),
        stop=given["stop"],
    )
    opened, about = target.opened(LanguageModel)
    _say_unknown(opened, asked.prompts)
    if target.json_:
        give({**about, "texts": _written(opened, asked)}, [], json_=True)
    else:
        _stream(opened, asked)


def _prompts(prompt: str | None, file: Path | None) -> list[str]:
    if file is None:
        return [_require_text(prompt or "")]
    if prompt is not None:
        raise UsageError(
            "both a prompt and --file were given",
            expected="one of them",
            cure="leave out the other",
        )
    try:
        # Some editors put a mark first, which is no part of a prompt.
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"{file} can't be read: {problem}",
            expected="a text file in UTF-8, a prompt a line",
            cure="name another file, or save it as UTF-8",
        ) from problem
    prompts = [line for line in lines if line.strip()]
    if not prompts:
        raise UsageError(f"{file} holds no prompt", expected="a prompt a line")
    return prompts


def _require_text(prompt: str) -> str:
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise UsageError(
            "the prompt is no text in UTF-8", expected="text in UTF-8", cure="check your terminal"
        ) from problem
    return prompt


def _say_unknown(model: LanguageModel, prompts: Sequence[str]) -> None:
    if unknown := sum(map(model.unknown, prompts)):
        say(f"{unknown:,} tokens of the prompt are not known to the model")


def _streams(model: LanguageModel, asked: Asked) -> Iterator[tuple[str, Streamed]]:
    """Yield each prompt with the text that is to be written behind it, none of it drawn yet."""
    for prompt in asked.prompts:
        for row in range(asked.count):
            written = model.write(
                prompt, asked.max_tokens, asked.sampling, row=row, stop=asked.stop
            )
            yield prompt, written


def _written(model: LanguageModel, asked: Asked) -> list[dict[str, Any]]:
    found = []
    for prompt, written in _streams(model, asked):
        text = "".join(written)
        found.append(
            {
                "prompt": prompt,
                "text": text,
                "tokens": written.tokens,
                "ending": written.ending,
                "cut_tokens": written.cut,
            }
        )
    return found


def _stream(model: LanguageModel, asked: Asked) -> None:
    for place, (prompt, written) in enumerate(_streams(model, asked)):
        if written.cut:
            say(f"the prompt is longer than the context: its first {written.cut:,} tokens were cut")
        if place:
            sys.stdout.write("\n---\n")
        sys.stdout.write(visible(prompt))
        for piece in written:
            sys.stdout.write(visible(piece))
            sys.stdout.flush()
        sys.stdout.write("\n")
