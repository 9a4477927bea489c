from __future__ import annotations

import json

from assay.verdicts import Rule, Verdict


def rule(name: str, *, passed: bool, warning: bool = False) -> Rule:
    return Rule(
        name=name,
        title=name,
        passed=passed,
        found="3 MB",
        required="at most 2 MB",
        figures={"megabytes": 3.0, "undefined": None},
        warning=warning,
    )


def test_one_rule_that_does_not_hold_refuses() -> None:
    rules = (rule("size", passed=False), rule("parity", passed=True))
    verdict = Verdict(policy="not_worse", champion=3, rules=rules)
    assert not verdict.passed
    assert [one.name for one in verdict.refusals] == ["size"]


def test_a_warning_never_refuses() -> None:
    rules = (rule("latency", passed=False, warning=True),)
    verdict = Verdict(policy="first", champion=None, rules=rules)
    assert verdict.passed and not verdict.refusals


def test_a_verdict_comes_back_out_of_json() -> None:
    verdict = Verdict(policy="better", champion=1, rules=(rule("size", passed=False),))
    written = json.dumps(verdict.model_dump(mode="json"))
    assert Verdict.model_validate_json(written) == verdict
