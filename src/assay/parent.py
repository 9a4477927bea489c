"""End with the process that started this one: ``kill -9`` of a parent leaves no orphan.

Reads and writes nothing. Linux alone can do this; elsewhere it does nothing.
"""

from __future__ import annotations

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; what ``exec`` makes of it, too.

    A parent that died before this call is not noticed: the caller compares ``os.getppid()`` with
    the parent it expects. See ``prctl(2)``, ``PR_SET_PDEATHSIG``.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
