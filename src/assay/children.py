"""Child processes: the environment that they get, and how one ends with all that it started.

Reads this process's environment. Signals no process but the group of the child that it is given.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

from assay.environment import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import Popen

PATIENCE = 10.0  # seconds for a process to stop by itself before it is stopped by force


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for a child of Assay's, with the child's ``own``."""
    return {
        **VARIABLES,
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "ASSAY_PARENT": str(os.getpid()),  # a child compares it: assay.parent
        **own,
    }


def end_group(child: Popen[str]) -> None:
    """End the group that ``child`` leads: by Ctrl-C, so that it cleans up, and then by force."""
    for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(TimeoutExpired):
            child.wait(patience)
            return
