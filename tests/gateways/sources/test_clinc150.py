from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import sources
from assay.gateways.sources import clinc150
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {
    "oos_val": [["a show on broadway", "oos"]],
    "val": [["say hello in spanish", "translate"]],
    "train": [["what is my balance", "balance"], ["pay the bill", "pay_bill"]],
    "oos_test": [["left alone", "oos"]],
    "test": [["left alone", "balance"]],
    "oos_train": [["how far is the moon", "oos"]],
}


def fill(folder: Path, content: str) -> Path:
    file = folder / clinc150.FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def test_requests_come_with_their_intent_and_part_and_the_test_parts_are_left(
    mirror: Path,
) -> None:
    fill(mirror / "text", json.dumps(CONTENT))
    assert sources.texts("clinc150").to_dict("list") == {
        "text": [
            *("what is my balance", "pay the bill", "say hello in spanish"),
            *("how far is the moon", "a show on broadway"),
        ],
        "label": ["balance", "pay_bill", "translate", "oos", "oos"],
        "part": ["train", "train", "val", "oos_train", "oos_val"],
        "given": ["train", "train", "test", "train", "test"],
    }


def test_what_the_address_gives_is_compared_with_the_digest(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = fill(tmp_path, json.dumps(CONTENT))
    with served(tmp_path) as url:
        monkeypatch.setattr(clinc150, "URL", url + clinc150.FILE)
        with pytest.raises(SourceRefused, match="has SHA-256") as refused:
            sources.texts("clinc150")
    assert refused.value.expected == clinc150.SHA256
    monkeypatch.setattr(clinc150, "SHA256", sha256(file))
    assert len(sources.texts("clinc150")) == 5


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (json.dumps(CONTENT)[:99], "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "holds no object"),
        (json.dumps(CONTENT | {"val": "none"}), "has no list 'val'; it has 'oos_val', 'val'"),
        (json.dumps({"train": []}), "has no list 'val'; it has 'train'"),
        (json.dumps(CONTENT | {"train": [["text"]]}), r"\['text'\].* as number 0 of 'train'"),
        (json.dumps(CONTENT | {"val": [["a", "b"], ["c", 1]]}), "as number 1 of 'val'"),
    ],
)
def test_another_file_is_refused(mirror: Path, content: str, found: str) -> None:
    fill(mirror / "text", content)
    with pytest.raises(SourceRefused, match=found) as refused:
        sources.texts("clinc150")
    assert "train, val, oos_train, oos_val" in refused.value.expected
