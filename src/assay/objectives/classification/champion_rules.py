"""A challenger against the champion, on the same rows: the look that spends error, and the slices.

Reads and writes nothing. Which error a look at the test rows may spend is the caller's:
:mod:`assay.release.spending`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.objectives.classification import comparison, metrics, noninferiority, slices
from assay.verdicts import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from assay.objectives.classification.comparison import Comparison
    from assay.objectives.classification.metrics import Predictions
    from assay.settings.classification import ClassificationModel
    from assay.settings.release import Gate

# One look decides by this metric; the others that decide must not fall by more than the margin.
LOOK = "accuracy"
# A slice's margin is wider by so many standard errors of its difference: 5 % by chance.
ONE_SIDED = 1.645


def against(
    challenger: Predictions, champion: Predictions, level: float, settings: ClassificationModel
) -> list[Rule]:
    """Compare both on the same rows: the look that spends error, and the other decisive metrics."""
    gate = settings.gate
    compared = comparison.compare(
        challenger,
        champion,
        resamples=gate.bootstrap,
        seed=settings.evaluate.seed,
        names=comparison.DECISIVE,
    )
    others = [name for name in comparison.DECISIVE if name != LOOK and name in compared.difference]
    return [
        _look(challenger, champion, compared, level, gate),
        *(_other(name, compared, gate) for name in others),
    ]


def fallen_slices(
    challenger: Predictions,
    champion: Predictions,
    slicings: Mapping[str, pd.Series[str]],
    gate: Gate,
) -> Rule:
    """Find slices of 50 rows or more that fall by more than their margin.

    A slice's margin is ``slice_margin`` and 1.645 standard errors of its paired difference: a
    challenger that is equal is not refused for the chance of a small slice.
    """
    gain = challenger.correct.astype(float) - champion.correct.astype(float)
    worst, fallen, seen = None, [], 0
    for slicing, name, chosen in slices.parts(slicings):
        own = gain[chosen]
        if len(own) < slices.SMALL:
            continue
        seen += 1
        margin = gate.slice_margin + ONE_SIDED * float(own.std()) / len(own) ** 0.5
        fall = -float(own.mean())
        worst = fall if worst is None else max(worst, fall)
        if fall > margin:
            fallen.append(f"{slicing}: {name} ({len(own):,} rows) by {fall:.3f} of {margin:.3f}")
    found = f"{len(fallen)} of {seen} slices fell by more than their margin"
    return Rule(
        name="slices",
        title="slices",
        passed=not fallen,
        found=f"{found}: {'; '.join(fallen)}" if fallen else found,
        required=f"no slice of {slices.SMALL} rows falls by more than {gate.slice_margin:g} and "
        "what chance explains",
        figures={"slices": float(seen), "fallen": float(len(fallen)), "worst_fall": worst},
    )


def _look(
    challenger: Predictions, champion: Predictions, compared: Comparison, level: float, gate: Gate
) -> Rule:
    counts = noninferiority.paired(challenger, champion)
    margin = gate.margin if gate.policy == "not_worse" else -gate.min_effect
    p = noninferiority.p_value(counts, margin)
    able = noninferiority.power(counts, margin, level)
    wanted = (
        f"not worse by {gate.margin:g}"
        if gate.policy == "not_worse"
        else f"better by {gate.min_effect:g}"
    )
    return Rule(
        name="champion",
        title=f"{metrics.TITLES[LOOK]} against the champion",
        passed=p <= level,
        found=f"{_shown(LOOK, compared)}; p {p:.2g} of {wanted}; one that is just as good would "
        f"pass {able:.0%} of the time",
        required=f"{wanted}: p of at most {level:.2g}, the error that this look may spend",
        figures={
            **_figures(LOOK, compared),
            "p": p,
            "level": level,
            "mcnemar_p": noninferiority.mcnemar(counts),
            "power_if_equal": able,
            "rows": float(counts.rows),
            "only_challenger": float(counts.only_challenger),
            "only_champion": float(counts.only_champion),
        },
    )


def _other(name: str, compared: Comparison, gate: Gate) -> Rule:
    return Rule(
        name=name,
        title=f"{metrics.TITLES[name]} against the champion",
        passed=compared.difference[name].value >= -gate.margin,
        found=_shown(name, compared),
        required=f"falls by at most {gate.margin:g}",
        figures=_figures(name, compared),
    )


def _figures(name: str, compared: Comparison) -> dict[str, float | None]:
    own = compared.difference[name]
    low, high = own.interval
    return {
        "challenger": compared.model[name],
        "champion": compared.baseline[name],
        "difference": own.value,
        "difference_low": low,
        "difference_high": high,
    }


def _shown(name: str, compared: Comparison) -> str:
    """Return both values of a metric, and the difference with its interval."""
    own = compared.difference[name]
    low, high = own.interval
    return (
        f"{compared.model[name]:.4f} against {compared.baseline[name]:.4f}, "
        f"{own.value:+.4f} ({low:+.4f} to {high:+.4f})"
    )
