"""Is a challenger fit to replace the champion: the gate's rules on classifiers.

Reads both bundles, today's test split, the rows that are new since the champion, and what the model
must do (``expectations/<model>.behaviour.yaml``). Writes nothing. Which error a look at the test
rows may spend is the caller's: :mod:`assay.release.spending`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.objectives.classification import (
    behaviour,
    comparison,
    detection,
    metrics,
    noninferiority,
    slices,
    suspicion,
)
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress, say
from assay.records import Judged, Rule, Suspect
from assay.settings.behaviour import read as read_behaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from assay.bundle.classifier import Classifier
    from assay.objectives.classification.comparison import Comparison, Difference
    from assay.objectives.classification.detection import Power
    from assay.objectives.classification.metrics import Predictions
    from assay.objectives.classification.suspicion import Suspicion
    from assay.records import Contest
    from assay.settings.classification import ClassificationModel
    from assay.settings.release import Gate

# One look decides by this metric; the others that decide must not fall by more than the margin.
LOOK = "accuracy"
# Rows that the 95th percentile of the latency is measured on.
TIMED = 200
# New rows that labels are examined of, at most, evenly spread.
EXAMINED = 5000
# A slice's margin is wider by so many standard errors of its difference: 5 % by chance.
ONE_SIDED = 1.645
WORST = 100  # rows of the file to look at
FEWEST = 20  # trusted rows
SHOWN = 3  # demands that failed


@dataclass(frozen=True)
class Parts:
    """What a task brings: how a bundle is opened, asked, sliced and put to the test."""

    open: Callable[[Path], Classifier]
    inputs: Callable[[pd.DataFrame], Sequence[Any]]
    slicings: Callable[[pd.DataFrame], Mapping[str, pd.Series[str]]]
    transforms: Mapping[str, Callable[[Any], Any]]
    show: Callable[[pd.Series[Any]], str]


@dataclass(frozen=True)
class Asked:
    """A bundle, and what it answers to today's test split."""

    bundle: Classifier
    test: Predictions


def judge(contest: Contest, settings: ClassificationModel, parts: Parts) -> Judged:
    """Return every rule with its figures, and the new rows whose labels look wrong.

    Raises:
        BundleRefused: a bundle cannot be opened.
        DataRefused: the test split is empty, or holds labels that a bundle does not know.
        SettingsError: the file of behaviour is wrong.

    """
    table = pd.read_parquet(contest.splits["test"])
    inputs = parts.inputs(table)
    challenger = _asked(contest.challenger, table, inputs, parts)
    rules = [_latency(challenger.bundle, inputs, settings.gate)]
    rules.append(_behaviour(contest.behaviour, challenger.bundle, inputs, parts))
    if contest.champion is None:
        return Judged(rules=tuple(rules))
    if parts.open(contest.champion).labels != challenger.bundle.labels:
        return Judged(rules=(_other_classes(challenger.bundle.labels), *rules))
    champion = _asked(contest.champion, table, inputs, parts)
    rules[:0] = [
        *against(challenger.test, champion.test, contest.level, settings),
        fallen_slices(challenger.test, champion.test, parts.slicings(table), settings.gate),
    ]
    labels, suspects = _labels(contest, champion, table, settings.gate, parts)
    return Judged(rules=(*rules, labels), suspects=suspects)


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
        *(_other(name, compared.difference[name], compared, gate) for name in others),
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


def _other_classes(labels: Sequence[str]) -> Rule:
    return Rule(
        name="champion",
        title="classes",
        passed=False,
        found=f"the champion knows other classes than {', '.join(labels)}, or in another order",
        required="the champion's classes: add the new task as a model of its own (assay new)",
    )


def _asked(folder: Path, table: pd.DataFrame, inputs: Sequence[Any], parts: Parts) -> Asked:
    bundle = parts.open(folder)
    truth = known_labels(table, bundle.labels)
    say(f"gate: {folder} on {len(inputs):,} test rows, {bundle.precision} on {bundle.provider}")
    with Progress("predicting", len(inputs)) as bar:
        found = bundle.predict(inputs, progress=bar).probabilities
    return Asked(bundle, metrics.predictions(truth, found, bundle.labels))


