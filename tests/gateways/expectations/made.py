"""Suites of one line an entry, and tables that are checked against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.gateways import expectations

if TYPE_CHECKING:
    from pathlib import Path

    from assay.gateways.expectations import Suite, SuiteResult


def suite(tmp_path: Path, *entries: str, **values: Any) -> Suite:
    """Write a suite of `type, kwargs` entries and load it."""
    path = tmp_path / "suite.yaml"
    path.write_text(
        "\n".join(f"- {{{entry}, because: A reason., next: A step.}}" for entry in entries)
    )
    return expectations.load(path, values)


def check(tmp_path: Path, table: dict[str, Any], *entries: str, **values: Any) -> SuiteResult:
    return expectations.check(pd.DataFrame(table), suite(tmp_path, *entries, **values))
