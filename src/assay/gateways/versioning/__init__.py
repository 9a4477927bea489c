"""DVC and git: what depends on what, what is stale, and the version of everything.

``lockfile`` holds files against what ``dvc.lock`` records, ``kept`` finds old versions,
``records`` reads what depends on what; ``inbox`` versions what users bring, which ``pointers``
name, and ``restoring`` brings an old inbox back; ``running`` has DVC bring a stage up to date, in
a process of its own (``child``) in which it compares content (``content``); ``failures`` says in
our words what DVC said. Importing this imports no DVC. Nothing here decides what is stale: DVC
alone does.
"""

from assay.gateways.versioning.inbox import require_short
from assay.gateways.versioning.kept import last_version
from assay.gateways.versioning.lockfile import (
    as_recorded,
    has_outputs,
    lock_entries,
    verify_chain,
    verify_inputs,
    verify_outputs,
)
from assay.gateways.versioning.pointers import entries as inbox_entries
from assay.gateways.versioning.pointers import untracked as inbox_untracked
from assay.gateways.versioning.records import commit, dirty, stages_of
from assay.gateways.versioning.running import LOCK, alone, reproduce, restore_inbox, track

__all__ = [
    "LOCK",
    "alone",
    "as_recorded",
    "commit",
    "dirty",
    "has_outputs",
    "inbox_entries",
    "inbox_untracked",
    "last_version",
    "lock_entries",
    "reproduce",
    "require_short",
    "restore_inbox",
    "stages_of",
    "track",
    "verify_chain",
    "verify_inputs",
    "verify_outputs",
]
