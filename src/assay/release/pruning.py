"""What may be forgotten: everything that is old, and that no line of the ledger names.

Reads the ledger and all certificates. Removes objects of DVC's cache and runs of MLflow, through
their gateways; never a release, never a line of the ledger, and nothing that either names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assay.errors import StoreFailed
from assay.gateways import tracking, versioning
from assay.paths import ReleasePaths
from assay.release import certificate, champion, ledger
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.release.ledger import Ledger


@dataclass(frozen=True)
class Pruned:
    """What was removed: objects of DVC's cache and their bytes, runs of MLflow; notes."""

    objects: int
    freed: int
    runs: int
    notes: tuple[str, ...]


def prune(days: int) -> Pruned:
    """Remove what is older than so many days and named by nobody.

    Raises:
        LedgerRefused, SignatureRefused: the ledger or a certificate does not hold: what it names is
            not known, and nothing is removed.

    """
    with versioning.alone(f"prune what is older than {days} days"):
        known = ledger.read()
        models = list(registry.load())
        named = {digest for model in models for digest in _data(known, model)}
        objects, freed = versioning.remove_unused(named, days)
    notes, runs = [], 0
    before = datetime.now(UTC) - timedelta(days=days)
    for model in models:
        try:
            runs += tracking.prune(model, _weights(known, model), before)
        except StoreFailed as problem:
            notes.append(f"{model}: {problem.found}")
    return Pruned(objects, freed, runs, tuple(notes))


def _data(known: Ledger, model: str) -> Iterator[str]:
    """Yield every digest of DVC that a decision or a release of a model names."""
    for line in known.of(model, "promotion", "refusal"):
        if line.judged:
            yield line.judged.tested
    for version in champion.released(known, model):
        stated = certificate.read(ReleasePaths(model, version).certificate)
        yield from stated.inbox.values()
        yield from versioning.outputs_in(stated.lock).values()


def _weights(known: Ledger, model: str) -> frozenset[str]:
    lines = known.of(model, "promotion", "refusal")
    return frozenset(line.judged.weights for line in lines if line.judged)
