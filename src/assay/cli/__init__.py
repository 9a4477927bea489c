"""The ``assay`` command, thin: words in, one call, an answer out (``--json``: for a program).

One module a command, loaded only when it is called: ``assay --help`` loads none of them.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

# What --help says of each command; its module bears its name.
COMMANDS = {
    "run": "Build one model: validate, train, export, measure.",
    "predict": "Ask a built model for the label of texts, or of a whole file.",
    "generate": "Let a model continue a text, or draw images.",
    "serve": "Answer over HTTP: Open Inference Protocol, chat, metrics.",
    "service": "Talk to customers in the browser, with released models.",
    "new": "Add a model of your own to params.yaml, from a file.",
    "promote": "Make what was built champion, if the gate lets it.",
    "rollback": "Make an earlier release champion again.",
    "history": "What was decided of a model, and on what grounds.",
    "drift": "Compare what is served with what the champion was tested on.",
    "shadow": "How a challenger answers what the champion is asked.",
    "verify": "Rebuild a release, and prove that its bytes are the same.",
    "track": "Log a built model to MLflow now, if it could not be logged then.",
    "tokens": "Say which clients the server lets in, to what, and how often.",
    "doctor": "Say what is installed, reachable and wrong, and the cure.",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"assay.cli.{name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="assay", prog_name="assay")
def assay(**_: Any) -> None:
    """Retraining you can prove: from your data to a proven ONNX model.

    Exit codes: 0 done; 1 a fault of ours; 2 wrong usage or settings; 3 the data was refused;
    4 the gate refused.
    """


def as_json(function: Any) -> Any:
    """Add the option ``--json`` to a command."""
    return click.option("--json", "json_", is_flag=True, help="Answer for a program.")(function)
