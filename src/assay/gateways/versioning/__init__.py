"""DVC and git: what depends on what, what is stale, and the version of everything.

``lockfile`` holds files against what ``dvc.lock`` records, ``kept`` and ``copies`` find old
versions, ``records`` reads what depends on what; ``inbox`` versions what users bring, which
``pointers`` name; ``worktree`` and ``branches`` are git's (``git`` runs it); ``running`` has DVC
bring a stage up to date, in a process of its own (``child``) in which it compares content
(``content``); ``remote`` pushes and checks out, ``unused`` removes old versions that nothing names;
``failures`` says in our words what DVC said. Importing this imports no DVC. Nothing here decides
what is stale: DVC alone does.
"""

from assay.gateways.versioning.branches import commit_to, tip_of
from assay.gateways.versioning.copies import copy, is_installed, object_of
from assay.gateways.versioning.inbox import require_short
from assay.gateways.versioning.kept import last_version
from assay.gateways.versioning.lockfile import (
    as_recorded,
    has_outputs,
    lock_entries,
    locked,
    md5_now,
    md5_of,
    outputs_in,
    sources_in,
    verify_chain,
    verify_inputs,
    verify_outputs,
    verify_sources,
)
from assay.gateways.versioning.pointers import entries as inbox_entries
from assay.gateways.versioning.pointers import entries_at as inbox_at
from assay.gateways.versioning.pointers import present as inbox_present
from assay.gateways.versioning.pointers import untracked as inbox_untracked
from assay.gateways.versioning.records import changed, commit, dirty, is_committed, stages_of
from assay.gateways.versioning.remote import check_out, push
from assay.gateways.versioning.running import LOCK, alone, reproduce, track
from assay.gateways.versioning.unused import remove_unused
from assay.gateways.versioning.worktree import at, checked_out, resolve

__all__ = [
    "LOCK",
    "alone",
    "as_recorded",
    "at",
    "changed",
    "check_out",
    "checked_out",
    "commit",
    "commit_to",
    "copy",
    "dirty",
    "has_outputs",
    "inbox_at",
    "inbox_entries",
    "inbox_present",
    "inbox_untracked",
    "is_committed",
    "is_installed",
    "last_version",
    "lock_entries",
    "locked",
    "md5_now",
    "md5_of",
    "object_of",
    "outputs_in",
    "push",
    "remove_unused",
    "reproduce",
    "require_short",
    "resolve",
    "sources_in",
    "stages_of",
    "tip_of",
    "track",
    "verify_chain",
    "verify_inputs",
    "verify_outputs",
    "verify_sources",
]
