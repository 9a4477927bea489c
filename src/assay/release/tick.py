"""A scheduled tick: what is known, what is decided, and the line of the ledger that says so.

Reads the ledger, the champion's certificate, the inbox, ``params.yaml`` and the code that stages
read; where new files came, the raw table that ``ingest`` makes of them. Writes the ledger's line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from assay.files import digest_of
from assay.gateways import versioning
from assay.monitoring import decision
from assay.monitoring.facts import Facts
from assay.paths import ModelPaths, ReleasePaths
from assay.release import certificate, champion, drifting, gate, ledger, retraining
from assay.release.events import Tick
from assay.release.settings_changes import differing
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import JsonValue

    from assay.monitoring.decision import Decision
    from assay.monitoring.drift import Drift
    from assay.release.certificate import Certificate
    from assay.release.ledger import Ledger
    from assay.release.retraining import Workplace
    from assay.settings.schema import Model

# Blocks of a model's settings that decide what is learned.
LEARNED = ("data", "task", "labels", "ingest", "validate", "split", "train", "export")
DAY = 86_400
# Letters of an outcome: a ledger is read by people.
LONGEST = 2000


@dataclass(frozen=True)
class Rows:
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

    @property
    def has_new_files(self) -> bool:
        """Whether the inbox differs from the one that the champion learned from."""
        return self.stated is not None and _inbox(self.model) != self.stated.inbox


def decide(model: str, *, force: bool, on_line: Callable[[str], None]) -> Decision:
    """Decide whether to train. New files are read into the raw table first, which is cheap.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`.
        LedgerRefused, SignatureRefused: the ledger or the champion's certificate does not hold.
        SourceRefused, StageFailed: the new files cannot be read.

    """
    at = look(model)
    rows, moved = Rows(0, 0), None
    if at.has_new_files:
        versioning.reproduce(f"ingest@{model}", single=True, on_line=on_line)
        rows = count_rows(at)
        moved = drifting.measure(at) if rows.new else None
    known = facts(at, rows=rows, drift=moved, force=force)
    return decision.decide(known, at.settings.retrain)


def record(model: str, made: Decision, outcome: str) -> None:
    """Write a tick into the ledger: what was decided, why, and how it ended.

    Raises:
        LedgerRefused: the ledger does not hold.
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    data = look(model).data
    with versioning.alone(f"record {model}"):
        ledger.append(Tick(model=model, decision=made, data=data, outcome=outcome[:LONGEST]))


def keep(place: Workplace, outcome: str) -> list[str]:
    """Bring a retraining's outputs home, commit and push what the settings ask for; say what."""
    settings = registry.load_model(place.model)
    notes = []
    if settings.retrain.commit:
        made = retraining.commit(place, f"Retrain {place.model}: {outcome.partition(':')[0]}")
        notes.append(f"commit {made[:12]} on {retraining.branch(place.model)}" if made else "")
    notes.append(versioning.push(place.model) or "")
    notes.append(retraining.bring_home(place) or "")
    return [note for note in notes if note]


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


def facts(at: Situation, *, rows: Rows, drift: Drift | None, force: bool) -> Facts:
    """Return what :func:`assay.monitoring.decision.decide` goes by."""
    refusal = _refused_before(at)
    settings = (
        differing(_learned(at.stated.settings), _learned(_dump(at.settings))) if at.stated else ()
    )
    return Facts(
        champion=at.version is not None,
        age_days=_age(at),
        new_rows=rows.new,
        rows=rows.all,
        drift=drift,
        changed_source=bool(at.stated) and any(one.startswith("ingest.source") for one in settings),
        changed_settings=tuple(one for one in settings if not one.startswith("ingest.source")),
        changed_code=_changed_code(at),
        forced=force,
        refused_data=bool(refusal),
        refusal=refusal,
    )


def count_rows(at: Situation) -> Rows:
    """Count rows of the raw table, which must be made, and those that the champion never saw."""
    files = ModelPaths(at.model)
    known = gate.known_rows(files, at.version) if at.version else None
    ids = pd.read_parquet(files.raw, columns=["id"])["id"].astype(str)
    return Rows(len(ids) if known is None else int((~ids.isin(known)).sum()), len(ids))


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
    """Digest what a training would go by: inbox, settings that are learned from, code."""
    learned = _learned(_dump(settings))
    sources = versioning.sources_in(versioning.locked(model))
    code = sorted(f"{path} {versioning.md5_now(path)}" for path in sources)
    inbox = sorted(f"{name} {md5}" for name, md5 in _inbox(model).items())
    return digest_of(repr(sorted(learned.items())), *inbox, *code)


def _inbox(model: str) -> dict[str, str]:
    """Return the digest of each entry of the inbox as it lies there, versioned or not."""
    return {path.as_posix(): versioning.md5_of(path) for path in versioning.inbox_present(model)}


def _dump(settings: Model) -> dict[str, JsonValue]:
    return settings.model_dump(mode="json", by_alias=True)


def _learned(settings: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: settings.get(name) for name in LEARNED}
