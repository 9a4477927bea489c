"""DVC and git: what depends on what, what is stale, and the version of everything.

``records`` reads what is written down, ``running`` has DVC bring a stage up to date, in a process
of its own (``child``); ``failures`` says in our words what DVC said. Importing this imports no
DVC. Nothing here decides what is stale: DVC alone does.
"""

from assay.gateways.versioning.records import (
    commit,
    dirty,
    has_outputs,
    lock_entries,
    stages_of,
    verify_outputs,
)
from assay.gateways.versioning.running import LOCK, reproduce, track

__all__ = [
    "LOCK",
    "commit",
    "dirty",
    "has_outputs",
    "lock_entries",
    "reproduce",
    "stages_of",
    "track",
    "verify_outputs",
]
