from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from assay.services import profile

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_profile_is_its_owners_alone_and_keeps_what_was_set_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    profile.write("http://127.0.0.1:4200/api", "assay:one")
    assert profile.PROFILES.stat().st_mode & 0o777 == 0o600
    profile.PROFILES.write_text(
        'active = "my own"\n\n[profiles."my own"]\nPREFECT_LOGGING_LEVEL = "DEBUG"\n'
        '\n[profiles.other]\nPREFECT_API_URL = "http://127.0.0.1:1/api"\n'
    )
    profile.write("http://127.0.0.1:4210/api", "assay:two")
    assert tomllib.loads(profile.PROFILES.read_text()) == {
        "active": "my own",
        "profiles": {
            "my own": {
                "PREFECT_LOGGING_LEVEL": "DEBUG",
                "PREFECT_API_URL": "http://127.0.0.1:4210/api",
                "PREFECT_API_AUTH_STRING": "assay:two",
            },
            "other": {"PREFECT_API_URL": "http://127.0.0.1:1/api"},
        },
    }
