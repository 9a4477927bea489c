"""Make an earlier release champion again: ``assay rollback MODEL``.

Reads the ledger and the release. Writes a line of the ledger. Removes nothing; MLflow's alias is
the caller's next step, for MLflow takes longer to load than all of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import NoRelease
from assay.gateways import versioning
from assay.paths import ReleasePaths
from assay.release import certificate, champion, ledger
from assay.release.events import Rollback
from assay.release.settings_changes import differing

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 12


@dataclass(frozen=True)
class RolledBack:
    """Which release is champion now, which was, and what differs between the two, in sentences."""

    model: str
    version: int
    replaced: int
    changes: tuple[str, ...]


def rollback(model: str, to: int | None, reason: str) -> RolledBack:
    """Move the champion to an earlier release, by default the one that was champion before.

    Raises:
        NoRelease: there is no champion, or no such release.
        LedgerRefused, SignatureRefused: the ledger or that release does not hold; nothing moved.
        MissingFile: there is no key to sign with.

    """
    with versioning.alone(f"rollback {model}"):
        known = ledger.read()
        now = champion.require_version(known, model)
        target = _target(known, model, now, to)
        champion.require_intact(model, target)
        changes = _changes(model, now, target)
        ledger.append(Rollback(model=model, version=target, replaced=now, reason=reason))
    return RolledBack(model, target, now, changes)


def _target(known: ledger.Ledger, model: str, now: int, to: int | None) -> int:
    """Return the release to go to: a named one, or the last champion before the present one."""
    there = champion.released(known, model)
    if to is not None:
        if to not in there:
            raise _missing(model, f"has no release {to}", there)
        if to == now:
            raise _missing(model, f"has release {to} as champion already", there)
        return to
    moves = [line.version for line in known.of(model, *champion.MOVES)]
    earlier = [version for version in moves if version is not None and version < now]
    if not earlier:
        raise _missing(model, f"has no release before {now}", there)
    return earlier[-1]


def _missing(model: str, found: str, there: list[int]) -> NoRelease:
    return NoRelease(
        f"{model} {found}",
        expected="one of " + ", ".join(map(str, there)),
        cure=f"assay history {model} lists them; then: assay rollback {model} --to VERSION",
    )


def _changes(model: str, now: int, target: int) -> tuple[str, ...]:
    """Say what differs between two releases, by their certificates."""
    old, new = (certificate.read(ReleasePaths(model, one).certificate) for one in (now, target))
    lines = [f"made {old.created} -> {new.created}"]
    if old.commit != new.commit:
        lines.append(f"code {old.commit[:SHOWN]} -> {new.commit[:SHOWN]}")
    first, second = ({one.name: one.digest for one in side.materials} for side in (old, new))
    if other := _differing(first, second):
        lines.append(f"made from other {', '.join(other)}")
    if changed := differing(old.settings, new.settings):
        lines.append(f"settings: {', '.join(changed)}")
    files = _differing(old.files, new.files)
    lines.append(f"files of the bundle that differ: {', '.join(files) or 'none'}")
    return tuple(lines)


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
