"""DVC's command line in a process of its own: ``python -m assay.gateways.versioning.child``.

Writes what DVC writes, and to a pipe the errors that it logged. Dies with the process that started
it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from assay import environment
from assay.gateways.versioning.failures import causes
from assay.parent import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterable


class _ErrorCollector(logging.Handler):
    """Keeps the errors that DVC logs: it shows them and returns a number.

    At times it returns 0 all the same, as when a folder's file did not fit into its cache.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message and the chain of errors behind it."""
        problem = record.exc_info[1] if record.exc_info else None
        self.errors = [("", record.getMessage()), *causes(problem)]


def run_dvc(pipe: int, arguments: Iterable[str]) -> int:
    """Run DVC's command line in this process, which dies with the one that started it."""
    die_with_parent()
    environment.collect_garbage_rarely()
    if sys.platform == "linux" and os.getppid() != int(os.environ["ASSAY_PARENT"]):
        return 1  # it died before we asked
    from dvc.cli import main

    from assay.gateways.versioning import content

    content.compare()
    collector = _ErrorCollector()
    for name in ("dvc", "dvc_data", "dvc_objects"):
        logging.getLogger(name).addHandler(collector)
    code = int(main(list(arguments)))
    with suppress(BrokenPipeError), os.fdopen(pipe, "w", encoding="utf-8") as stream:
        # Short of what a pipe holds: nobody reads it before this process has ended.
        json.dump([(kind, text[:2000]) for kind, text in collector.errors[:8]], stream)
    return code


if __name__ == "__main__":
    sys.exit(run_dvc(int(sys.argv[1]), sys.argv[2:]))
