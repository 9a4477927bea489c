"""``assay generate``: a language model continues a text, on the terminal as it is written.

Reads the champion's bundle, or the workspace's, and the file that the user names. Writes to
standard output alone.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import cores
from assay.cli import as_json
from assay.cli.answer import give
from assay.cli.located import locate
from assay.errors import UsageError
from assay.paths import require_project
from assay.progress import say
from assay.tasks import registry
from assay.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.language_model import LanguageModel
    from assay.bundle.sampling import Sampling
    from assay.bundle.streamed import Streamed

COMMAND = "generate"


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


@click.command(name=COMMAND)
@click.argument("model")
@click.argument("prompt", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Many prompts: one a line, in UTF-8.")
@click.option("--max-tokens", type=int, default=200, show_default=True, help="Of each text.")
@click.option("--temperature", type=float, default=1.0, show_default=True, help="0: no chance.")
@click.option("--top-p", type=float, default=1.0, show_default=True, help="Least probable cut off.")
@click.option("--top-k", type=int, help="So many most probable tokens alone.")
@click.option("--repetition-penalty", type=float, default=1.0, show_default=True)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed, the same text."
)
@click.option("--stop", multiple=True, help="End before this text; may be given several times.")
@click.option("--count", type=click.IntRange(1, 10_000), default=1, help="Texts of each prompt.")
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundle, not the champion.")
@as_json
def command(
    model: str,
    prompt: str | None,
    file: Path | None,
    count: int,
    max_tokens: int,
    stop: tuple[str, ...],
    workspace: bool,
    json_: bool,
    **drawn: Any,
) -> None:
    """Let MODEL continue PROMPT; without one, it begins a text of its own."""
    require_project()
    _require_generator(model)
    from assay.bundle.sampling import Sampling
    from assay.tasks.bundles import open_generator

    asked = Asked(_prompts(prompt, file), count, max_tokens, Sampling(**drawn), stop)
    found = locate(model, workspace=workspace)
    opened = open_generator(found.folder, threads=cores.usable())
    found.say(opened)
    _say_unknown(opened, asked.prompts)
    if json_:
        source = "champion" if found.version else "workspace"
        answer = {"model": model, "source": source, "version": found.version}
        give({**answer, "texts": _written(opened, asked)}, [], json_=True)
    else:
        _stream(opened, asked)


def _require_generator(model: str) -> None:
    task = registry.task_of(registry.load_model(model))
    if task.command != COMMAND:
        raise UsageError(
            f"{model} generates nothing: it is a model of {task.name}",
            expected="a model of a task of generation",
            cure=f"assay {task.command} {model}",
        )


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
        say(f"{unknown:,} characters of the prompt are not known to the model")


def _streams(model: LanguageModel, asked: Asked) -> list[tuple[str, Streamed]]:
    """Return each prompt with the text that is to be written behind it, none of it drawn yet."""
    return [
        (prompt, model.write(prompt, asked.max_tokens, asked.sampling, row=row, stop=asked.stop))
        for prompt in asked.prompts
        for row in range(asked.count)
    ]


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
    streams = _streams(model, asked)
    for place, (prompt, written) in enumerate(streams):
        if written.cut:
            say(f"the prompt is longer than the context: its first {written.cut:,} tokens were cut")
        if place:
            sys.stdout.write("\n---\n")
        sys.stdout.write(visible(prompt))
        for piece in written:
            sys.stdout.write(visible(piece))
            sys.stdout.flush()
        sys.stdout.write("\n")
