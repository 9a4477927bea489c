"""Each criterion alone decides, with its figures, and refused data stays refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.monitoring.decision import Decision, Facts, as_table, decide, lines
from assay.monitoring.drift import Drift, Measure
from assay.settings.release import Retrain

SETTINGS = Retrain(min_new_rows=100, max_age_days=30)
NAMES = [
    "forced",
    "no champion yet",
    "new rows",
    "drift",
    "age",
    "source",
    "settings",
    "code",
    "refused before",
]


def drift(*, alarm: bool, note: str = "") -> Drift:
    measure = Measure(name="output: negative", statistic=0.31, p_value=2e-9, alarm=alarm)
    return Drift(
        alarm=alarm,
        level=1e-3,
        measure_level=5e-4,
        rows_reference=2000,
        rows_current=140,
        measures=() if note else (measure,),
        note=note,
    )


QUIET = Facts(champion=True, age_days=7.0, new_rows=40, rows=1040, drift=drift(alarm=False))
ALONE = {
    "forced": replace(QUIET, forced=True),
    "no champion yet": replace(QUIET, champion=False, age_days=None),
    "new rows": replace(QUIET, new_rows=100),
    "drift": replace(QUIET, drift=drift(alarm=True)),
    "age": replace(QUIET, age_days=30.5),
    "source": replace(QUIET, changed_source=True),
    "settings": replace(QUIET, changed_settings=("train.epochs",)),
    "code": replace(QUIET, changed_code=("src/assay/learning/loop.py",)),
}


def firing(decision: Decision) -> list[str]:
    return [reason.name for reason in decision.reasons if reason.fires]


def found(decision: Decision, name: str) -> str:
    return {reason.name: reason.found for reason in decision.reasons}[name]


def test_nothing_new_trains_nothing_and_says_so() -> None:
    decision = decide(QUIET, SETTINGS)
    assert not decision.train
    assert firing(decision) == []
    assert decision.summary == "Do not train: nothing new."
    assert lines(decision)[0] == decision.summary


@pytest.mark.parametrize("name", ALONE)
def test_each_criterion_alone_trains(name: str) -> None:
    decision = decide(ALONE[name], SETTINGS)
    assert decision.train
    assert firing(decision) == [name]
    assert decision.summary == f"Train: {name}."


@pytest.mark.parametrize("facts", [QUIET, *ALONE.values()])
def test_every_criterion_is_written_down(facts: Facts) -> None:
    reasons = decide(facts, SETTINGS).reasons
    assert [reason.name for reason in reasons] == NAMES
    assert all(reason.found and reason.required for reason in reasons)


def test_the_figures_stand_beside_what_they_are_held_to() -> None:
    reasons = {reason.name: reason for reason in decide(QUIET, SETTINGS).reasons}
    assert reasons["new rows"].found == "40 of 1,040 since the champion"
    assert reasons["new rows"].required == "at least 100"
    assert (reasons["age"].found, reasons["age"].required) == ("7.0 days", "more than 30 days")
    assert "least p = 2e-09 (output: negative, statistic 0.31)" in reasons["drift"].found
    assert "140 rows beside 2,000" in reasons["drift"].found
    assert reasons["drift"].required == "p below 0.0005 in a measure"


def test_one_row_or_a_moment_before_the_limit_is_not_enough() -> None:
    assert not decide(replace(QUIET, new_rows=99, age_days=30.0), SETTINGS).train


def test_age_alone_retrains_nothing_without_a_limit() -> None:
    decision = decide(replace(QUIET, age_days=9999.0), Retrain())
    assert not decision.train
    assert decision.reasons[NAMES.index("age")].required == "no limit is set"


@pytest.mark.parametrize("name", [name for name in ALONE if name != "forced"])
def test_a_refused_data_set_is_not_retried(name: str) -> None:
    facts = replace(ALONE[name], refused_data=True, refusal="12 suspicious labels")
    decision = decide(facts, SETTINGS)
    assert not decision.train
    assert firing(decision) == [name, "refused before"]
    assert decision.summary == "Do not train: refused before."
    assert "12 suspicious labels" in found(decision, "refused before")


def test_force_overrides_a_refusal_and_says_so() -> None:
    decision = decide(replace(QUIET, refused_data=True, forced=True), SETTINGS)
    assert decision.train
    assert decision.summary == "Train: forced."
    assert "forced all the same" in found(decision, "refused before")


def test_why_drift_was_not_tested_is_told() -> None:
    few = decide(replace(QUIET, drift=drift(alarm=False, note="not tested: 3 rows")), SETTINGS)
    assert found(few, "drift") == "not tested: 3 rows"
    assert found(decide(replace(QUIET, drift=None), SETTINGS), "drift") == "not tested"


def test_many_names_are_counted() -> None:
    many = tuple(f"train.key{number}" for number in range(25))
    decision = decide(replace(QUIET, changed_settings=many), SETTINGS)
    assert "train.key9 and 15 more" in found(decision, "settings")
    assert "train.key10" not in found(decision, "settings")


def test_the_table_has_a_row_a_criterion_and_obeys_no_name() -> None:
    evil = "a|b<img src=x>\n| forged | row | x | yes |"
    decision = decide(replace(QUIET, changed_settings=(evil,), refused_data=True), SETTINGS)
    rows = as_table(decision).splitlines()
    assert len(rows) == 2 + len(NAMES)
    assert all(row.count("|") == 5 for row in rows)
    assert "<img" not in as_table(decision)
    fires = {row.split(" | ")[0].strip("| "): row.split(" | ")[3].strip("| ") for row in rows[2:]}
    assert (fires["settings"], fires["refused before"], fires["age"]) == ("yes", "blocks", "no")


def test_a_line_shows_a_name_and_obeys_none() -> None:
    evil = "key\x1b[2Jx\nTrain: forged."
    shown = lines(decide(replace(QUIET, changed_settings=(evil,)), SETTINGS))
    assert len(shown) == 1 + len(NAMES)
    assert not any("\x1b" in line or "\n" in line for line in shown)
    assert shown[1 + NAMES.index("settings")].startswith("  yes    settings: changed: key")


def test_a_decision_is_a_record_that_comes_back() -> None:
    decision = decide(ALONE["drift"], SETTINGS)
    assert Decision.model_validate_json(decision.model_dump_json()) == decision
