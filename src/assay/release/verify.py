"""Rebuild a release, or what a commit recorded, and write down how it ended.

Reads the ledger and the certificate, or the commit's ``dvc.lock``; all else is read by
:mod:`assay.release.rebuild`. Writes a line of the ledger where a release was verified, and nothing
of the user's.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import InputRefused
from assay.gateways import signing, versioning
from assay.paths import PIPELINE_LOCK
from assay.processor import processor_class
from assay.release import champion, ledger
from assay.release.events import Verification
from assay.release.rebuild import rebuild
from assay.release.recorded import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.release.certificate import Certificate
    from assay.release.outcome import Outcome

REQUIREMENTS = Path("requirements.lock")


def verify_release(
    model: str, version: int | None, *, quick: bool, tell: Callable[[str], None]
) -> tuple[int, Outcome]:
    """Rebuild a release, by default the champion; return its version and how it ended.

    Raises:
        NoRelease: there is none.
        LedgerRefused, SignatureRefused: the ledger or the certificate does not hold.
        AssayError: as :func:`assay.release.rebuild.rebuild`.

    """
    known = ledger.read()
    number = champion.require_released(known, model, version)
    stated = champion.require_intact(model, number)
    outcome = rebuild(model, recorded(stated), quick=quick, tell=tell)
    if signing.has_key():
        with versioning.alone(f"record the verification of {model}"):
            ledger.append(_event(number, quick, outcome))
    else:
        tell("no key to sign with: the ledger has no line of this (assay doctor --fix)")
    return number, outcome


def verify_commit(model: str, rev: str, *, quick: bool, tell: Callable[[str], None]) -> Outcome:
    """Rebuild what a commit's ``dvc.lock`` records of a model, whether it was released or not.

    Raises:
        UsageError: git knows no such commit; ``quick``, for which a release's trace is needed.
        InputRefused: the commit records nothing of the model.
        AssayError: as :func:`assay.release.rebuild.rebuild`.

    """
    commit = versioning.resolve(rev)
    lock = versioning.at(commit, PIPELINE_LOCK)
    if lock is None:
        raise InputRefused(
            f"{commit[:12]} holds no {PIPELINE_LOCK}",
            expected="a commit that was made after assay run",
            cure="git log --oneline dvc.lock lists those that have one",
        )
    found = Recorded(
        commit=commit,
        lock=lock,
        inbox=versioning.inbox_at(commit, model),
        trace=None,
        processor=processor_class(),
        requirements_sha256=hashlib.sha256(versioning.at(commit, REQUIREMENTS) or b"").hexdigest(),
    )
    return rebuild(model, found, quick=quick, tell=tell)


def recorded(stated: Certificate) -> Recorded:
    """Return what a rebuild goes by, out of a certificate."""
    name = REQUIREMENTS.as_posix()
    pinned = next((one for one in stated.materials if one.name == name), None)
    return Recorded(
        commit=stated.commit,
        lock=json.dumps(stated.lock).encode(),  # JSON is YAML
        inbox=stated.inbox,
        trace=stated.trace,
        processor=stated.machine.processor,
        requirements_sha256=pinned.digest["sha256"] if pinned else "",
    )


def _event(version: int, quick: bool, outcome: Outcome) -> Verification:
    where = f" at {outcome.stage}" if outcome.stage else ""
    steps = f" (steps 1 to {outcome.step})" if quick and outcome.step is not None else ""
    return Verification(
        model=outcome.model,
        version=version,
        result=outcome.result,
        quick=quick,
        processor=outcome.processor,
        detail=f"{outcome.result.replace('_', ' ')}{where}{steps}, {outcome.seconds:.0f} s",
    )