def _look(
    challenger: Predictions, champion: Predictions, compared: Comparison, level: float, gate: Gate
) -> Rule:
    counts = noninferiority.paired(challenger, champion)
    margin = gate.margin if gate.policy == "not_worse" else -gate.min_effect
    p = noninferiority.p_value(counts, margin)
    able = noninferiority.power(counts, margin, level)
    own = compared.difference[LOOK]
    wanted = (
        f"not worse by {gate.margin:g}"
        if gate.policy == "not_worse"
        else f"better by {gate.min_effect:g}"
    )
    return Rule(
        name="champion",
        title=f"{metrics.TITLES[LOOK]} against the champion",
        passed=p <= level,
        found=f"{compared.model[LOOK]:.4f} against {compared.baseline[LOOK]:.4f}, {_shown(own)}; "
        f"p {p:.2g} of {wanted}; one that is just as good would pass {able:.0%} of the time",
        required=f"{wanted}: p of at most {level:.2g}, the error that this look may spend",
        figures={
            "challenger": compared.model[LOOK],
            "champion": compared.baseline[LOOK],
            "difference": own.value,
            "difference_low": own.interval[0],
            "difference_high": own.interval[1],
            "p": p,
            "level": level,
            "mcnemar_p": noninferiority.mcnemar(counts),
            "power_if_equal": able,
            "rows": float(counts.rows),
            "only_challenger": float(counts.only_challenger),
            "only_champion": float(counts.only_champion),
        },
    )


def _other(name: str, own: Difference, compared: Comparison, gate: Gate) -> Rule:
    least = -gate.margin
    return Rule(
        name=name,
        title=f"{metrics.TITLES[name]} against the champion",
        passed=own.value >= least,
        found=f"{compared.model[name]:.4f} against {compared.baseline[name]:.4f}, {_shown(own)}",
        required=f"falls by at most {gate.margin:g}",
        figures={
            "challenger": compared.model[name],
            "champion": compared.baseline[name],
            "difference": own.value,
            "difference_low": own.interval[0],
            "difference_high": own.interval[1],
        },
    )


def _shown(own: Difference) -> str:
    return f"{own.value:+.4f} ({own.interval[0]:+.4f} to {own.interval[1]:+.4f})"


def _latency(bundle: Classifier, inputs: Sequence[Any], gate: Gate) -> Rule:
    """Time single answers, encoding included; the first ones, which load what is needed, not."""
    places = np.linspace(0, len(inputs) - 1, min(TIMED, len(inputs))).astype(int)
    for place in places[:5]:
        bundle.predict([inputs[place]])
    taken = []
    for place in places:
        begin = time.perf_counter()
        bundle.predict([inputs[place]])
        taken.append(1000 * (time.perf_counter() - begin))
    slow = float(np.quantile(taken, 0.95))
    return Rule(
        name="latency",
        title="latency",
        passed=slow <= gate.max_latency_ms,
        found=f"95th percentile {slow:.1f} ms at batch size 1",
        required=f"at most {gate.max_latency_ms:g} ms (a warning: timings vary)",
        figures={"p95_ms": round(slow, 3), "median_ms": round(float(np.median(taken)), 3)},
        warning=True,
    )


def _behaviour(file: Path, bundle: Classifier, inputs: Sequence[Any], parts: Parts) -> Rule:
    def ask(contents: Sequence[Any]) -> Any:
        return bundle.predict(contents).probabilities

    wanted = read_behaviour(file)
    done = behaviour.check(
        wanted, ask, bundle.labels, inputs, parts.transforms, source=file.as_posix()
    )
    failed = [f"{one.asked}: {one.found}, not {one.expected}" for one in done.failures]
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return Rule(
        name="behaviour",
        title="behaviour",
        passed=done.passed,
        found="; ".join([done.summary, *failed[:SHOWN]]) + more,
        required=f"every demand of {file}",
        figures={"demands": float(len(done.checks)), "failed": float(len(failed))},
    )


