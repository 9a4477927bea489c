"""A scheduled tick: what is known, what is decided, and the line of the ledger that says so.

Reads the ledger, the champion's certificate, the inbox, ``params.yaml`` and the code that stages
read; where new files came, the raw table that ``ingest`` makes of them. Writes the ledger's line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assay.files import digest_of
from assay.gateways import versioning
from assay.monitoring import decision
from assay.monitoring.facts import Facts
from assay.paths import SUITES, ModelPaths, ReleasePaths
from assay.release import certificate, champion, drifting, ledger, rows
from assay.release.events import Tick
from assay.release.settings_changes import differing
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pydantic import JsonValue

    from assay.monitoring.decision import Decision
    from assay.monitoring.drift import Drift
    from assay.release.certificate import Certificate
    from assay.release.ledger import Ledger
    from assay.settings.schema import Model

# Blocks of a model's settings that decide what is learned.
LEARNED = ("data", "task", "labels", "ingest", "validate", "split", "train", "export")
CODE = ("src/assay", SUITES.as_posix())
DAY = 86_400
# Letters of an outcome: a ledger is read by people.
LONGEST = 2000


@dataclass(frozen=True)
class Counts:
    """Rows of the raw table: those that the champion was not made from, and all."""

    new: int
    all: int


@dataclass(frozen=True)
class Situation:
    """A model at a tick: its settings, its champion, and the digest of what it would learn from."""

    model: str
    settings: Model
    known: Ledger
    version: int | None
    stated: Certificate | None
    data: str


def decide(model: str, *, force: bool, on_line: Callable[[str], None]) -> Decision:
    """Decide whether to train. New files are read into the raw table first, which is cheap.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`.
        LedgerRefused, SignatureRefused: the ledger or the champion's certificate does not hold.
        SourceRefused, StageFailed: the new files cannot be read.

    """
    at = look(model)
    counts, drift = Counts(0, 0), None
    if at.stated is not None and _inbox(model) != at.stated.inbox:
        versioning.reproduce(f"ingest@{model}", single=True, on_line=on_line)
        known = rows.made_from(champion.require_intact(model, at.stated.version))
        counts = _counted(ModelPaths(model).raw, known)
        drift = drifting.measure(at, at.stated, known) if counts.new else None
    found = facts(at, counts=counts, drift=drift, force=force)
    return decision.decide(found, at.settings.retrain)


def record(model: str, made: Decision, outcome: str) -> None:
    """Write a tick into the ledger: what was decided, why, and how it ended.

    Raises:
        LedgerRefused: the ledger does not hold.
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    data = look(model).data
    with versioning.alone(f"record {model}"):
        ledger.append(Tick(model=model, decision=made, data=data, outcome=outcome[:LONGEST]))


def look(model: str) -> Situation:
    """Look at what is there, without running a stage.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`.
        LedgerRefused, SignatureRefused: the ledger or the champion's certificate does not hold.

    """
    settings, known = registry.load_model(model), ledger.read()
    version = champion.version_of(known, model)
    stated = certificate.read(ReleasePaths(model, version).certificate) if version else None
    return Situation(model, settings, known, version, stated, _data(model, settings))


def facts(at: Situation, *, counts: Counts, drift: Drift | None, force: bool) -> Facts:
    """Return what :func:`assay.monitoring.decision.decide` goes by."""
    refusal = _refused_before(at)
    settings = (
        differing(_learned(at.stated.settings), _learned(_dump(at.settings))) if at.stated else ()
    )
    return Facts(
        champion=at.version is not None,
        age_days=_age(at),
        new_rows=counts.new,
        rows=counts.all,
        drift=drift,
        changed_source=bool(at.stated) and any(one.startswith("ingest.source") for one in settings),
        changed_settings=tuple(one for one in settings if not one.startswith("ingest.source")),
        changed_code=_changed_code(at),
        forced=force,
        refused_data=bool(refusal),
        refusal=refusal,
    )


def _counted(raw: Path, known: frozenset[str] | None) -> Counts:
    """Count rows; all are new where it is not known what the champion was made from."""
    ids = rows.ids(raw)
    return Counts(int((~ids.isin(known or ())).sum()), len(ids))


def _age(at: Situation) -> float | None:
    last = next(at.known.newest(at.model, *champion.MOVES), None)
    if last is None:
        return None
    return (datetime.now(UTC) - datetime.fromisoformat(last.time)).total_seconds() / DAY


def _changed_code(at: Situation) -> tuple[str, ...]:
    """Return the files and folders of code that a stage read otherwise for the champion."""
    if at.stated is None:
        return ()
    then = versioning.sources_in(at.stated.lock)
    return tuple(sorted(path for path, md5 in then.items() if versioning.md5_now(path) != md5))


def _refused_before(at: Situation) -> str:
    """Return how the very same data, settings and code were refused before; empty if never."""
    for line in at.known.newest(at.model, "tick"):
        event = line.event
        if not isinstance(event, Tick) or event.data != at.data:
            continue
        if event.outcome.startswith("refused"):
            return f"{line.time}: {event.outcome}"
    return ""


def _data(model: str, settings: Model) -> str:
    """Digest what a training and its verdict would go by: inbox, settings, code."""
    # All code, and not what dvc.lock names: that one differs before and after a first training.
    code = [f"{path} {versioning.md5_now(path)}" for path in CODE]
    inbox = sorted(f"{name} {md5}" for name, md5 in _inbox(model).items())
    return digest_of(repr(sorted(_dump(settings).items())), *inbox, *code)


def _inbox(model: str) -> dict[str, str]:
    """Return the digest of each entry of the inbox as it lies there, versioned or not."""
    return {path.as_posix(): versioning.md5_of(path) for path in versioning.inbox_present(model)}


def _dump(settings: Model) -> dict[str, JsonValue]:
    return settings.model_dump(mode="json", by_alias=True)


def _learned(settings: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: settings.get(name) for name in LEARNED}
