"""Wait until a service answers, and say why when it does not.

Reads the services' logs. Writes nothing. Never waits on when nothing of this project runs any more.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assay.errors import AssayError
from assay.services import processes

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds. A cold database on a busy machine takes Prefect's server most of a minute.
LONGEST = 180
LINES = 15  # of the log that a failure shows


def wait(name: str, answers: Callable[[], bool]) -> None:
    """Return when ``answers`` says that the service ``name`` is there.

    Raises:
        AssayError: it is not in time, or all processes have ended; with the end of its log.

    """
    deadline = time.monotonic() + LONGEST
    while not answers():
        if time.monotonic() > deadline or not processes.started():
            log = processes.log(name)
            text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            last = "\n".join(text.splitlines()[-LINES:])
            raise AssayError(f"{name} does not answer\n{last}", cure=f"see {log}")
        time.sleep(0.5)
