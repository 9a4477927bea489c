"""Wait until a service answers, and say why when it does not.

Reads the services' log. Writes nothing. Never waits on when nothing of this project runs any more.
"""

from __future__ import annotations

import time

from assay.errors import AssayError
from assay.services import addresses, processes

# Seconds. A cold database on a busy machine takes Prefect's server most of a minute.
LONGEST = 180
LINES = 15  # of the log that a failure shows


def wait(url: str, name: str, content: bytes = b"") -> None:
    """Return when the service ``name`` answers, as :func:`assay.services.addresses.answers` says.

    Raises:
        AssayError: it does not answer in time, or all processes have ended.

    """
    deadline = time.monotonic() + LONGEST
    while not addresses.answers(url, content):
        if time.monotonic() > deadline or not processes.started():
            log = processes.LOG
            text = log.read_text(encoding="utf-8") if log.exists() else ""
            last = "\n".join(text.splitlines()[-LINES:])
            raise AssayError(f"{name} does not answer at {url}\n{last}", cure=f"see {log}")
        time.sleep(0.5)
