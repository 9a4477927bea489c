"""``assay generate``: a language model continues a text, an image generator draws images.

Reads the champion's bundle, or the workspace's. Writes what ``generate_texts`` or
``generate_images`` beside this module say, which read the options that belong to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from assay import cores
from assay.cli import as_json, generate_images, generate_texts
from assay.cli.located import locate
from assay.errors import UsageError
from assay.paths import require_project
from assay.tasks import registry

if TYPE_CHECKING:
    from assay.bundle.opened import Opened
    from assay.tasks.task import Task

G = TypeVar("G", bound="Opened")

COMMAND = "generate"
# How a model is asked, by what its data is.
WAYS = {"text": generate_texts, "image": generate_images}


@dataclass(frozen=True)
class Target:
    """The model that is asked, from where, and whether a program asks."""

    model: str
    workspace: bool
    json_: bool

    def opened(self, kind: type[G]) -> tuple[G, dict[str, Any]]:
        """Open the model's bundle and say so; return what a program is told of it, too.

        Raises:
            UsageError: the bundle is of another kind.
            BundleRefused: it was altered, or answers here otherwise than it was measured.

        """
        from assay.tasks.bundles import open_as

        found = locate(self.model, workspace=self.workspace)
        bundle = open_as(found.folder, kind, threads=cores.usable())
        found.say(bundle)
        source = "champion" if found.version else "workspace"
        return bundle, {"model": self.model, "source": source, "version": found.version}


@click.command(name=COMMAND)
@click.argument("model")
@click.argument("prompt", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Many prompts: one a line, in UTF-8.")
@click.option("--max-tokens", type=int, default=200, show_default=True, help="Of each text.")
@click.option("--temperature", type=float, default=1.0, show_default=True, help="0: no chance.")
@click.option("--top-p", type=float, default=1.0, show_default=True, help="Least probable cut off.")
@click.option("--top-k", type=int, help="So many most probable tokens alone.")
@click.option("--repetition-penalty", type=float, default=1.0, show_default=True)
@click.option("--stop", multiple=True, help="End before this text; may be given several times.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="The PNG file that images are written to."
)
@click.option("--columns", type=click.IntRange(1, 1000), help="Images in a row.")
@click.option("--scale", type=click.IntRange(1, 64), default=1, help="Pixels a pixel's side has.")
@click.option("--noise", is_flag=True, help="Draw each pixel of an image, too.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed, the same answer."
)
@click.option(
    "--count", type=click.IntRange(1, 10_000), help="Texts of each prompt (1), or images (64)."
)
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundle, not the champion.")
@as_json
def command(model: str, workspace: bool, json_: bool, **given: Any) -> None:
    """Let MODEL continue PROMPT, or begin a text of its own; or let it draw images.

    Of texts: PROMPT, --file, --max-tokens, --temperature, --top-p, --top-k, --repetition-penalty
    and --stop. Of images: --output, --columns, --scale and --noise.
    """
    require_project()
    task = registry.task_of(registry.load_model(model))
    if task.command != COMMAND:
        raise UsageError(
            f"{model} generates nothing: it is a model of {task.name}",
            expected="a model of a task of generation",
            cure=f"assay {task.command} {model}",
        )
    _refuse_others(click.get_current_context(), model, task)
    WAYS[task.data].answer(Target(model, workspace, json_), given)


def _refuse_others(context: click.Context, model: str, task: Task[Any]) -> None:
    """Refuse options that belong to models of other data."""
    for data, way in WAYS.items():
        options = way.OPTIONS if data != task.data else ()
        named = [
            _shown(context, name)
            for name in sorted(options)
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        ]
        if named:
            own = sorted(WAYS[task.data].OPTIONS)
            raise UsageError(
                f"{', '.join(named)} is for models of {data}s, and {model} is one of {task.name}",
                expected=f"beside --count and --seed: {', '.join(_shown(context, o) for o in own)}",
                cure=f"leave out {', '.join(named)}",
            )


def _shown(context: click.Context, name: str) -> str:
    """Return a parameter as people write it, e.g. ``--top-p`` or ``PROMPT``."""
    found = {one.name: one for one in context.command.params}[name]
    return name.upper() if isinstance(found, click.Argument) else found.opts[0]
