"""Which stages a release records."""

from __future__ import annotations

import json

import pytest

from assay.errors import InputRefused
from assay.release.recorded import Recorded

PIPELINE = b"stages:\n  ingest: {}\n  export: {}\n  later: {}\n"


def recorded(**outputs: str) -> Recorded:
    stages = {
        f"{name}@m": {"outs": [{"path": path, "md5": "1" * 32}]} for name, path in outputs.items()
    }
    lock = json.dumps({"schema": "2.0", "stages": stages}).encode()
    return Recorded("HEAD", lock, {}, None, "a processor", "")


def test_stages_come_in_the_order_of_the_commits_pipeline() -> None:
    found = recorded(export="models/m/bundle", ingest="data/raw/m").stages("m", PIPELINE)
    assert [stage.name for stage in found] == ["ingest", "export"]
    assert found[1].wrote == {"models/m/bundle": "1" * 32}


def test_a_record_without_a_bundle_proves_nothing() -> None:
    with pytest.raises(InputRefused, match="no bundle of m"):
        recorded(ingest="data/raw/m").stages("m", PIPELINE)
    with pytest.raises(InputRefused, match="no bundle of other"):
        recorded(export="models/m/bundle").stages("other", PIPELINE)
