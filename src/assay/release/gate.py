"""The gate: may this challenger replace the champion? Every rule, with its figures.

Reads the model's outputs and reports, the champion's release, the ledger and MLflow's count of
trainings. Writes the file of suspicious rows below ``.assay/``, and nothing else. Each task brings
the rules on its own kind of model; those here hold for all.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from assay import records
from assay.errors import StoreFailed
from assay.files import write_text
from assay.gateways import tracking
from assay.paths import SPLITS, ReleasePaths
from assay.records import Evaluation, Parity
from assay.release import champion, evidence, looks, rows
from assay.spreadsheet import guarded
from assay.tasks import registry
from assay.verdicts import GateInputs, Rule, Suspect, Verdict

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.release.evidence import Evidence
    from assay.release.ledger import Ledger
    from assay.release.looks import Look
    from assay.settings.release import Gate
    from assay.settings.schema import Model

MEGABYTE = 1e6


def judge(files: ModelPaths, settings: Model, known: Ledger) -> tuple[Verdict, Evidence]:
    """Hold a built model against every rule; return the verdict, and the evidence that it rests on.

    Call this under the project's lock.

    Raises:
        InputRefused, BundleRefused: an output is not what its stage wrote.
        SignatureRefused: the champion's release does not hold.
        SettingsError: the file of behaviour is wrong.

    """
    found = evidence.gather(files)
    version = champion.version_of(known, files.model)
    look = looks.next_look(known, files, found, settings.gate)
    judged = registry.task_of(settings).judge(settings, _inputs(files, version, look))
    _write_suspects(files, judged.suspects)
    rules = [
        *_floors(records.read(files.metrics, Evaluation), settings.gate),
        *_measures(files, settings.gate),
        *judged.rules,
        *([_trials(files.model, look, settings.gate)] if version is not None else []),
        evidence.rule(found),
    ]
    policy = settings.gate.policy if version is not None else "first"
    return Verdict(policy=policy, champion=version, rules=tuple(rules)), found


def _inputs(files: ModelPaths, version: int | None, look: Look) -> GateInputs:
    if version is None:
        bundle, known = None, None
    else:
        bundle = ReleasePaths(files.model, version).bundle
        known = rows.made_from(champion.require_intact(files.model, version))
    return GateInputs(
        challenger=files.bundle,
        champion=bundle,
        splits={name: files.split(name) for name in SPLITS},
        known=known,
        behaviour=files.behaviour,
        level=look.level,
    )


def _floors(evaluation: Evaluation, gate: Gate) -> list[Rule]:
    return [_floor(evaluation, name, bound) for name, bound in gate.floors.items()]


def _floor(evaluation: Evaluation, name: str, bound: float) -> Rule:
    known = {metric.name: metric for metric in evaluation.metrics}
    metric = known.get(name)
    if metric is None or metric.value is None:
        what = "is undefined here" if metric else f"is no metric: {', '.join(known)}"
        return Rule(
            name=f"floor_{name}",
            title=f"floor of {name}",
            passed=False,
            found=f"{name} {what}",
            required=f"a metric of the record in gate.floors, with the bound {bound:g}",
        )
    passed = metric.value >= bound if metric.higher_is_better else metric.value <= bound
    return Rule(
        name=f"floor_{name}",
        title=metric.title,
        passed=passed,
        found=f"{metric.value:.4f}",
        required=f"at {'least' if metric.higher_is_better else 'most'} {bound:g}",
        figures={"value": metric.value, "bound": bound},
    )


def _measures(files: ModelPaths, gate: Gate) -> list[Rule]:
    parity = records.read(files.parity, Parity)
    difference = max(parity.validation_max_abs_diff, parity.grid_max_abs_diff)
    size = sum(path.stat().st_size for path in files.bundle.iterdir()) / MEGABYTE
    return [
        Rule(
            name="parity",
            title="ONNX against torch",
            passed=difference <= gate.max_parity_difference,
            found=f"a logit differs by {difference:.2g} at most",
            required=f"at most {gate.max_parity_difference:g}",
            figures={"difference": difference, "int8_score_drop": parity.score_drop},
        ),
        Rule(
            name="size",
            title="size of the bundle",
            passed=size <= gate.max_megabytes,
            found=f"{size:.3g} MB",
            required=f"at most {gate.max_megabytes:g} MB",
            figures={"megabytes": round(size, 3)},
        ),
    ]


def _trials(model: str, look: Look, gate: Gate) -> Rule:
    """Count looks at these test rows, and trainings that led to a challenger of them."""
    since = datetime.fromisoformat(look.since) if look.since else None
    try:
        trials: int | None = tracking.count_trainings(model, since)
    except StoreFailed:
        trials = None
    shown = "an unknown number of" if trials is None else f"{trials:,}"
    return Rule(
        name="looks",
        title="looks at the test rows",
        passed=look.number <= gate.looks and (trials or 0) <= gate.trials,
        found=f"look {look.number} at these test rows ({look.fresh:.0%} of them fresh), after "
        f"{shown} trainings",
        required=f"at most {gate.looks} looks and {gate.trials} trainings; then fresh test rows: "
        f"half of the split, at least (bring data)",
        figures={
            "look": float(look.number),
            "trials": None if trials is None else float(trials),
            "fresh_share": look.fresh,
            "level": look.level,
        },
    )


def _write_suspects(files: ModelPaths, suspects: tuple[Suspect, ...]) -> None:
    files.suspects.unlink(missing_ok=True)
    if suspects:
        table = pd.DataFrame([asdict(one) for one in suspects])
        write_text(files.suspects, guarded(table).to_csv(index=False, lineterminator="\n"))