def _labels(
    contest: Contest, champion: Asked, test: pd.DataFrame, gate: Gate, parts: Parts
) -> tuple[Rule, tuple[Suspect, ...]]:
    """Examine the labels of rows that the champion never saw."""
    if contest.known is None:
        return _unexamined("which rows the champion was made from is not known", passed=False), ()
    fresh = _new_rows(contest, contest.known)
    trusted = _trusted(contest, champion, test, parts)
    if not len(fresh) or trusted is None:
        what = (
            "there are no new rows" if not len(fresh) else "too few rows are left to compare with"
        )
        return _unexamined(what, passed=not len(fresh)), ()
    say(f"gate: the labels of {len(fresh):,} new rows, as the champion sees them")
    new = _answers(champion.bundle, fresh, "train", parts)
    done = suspicion.examine(trusted, new, error=gate.label_error)
    able = detection.power(trusted, new_rows=len(fresh), error=gate.label_error)
    return _examined(done, able, gate), _suspects(done, fresh, parts)


def _trusted(
    contest: Contest, champion: Asked, test: pd.DataFrame, parts: Parts
) -> Predictions | None:
    """Return the champion on rows that it was tested and chosen on; None where these are too few.

    Their labels passed the gate, and the champion did not learn from them.
    """
    known = contest.known or frozenset()
    held = test["id"].astype(str).isin(known).to_numpy()
    validation = pd.read_parquet(contest.splits["validation"])
    validation = validation[validation["id"].astype(str).isin(known)].reset_index(drop=True)
    found = [champion.test.rows(held)] if held.any() else []
    if len(validation):
        found.append(_answers(champion.bundle, validation, "validation", parts))
    if sum(len(one.truth) for one in found) < FEWEST:
        return None
    return metrics.Predictions(
        np.concatenate([one.truth for one in found]),
        np.concatenate([one.probabilities for one in found]),
        champion.bundle.labels,
    )


def _answers(bundle: Classifier, table: pd.DataFrame, split: str, parts: Parts) -> Predictions:
    found = bundle.predict(parts.inputs(table)).probabilities
    return metrics.predictions(known_labels(table, bundle.labels, split), found, bundle.labels)


def _new_rows(contest: Contest, known: frozenset[str]) -> pd.DataFrame:
    """Return today's rows that the champion was not made from, of all splits."""
    tables = [pd.read_parquet(path) for path in contest.splits.values()]
    fresh = pd.concat([table[~table["id"].astype(str).isin(known)] for table in tables])
    if len(fresh) > EXAMINED:
        fresh = fresh.iloc[np.linspace(0, len(fresh) - 1, EXAMINED).astype(int)]
    return fresh.reset_index(drop=True)


def _unexamined(found: str, *, passed: bool) -> Rule:
    return Rule(
        name="labels",
        title="labels of new rows",
        passed=passed,
        found=found,
        required="new rows no more suspicious than those that the champion was tested on"
        if passed
        else "the champion's rows, out of DVC's cache or remote: dvc pull",
        figures={"new_rows": 0.0},
    )


def _examined(done: Suspicion, able: Sequence[Power], gate: Gate) -> Rule:
    figures: dict[str, float | None] = {
        "new_rows": float(done.new_rows),
        "trusted_rows": float(done.trusted_rows),
        "new_share": done.new_share,
        "trusted_share": done.trusted_share,
        "p": done.p_value,
    }
    figures |= {f"finds_{one.kind}_{100 * one.share:g}": one.detected for one in able}
    found = ", ".join(f"{one.share:.0%} {one.kind} {one.detected:.0%}" for one in able)
    return Rule(
        name="labels",
        title="labels of new rows",
        passed=not done.refused,
        found=f"{done.new_share:.1%} of {done.new_rows:,} new rows are suspicious, "
        f"{done.trusted_share:.1%} of {done.trusted_rows:,} trusted ones; p {done.p_value:.2g}. "
        f"Flipped labels that this finds: {found}",
        required=f"no more than chance explains: p above {gate.label_error:g}",
        figures=figures,
    )


def _suspects(done: Suspicion, fresh: pd.DataFrame, parts: Parts) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            id=str(fresh["id"].iloc[one.row]),
            label=one.given,
            likelier=one.likelier,
            probability=round(one.given_probability, 6),
            shown=parts.show(fresh.iloc[one.row]),
        )
        for one in done.worst[:WORST]
    )
