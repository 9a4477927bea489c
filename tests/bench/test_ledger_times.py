from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench import ledger_times

if TYPE_CHECKING:
    import pytest


def test_the_table_is_that_of_a_ledger_whose_chain_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = ledger_times.measure(60, 1)
    assert "a ledger of 60 promotions" in text
    assert "the last 50 entries" in text
    assert len(text.splitlines()) == 5
    assert Path.cwd() == tmp_path
    assert not any(tmp_path.iterdir())
