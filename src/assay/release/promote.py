"""Promote a challenger, if the gate lets it: ``assay promote MODEL``, the last step of ``retrain``.

Reads the model's outputs and all that the gate does. Writes ``releases/<model>/<version>/``, a line
of the ledger whatever the verdict, and MLflow's alias. The champion's bytes are never touched:
a new release is a new folder. One at a time in a project; killed at any moment, the ledger alone
says who is champion, and MLflow follows it at the next command.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import StoreFailed
from assay.files import replacing, sha256
from assay.gateways import signing, tracking, versioning
from assay.paths import ModelPaths, ReleasePaths
from assay.release import aliases, certificate, champion, evidence, gate, ledger
from assay.release.events import Promotion, Refusal
from assay.release.register import register_if_reachable
from assay.tasks import registry

if TYPE_CHECKING:
    from assay.release.evidence import Evidence
    from assay.release.ledger import Ledger
    from assay.settings.schema import Model
    from assay.verdicts import Verdict


@dataclass(frozen=True)
class Promoted:
    """What became of a challenger.

    Attributes:
        model: its name.
        version: the champion's version now; None where there is none.
        before: the champion's version before.
        verdict: the gate's; None where the champion has these very bytes.
        notes: what else to know.

    """

    model: str
    version: int | None
    before: int | None
    verdict: Verdict | None
    notes: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether the gate refused."""
        return self.verdict is not None and not self.verdict.passed


def promote(model: str) -> Promoted:
    """Hold the built model against the gate; make it champion if every rule holds.

    Raises:
        UnknownModel, SettingsError, MissingFile: the model is not there or not built.
        MissingFile: there is no key to sign with; nothing was decided.
        InputRefused, BundleRefused: an output is not what its stage wrote.
        LedgerRefused, SignatureRefused: the ledger or the champion's release does not hold.

    """
    files, settings = ModelPaths(model), registry.load_model(model)
    signing.own_keyid()  # before anything is looked at: each look spends error
    notes = register_if_reachable(model).notes
    with versioning.alone(f"promote {model}"):
        known = ledger.read()
        before = champion.version_of(known, model)
        if before is not None and _is_champion(files, before):
            note = aliases.update(model, known, again=True)
            return Promoted(model, before, before, None, (*notes, *([note] if note else [])))
        verdict, found = gate.judge(files, settings, known)
        if verdict.passed:
            version: int | None = _release(files, settings, verdict, found, known)
        else:
            version = before
            ledger.append(_refusal(model, verdict, found))
        log = _log(model, verdict, found.weights, version)
        note = aliases.update(model, ledger.read())
    told = tuple(one for one in (log, note) if one)
    return Promoted(model, version, before, verdict, (*notes, *told))


def _is_champion(files: ModelPaths, version: int) -> bool:
    stated = certificate.read(ReleasePaths(files.model, version).certificate)
    return stated.files == evidence.digests_of(files.bundle)


def _release(
    files: ModelPaths, settings: Model, verdict: Verdict, found: Evidence, known: Ledger
) -> int:
    """Write the release's folder, then the ledger's line, which alone makes it champion."""
    number = max(champion.released(known, files.model), default=0) + 1
    paths = ReleasePaths(files.model, number)
    stated = evidence.certificate(files, settings, number, found, verdict)
    with replacing(paths.folder) as beside:
        beside.mkdir(parents=True)
        shutil.copytree(files.bundle, beside / paths.bundle.name)
        signing.sign_bundle(beside / paths.bundle.name, beside / paths.signature.name)
        certificate.write(beside / paths.certificate.name, stated)
    champion.require_intact(files.model, number)
    ledger.append(
        Promotion(
            model=files.model,
            version=number,
            bundle=found.bundle,
            weights=found.weights,
            certificate=sha256(paths.certificate),
            tested=found.tested,
            verdict=verdict,
        )
    )
    return number


def _refusal(model: str, verdict: Verdict, found: Evidence) -> Refusal:
    return Refusal(
        model=model,
        champion=verdict.champion,
        bundle=found.bundle,
        weights=found.weights,
        tested=found.tested,
        verdict=verdict,
    )


def _log(model: str, verdict: Verdict, weights: str, version: int | None) -> str | None:
    """Show the verdict's figures on the challenger's run in MLflow; return why that failed."""
    figures = {
        f"gate.{rule.name}.{name}": value
        for rule in verdict.rules
        for name, value in rule.figures.items()
        if value is not None
    }
    refusals = ", ".join(rule.name for rule in verdict.refusals)
    outcome = f"promoted as release {version}" if verdict.passed else f"refused: {refusals}"
    try:
        tracking.log_verdict(model, weights, figures, outcome)
    except StoreFailed as problem:
        return f"the verdict is not in MLflow: {problem.found}"
    return None
