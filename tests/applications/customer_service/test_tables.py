from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service.tables import open_database
from assay.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_only_its_owner_may_read_the_file_and_its_folder(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_database(file=tmp_path / "service" / "sessions.db").dispose()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "service").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "service" / "sessions.db").stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    file.touch(0o644)
    open_database(file=file).dispose()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "url",
    [
        "no url at all with hunter2",
        "oraculum://shop:hunter2@localhost/shop",
        "sqlite:////nowhere/at/all/hunter2.db",
    ],
)
def test_a_database_that_cannot_be_opened_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="can't be opened") as refusal:
        open_database(url)
    assert "hunter2" not in str(refusal.value)
