from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.cli.predict_explain import Explanation
from assay.modalities.text.units import occluded
from tests import made
from tests.cli.command import assay
from tests.cli.predicted import TEXTS

if TYPE_CHECKING:
    from pathlib import Path

built = pytest.mark.usefixtures("built_texts")


def _line(text: str, *weights: float) -> str:
    return Explanation(text, occluded(text), np.array(weights)).line()


def test_the_strongest_words_are_bold_and_have_their_weight() -> None:
    assert _line("a great  film", 0.1, 2.5, -1.0) == (
        "a [\x1b[1mgreat\x1b[0m +2.50] [\x1b[1mfilm\x1b[0m -1.00]"
    )


def test_a_text_without_any_weight_is_not_marked() -> None:
    assert _line("a film", 0.0, 0.0) == "a film"
    assert _line("") == ""


def test_what_a_terminal_would_obey_in_a_text_is_shown() -> None:
    found = _line("\x1b[2Jgreat \u202efilm", 0.0, 3.0, 0.0, 1.0)
    assert found.startswith(r"\x1b[[")
    assert "2Jgreat" in found
    assert "\u202e" not in found
    assert r"\u202e" in found


def test_every_unit_comes_with_its_place_and_weight() -> None:
    text = "不 good"
    assert Explanation(text, occluded(text), np.array([-0.12345678, 2.0])).as_list() == [
        {"text": "不", "start": 0, "end": 1, "weight": -0.123457},
        {"text": "good", "start": 2, "end": 6, "weight": 2.0},
    ]


@built
def test_the_words_that_carried_an_answer_are_marked() -> None:
    text = "the  chair was great\x1b[31m and it's lovely"
    answer = assay("predict", made.MODEL, text, "", "--explain")
    assert answer.code == 0, answer.err
    first, marked, blank = answer.out.splitlines()
    assert first.split()[0] in made.LABELS
    assert "(blank)" in blank
    assert "\x1b" not in answer.out
    plain = re.sub(r"\[(\S+) [+-]\d+\.\d\d\]", r"\1", marked.strip())
    assert plain == r"the chair was great\x1b[31m and it's lovely"
    assert re.search(r"\[(great|lovely) \+\d", marked)
    assert "[word +1.20]" in answer.err


@built
def test_a_program_gets_the_weight_of_every_word_and_its_place() -> None:
    texts = ["the chair was great", " ", "房 slow"]
    found = json.loads(assay("predict", made.MODEL, *texts, "--explain", "--json").out)
    first, blank, third = (one["explanation"] for one in found["predictions"])
    assert blank is None
    for text, units in ((texts[0], first), (texts[2], third)):
        assert [unit["text"] for unit in units] == text.split()
        assert all(text[unit["start"] : unit["end"]] == unit["text"] for unit in units)
    assert max(first, key=lambda unit: unit["weight"])["text"] == "great"
    plain = json.loads(assay("predict", made.MODEL, *texts, "--json").out)["predictions"]
    for one in found["predictions"]:
        del one["explanation"]
    assert found["predictions"] == plain


@built
def test_a_file_is_not_explained(tmp_path: Path) -> None:
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    answer = assay("predict", made.MODEL, "--file", str(tmp_path / "in.csv"), "--explain")
    assert answer.code == 2
    assert "--explain and --file were given" in answer.err
    assert "assay predict MODEL --explain" in answer.err
