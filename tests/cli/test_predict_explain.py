from __future__ import annotations

import numpy as np

from assay.cli.predict_explain import Explanation
from assay.modalities.text.units import occluded


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
