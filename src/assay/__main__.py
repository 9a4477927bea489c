"""The ``assay`` command's entrance: refusals become messages and exit codes here, once.

Writes to standard output and standard error only, and no letter there that a terminal obeys.
"""

from __future__ import annotations

import io
import os
import sys

from assay.errors import AssayError
from assay.visible import show_fault, visible


def main() -> None:
    """Run the command; never show a traceback for a user's mistake."""
    from assay import environment
    from assay.cli import assay

    environment.prepare()
    environment.collect_garbage_rarely()
    sys.excepthook = show_fault
    try:
        # click gives back the code of a command that ended early (`doctor`, `--help`).
        sys.exit(assay.main(standalone_mode=False) or 0)
    except AssayError as problem:
        _show(problem)
        sys.exit(problem.exit_code)
    except Exception as problem:
        sys.exit(_usage_or_fault(problem))


def _show(problem: AssayError) -> None:
    if "--json" in sys.argv:
        from assay.cli.answer import as_json

        sys.stdout.write(as_json(problem.as_dict()) + "\n")
    else:
        sys.stderr.write(visible(f"assay: {problem}\n"))


def _usage_or_fault(problem: Exception) -> int:
    """Handle what click raises for wrong words and for Ctrl-C; let a fault of ours be seen."""
    import click

    if isinstance(problem, click.ClickException):
        words = io.StringIO()
        problem.show(words)
        sys.stderr.write(visible(words.getvalue()))
        return problem.exit_code
    if isinstance(problem, click.Abort):
        sys.stderr.write("assay: stopped; run the same command again to go on\n")
        return 130
    if isinstance(problem, BrokenPipeError):
        # The reader (`| head`) has what it wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    raise problem


if __name__ == "__main__":
    main()
