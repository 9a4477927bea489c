from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from assay.applications.customer_service import settings
from assay.errors import MissingFile, SettingsError
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples/customer_service/service.yaml"


@pytest.fixture
def content() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))
    return found


def written(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "service.yaml"
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(content, stream)
    return path


def test_the_example_is_read_and_its_knowledge_found_beside_it() -> None:
    found = settings.load(EXAMPLE)
    assert found.knowledge == EXAMPLE.parent / "knowledge.csv"
    assert list(found.languages) == ["en", "zh"]
    assert found.default == "en"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="there is no file"):
        settings.load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("place", "value", "named", "expected"),
    [
        (("companny",), "x", "unknown key `companny`", "company"),
        (("languages", "en", "answr"), "x", "unknown key `languages.en.answr`", "answer"),
        (("thresholds", "wrong"), 2.0, "`thresholds.wrong` is 2.0", "less than 1"),
        (("languages", "en", "answer", "angry"), "Sorry.", "angry` is 'Sorry.'", "{answer} once"),
        (
            ("languages", "en", "answer", "happy"),
            "{answer} {text}",
            "happy` is",
            "no other place in braces",
        ),
        (
            ("languages", "en", "answer", "neutral"),
            "{answer} Call 555 1234.",
            "neutral` is",
            "without facts",
        ),
        (("languages", "en", "unclear"), "See www.tea.example", "unclear` is", "without facts"),
        (("languages", "zh", "unclear"), "三天内回复", "unclear` is", "without facts"),
        (("languages", "en", "clarify"), "Of {answer}?", "clarify` is", "without '{answer}'"),
        (("languages", "fr"), {}, "languages.fr", "'en' or 'zh'"),
        (("sentiment", "en", "moods", "neutral"), "sad", "moods.neutral` is 'sad'", "'angry'"),
        (
            ("intent", "small_talk", "thanks"),
            "praise",
            "`intent.small_talk.thanks` has no `languages.en.small_talk.praise`",
            "add `languages.en",
        ),
        (("thresholds", "answer"), 0.5, "`thresholds` is", "both of answer and clarify"),
        (("language_model",), {"model": "m", "prompt": "Say!"}, "`language_model` is", "{answer}"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(
    tmp_path: Path,
    content: dict[str, Any],
    place: tuple[str, ...],
    value: object,
    named: str,
    expected: str,
) -> None:
    block = content
    for key in place[:-1]:
        block = block[key]
    block[place[-1]] = value
    with pytest.raises(SettingsError) as refused:
        settings.load(written(tmp_path, content))
    assert named in refused.value.found
    assert str(tmp_path) in refused.value.found
    assert expected in refused.value.expected + refused.value.cure


def test_each_reason_to_hand_over_has_its_words(tmp_path: Path, content: dict[str, Any]) -> None:
    del content["languages"]["zh"]["hand_over"]["angry_twice"]
    with pytest.raises(SettingsError, match=r"languages\.zh") as refused:
        settings.load(written(tmp_path, content))
    assert "hand_over for angry_twice too" in refused.value.expected
