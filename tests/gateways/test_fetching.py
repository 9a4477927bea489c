from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9/rows.csv"


def _fetch(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("fetched")


def test_a_file_is_fetched_once_and_the_mirror_comes_before_it(mirror: Path) -> None:
    fetched = DOWNLOADS / "rows.csv"
    assert fetching.find("text/rows.csv", fetched, _fetch) == fetched
    fetched.write_text("of an earlier run")
    assert fetching.find("text/rows.csv", fetched, _fetch).read_text() == "of an earlier run"
    (mirror / "text/rows.csv").write_text("mirrored")
    assert fetching.find("text/rows.csv", fetched, _fetch) == mirror / "text/rows.csv"


@pytest.mark.parametrize("known", [True, False])
def test_a_text_file_is_fetched_from_its_address(
    mirror: Path, tmp_path: Path, *, known: bool
) -> None:
    (tmp_path / "rows.csv").write_bytes(b"rows")
    digest = hashlib.sha256(b"rows").hexdigest() if known else None
    with served(tmp_path) as url:
        file = fetching.find_text("films/rows.csv", url + "rows.csv", digest)
    assert file == DOWNLOADS / "films/rows.csv"
    assert file.read_bytes() == b"rows"
    assert fetching.find_text("films/rows.csv", NOWHERE, digest) == file


def test_a_fetched_text_file_of_other_bytes_is_refused_and_a_mirrors_part_of_it_is_not(
    mirror: Path,
) -> None:
    digest = hashlib.sha256(b"rows").hexdigest()
    DOWNLOADS.mkdir(parents=True)
    (DOWNLOADS / "rows.csv").write_bytes(b"others")
    with pytest.raises(SourceRefused, match="has SHA-256") as refused:
        fetching.find_text("rows.csv", NOWHERE, digest)
    assert refused.value.expected == digest
    (mirror / "text/rows.csv").write_bytes(b"ro")
    assert fetching.find_text("rows.csv", NOWHERE, digest) == mirror / "text/rows.csv"


def test_an_address_that_does_not_answer_is_said_with_a_way_out(mirror: Path) -> None:
    with pytest.raises(SourceRefused, match="could not be fetched") as refused:
        fetching.find_text("films/rows.csv", NOWHERE)
    assert refused.value.cure.endswith(f"put the file into {DOWNLOADS}/films/ by hand")
    assert not DOWNLOADS.exists()
