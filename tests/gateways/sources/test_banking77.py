from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import sources
from assay.gateways.sources import banking77
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    'text,category\r\nWhere is my card?,card_arrival\r\n"Lost,\nor stolen?",lost_or_stolen_card\r\n'
)


def test_every_question_comes_with_its_intent(mirror: Path) -> None:
    (mirror / "text/banking77").mkdir()
    (mirror / "text" / banking77.FILE).write_bytes(ROWS.encode())
    assert sources.texts("banking77").to_dict("list") == {
        "text": ["Where is my card?", "Lost,\nor stolen?"],
        "label": ["card_arrival", "lost_or_stolen_card"],
    }


def test_what_the_address_gives_is_compared_with_the_digest(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.csv").write_bytes(ROWS.encode())
    with served(tmp_path) as url:
        monkeypatch.setattr(banking77, "URL", url + "train.csv")
        with pytest.raises(SourceRefused, match="has SHA-256") as refused:
            sources.texts("banking77")
    assert refused.value.expected == banking77.SHA256
    monkeypatch.setattr(banking77, "SHA256", sha256(tmp_path / "train.csv"))
    assert len(sources.texts("banking77")) == 2


def test_a_file_without_intents_is_refused(mirror: Path) -> None:
    (mirror / "text/banking77").mkdir()
    (mirror / "text" / banking77.FILE).write_text("text,label\nWhere?,card_arrival\n")
    with pytest.raises(SourceRefused, match="has no column 'category'; it has 'text', 'label'"):
        sources.texts("banking77")
