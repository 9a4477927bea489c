"""What ``make audit`` says of pip-audit's answers; each is one that the tool gave."""

from __future__ import annotations

import json

from tools import audit

CLEAN = {"name": "six", "version": "1.17.0", "vulns": []}
FAULTY = {
    "name": "requests",
    "version": "2.19.0",
    "vulns": [
        {"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"], "aliases": [], "description": ""}
    ],
}
SKIPPED = {
    "name": "cuda-bindings",
    "skip_reason": "Dependency not found on PyPI and could not be audited: cuda-bindings (13.5.0)",
}


def answer(*releases: object) -> audit.Audit:
    return audit.read(json.dumps({"dependencies": releases, "fixes": []}))


def test_nothing_known() -> None:
    found = answer(CLEAN)
    assert audit.verdict(found) == ["1 releases seen, 0 known faults"]
    assert audit.code(found) == 0


def test_a_known_fault_is_named_with_its_cure() -> None:
    found = answer(CLEAN, FAULTY)
    assert audit.verdict(found)[0] == "requests 2.19.0: PYSEC-2018-28, mended in 2.20.0"
    assert audit.code(found) == audit.FOUND


def test_what_could_not_be_looked_up_is_never_called_free_of_faults() -> None:
    found = answer(CLEAN, SKIPPED)
    assert audit.verdict(found)[0].startswith("NOT SEEN: 1 of 2 releases (cuda-bindings)")
    assert audit.code(found) == audit.UNSEEN
    assert audit.code(answer(FAULTY, SKIPPED)) == audit.FOUND


def test_an_audit_of_nothing_is_no_success() -> None:
    found = answer()
    assert audit.verdict(found)[0].startswith("NOT SEEN: 0 of 0")
    assert audit.code(found) == audit.UNSEEN
