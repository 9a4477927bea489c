"""The criteria by which a scheduled tick decides, each with its figures.

Reads facts and settings, writes nothing, and never finds out a fact itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.monitoring.drift import Drift
    from assay.monitoring.facts import Facts
    from assay.settings.release import Retrain

MOST_NAMED = 10


class Reason(Record):
    """One criterion.

    Attributes:
        name: e.g. ``new rows``.
        found: its figures at this tick.
        required: what makes it fire.
        fires: whether it does.
        blocks: whether it forbids to train when it fires; every other one asks to.

    """

    name: str
    found: str
    required: str
    fires: bool
    blocks: bool = False


def criteria(facts: Facts, settings: Retrain) -> tuple[Reason, ...]:
    """Return every criterion, in a fixed order, whether it fires or not."""
    return (
        _forced(facts),
        _no_champion(facts),
        _new_rows(facts, settings),
        _drift(facts.drift),
        _age(facts, settings),
        _source(facts),
        _names("settings", facts.changed_settings),
        _names("code", facts.changed_code),
        _refused(facts),
    )


def _forced(facts: Facts) -> Reason:
    found = "a person asked for it" if facts.forced else "nobody asked for it"
    return Reason(name="forced", found=found, required="a person's request", fires=facts.forced)


def _no_champion(facts: Facts) -> Reason:
    return Reason(
        name="no champion yet",
        found="there is a champion" if facts.champion else "there is none",
        required="no champion",
        fires=not facts.champion,
    )


def _new_rows(facts: Facts, settings: Retrain) -> Reason:
    since = "since the champion" if facts.champion else "with no champion"
    return Reason(
        name="new rows",
        found=f"{facts.new_rows:,} of {facts.rows:,} {since}",
        required=f"at least {settings.min_new_rows:,}",
        fires=facts.new_rows >= settings.min_new_rows,
    )


def _drift(drift: Drift | None) -> Reason:
    if drift is None or drift.note or not drift.measures:
        found = drift.note if drift is not None and drift.note else "not tested"
        return Reason(name="drift", found=found, required="a tested measure", fires=False)
    first, alarms = drift.measures[0], sum(measure.alarm for measure in drift.measures)
    found = (
        f"{alarms} of {len(drift.measures)} measures, least p = {first.p_value:.2g} "
        f"({first.name}, statistic {first.statistic:.3g}), "
        f"{drift.rows_current:,} rows beside {drift.rows_reference:,}"
    )
    required = f"p below {drift.measure_level:.2g} in a measure"
    return Reason(name="drift", found=found, required=required, fires=drift.alarm)


def _age(facts: Facts, settings: Retrain) -> Reason:
    age, limit = facts.age_days, settings.max_age_days
    return Reason(
        name="age",
        found="no champion" if age is None else f"{age:.1f} days",
        required="no limit is set" if limit is None else f"more than {limit:,} days",
        fires=age is not None and limit is not None and age > limit,
    )


def _source(facts: Facts) -> Reason:
    found = "changed since the champion" if facts.changed_source else "not changed"
    return Reason(name="source", found=found, required="a change", fires=facts.changed_source)


def _names(name: str, changed: Sequence[str]) -> Reason:
    shown = ", ".join(changed[:MOST_NAMED])
    if len(changed) > MOST_NAMED:
        shown = f"{shown} and {len(changed) - MOST_NAMED} more"
    found = f"changed: {shown}" if changed else "not changed"
    return Reason(name=name, found=found, required="a change", fires=bool(changed))


def _refused(facts: Facts) -> Reason:
    found = "this data set was not refused before"
    if facts.refused_data:
        found = f"this data set was refused before{f': {facts.refusal}' if facts.refusal else ''}"
        found += "; forced all the same" if facts.forced else "; add or correct rows, or force"
    return Reason(
        name="refused before",
        found=found,
        required="a data set that was refused, and nobody forces it",
        fires=facts.refused_data and not facts.forced,
        blocks=True,
    )
