from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.errors import SettingsError
from assay.objectives.classification.behaviour import check
from assay.objectives.classification.behaviour_report import KINDS, BehaviourReport
from assay.settings.behaviour import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LABELS = ("bad", "fine", "good")
ROWS = [f"row {number} is {'good' if number % 2 else 'bad'}" for number in range(40)]


def ask(inputs: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Answer by which label's word a text holds, in small letters, most often; else `fine`."""
    logits = np.array(
        [[2.0 * text.count("bad"), 1.0, 2.0 * text.count("good")] for text in inputs]
    ).reshape(-1, 3)
    likely = np.exp(logits)
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


TRANSFORMS: Mapping[str, Callable[[Any], Any]] = {
    "upper_case": str.upper,
    "numbers": lambda text: text.replace("row 1", "line 2"),
    "same": str,
}


def made(**kinds: list[dict[str, Any]]) -> Behaviour:
    return Behaviour.model_validate(kinds)


def report(rows: Sequence[Any] = ROWS, **kinds: list[dict[str, Any]]) -> BehaviourReport:
    return check(made(**kinds), ask, LABELS, rows, TRANSFORMS, source="my.yaml")


def test_an_input_must_get_its_label() -> None:
    found = report(
        must_pass=[
            {"input": "a good film", "label": "good"},
            {"input": "a bad film", "label": "fine"},
            {"input": "a film", "label": "fine"},
        ]
    )
    assert [one.passed for one in found.checks] == [True, False, True]
    assert found.counts()["must_pass"] == (2, 1)
    (failure,) = found.failures
    assert (failure.asked, failure.expected) == ("a bad film", "fine")
    assert failure.found == f"bad ({ask(['bad'])[0, 0]:.3f})"
    assert not found.passed


def test_variants_must_all_get_one_label_whichever() -> None:
    found = report(
        invariance=[
            {"variants": ["bad Anna", "bad Ahmed"]},
            {"variants": ["good Anna", "bad Ahmed", "good 王芳"]},
        ]
    )
    assert [one.passed for one in found.checks] == [True, False]
    assert found.failures[0].found == "good for 2 of 3; bad for bad Ahmed"
    assert found.failures[0].expected == "one label for all 3 variants"


def test_of_many_strange_variants_the_first_are_shown() -> None:
    words = ["good", *["a"] * 5, "bad", "bad good good", "good", "good"]
    template = {"template": "{word}", "fill": {"word": words}}
    (failure,) = report(invariance=[template]).failures
    assert failure.asked == "{word}"
    assert (
        failure.found == "fine for 5 of 10; good for good; bad for bad; good for bad good good; …"
    )


@pytest.mark.parametrize(("least", "passed"), [(0.5, True), (0.51, False)])
def test_a_share_of_rows_must_keep_their_class(least: float, passed: bool) -> None:
    rows = ["BAD good", "x good", "y", "z"]  # the lower-case words go: the first two change
    found = report(rows, transforms=[{"name": "upper_case", "least": least}])
    (one,) = found.checks
    assert one.passed is passed
    assert one.found == "2 of 4 keep their class (0.5000)"
    assert one.asked == "upper_case, 4 rows of the test split"


def test_rows_that_a_transform_leaves_alone_are_not_counted() -> None:
    (one,) = report(transforms=[{"name": "numbers", "least": 1.0}]).checks
    assert one.found == "11 of 11 keep their class (1.0000)"  # row 1, and 10 to 19


def test_no_more_rows_than_wanted_are_changed_and_always_the_same() -> None:
    wanted = [{"name": "upper_case", "rows": 7, "least": 0.0}]
    asked: list[Sequence[Any]] = []

    def remember(inputs: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        asked.append(inputs)
        return ask(inputs)

    for _ in range(2):
        check(made(transforms=wanted), remember, LABELS, ROWS, TRANSFORMS)
    assert len(asked[0]) == 7
    assert len(set(asked[0])) == 7
    assert asked[:2] == asked[2:]
    assert asked[1] == [text.upper() for text in asked[0]]


@pytest.mark.parametrize("rows", [ROWS, []])
def test_a_transform_that_changes_no_row_has_not_passed(rows: list[str]) -> None:
    (one,) = report(rows, transforms=[{"name": "same", "least": 0.0}]).checks
    assert not one.passed
    assert one.found.startswith("no row of the test split is changed")


@pytest.mark.parametrize(
    ("label", "change", "least", "passed"),
    [
        ("bad", "rises", 0.3, True),
        ("bad", "rises", 0.5, False),
        ("bad", "falls", 0.05, False),
        ("fine", "falls", 0.2, True),
        ("fine", "rises", 0.05, False),
    ],
)
def test_a_probability_must_move(label: str, change: str, least: float, passed: bool) -> None:
    moving = {"from": "food", "to": "bad food", "label": label, "change": change, "least": least}
    (one,) = report(direction=[moving]).checks
    before, after = ask(["food", "bad food"])[:, LABELS.index(label)]
    assert one.passed is passed
    assert one.found == f"{label} from {before:.3f} to {after:.3f}"
    assert one.asked == "food → bad food"


def test_counts_and_summary_tell_the_kinds_apart() -> None:
    found = report(
        must_pass=[{"input": "good", "label": "bad"}, {"input": "bad", "label": "bad"}],
        transforms=[{"name": "numbers"}],
    )
    assert found.counts() == {
        "must_pass": (1, 1),
        "invariance": (0, 0),
        "transforms": (1, 0),
        "direction": (0, 0),
    }
    assert tuple(found.counts()) == KINDS == tuple(Behaviour.model_fields)
    assert found.summary == "must_pass 1 of 2, transforms 1 of 1"
    none = report(must_pass=[{"input": "good", "label": "bad"}])
    assert none.summary == "must_pass 0 of 1"


def test_where_nothing_is_required_that_is_said() -> None:
    found = report()
    assert found.passed
    assert found.checks == ()
    assert "nothing is required" in found.summary


def test_the_report_comes_back_from_json() -> None:
    found = report(must_pass=[{"input": "good", "label": "bad"}])
    assert BehaviourReport.model_validate_json(found.model_dump_json()) == found


def test_what_is_personal_is_masked_and_what_is_long_is_cut() -> None:
    text = "write to somebody@example.org\n" + "bad " * 100
    (failure,) = report(must_pass=[{"input": text, "label": "good"}]).failures
    assert "[e-mail]" in failure.asked
    assert "somebody" not in failure.asked
    assert len(failure.asked) <= 80
    assert "\n" not in failure.asked


@pytest.mark.parametrize(
    ("kinds", "where", "found", "near"),
    [
        (
            {"must_pass": [{"input": "x", "label": "god"}]},
            "must_pass.0.label",
            "'god', no label",
            "'good'",
        ),
        (
            {"direction": [{"from": "x", "to": "y", "label": "gut"}]},
            "direction.0.label",
            "'gut', no label",
            "remove it",
        ),
        (
            {"transforms": [{"name": "same"}, {"name": "number"}]},
            "transforms.1.name",
            "'number', no transform",
            "'numbers'",
        ),
        (
            {"must_pass": [{"input": {"age": 3}, "label": "good"}]},
            "must_pass.0.input",
            "a row of a table",
            "correct",
        ),
    ],
)
def test_what_the_model_does_not_have_is_refused_before_it_is_asked(
    kinds: dict[str, list[dict[str, Any]]], where: str, found: str, near: str
) -> None:
    asked: list[Sequence[Any]] = []

    def remember(inputs: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        asked.append(inputs)
        return ask(inputs)

    kinds["invariance"] = [{"variants": ["x", "y"]}]
    with pytest.raises(SettingsError) as refused:
        check(made(**kinds), remember, LABELS, ROWS, TRANSFORMS, source="my.yaml")
    assert refused.value.found.startswith(f"my.yaml: `{where}` is {found}")
    assert near in refused.value.cure
    assert asked == []


@pytest.mark.parametrize(
    ("kinds", "where"),
    [
        ({"must_pass": [{"input": "x", "label": "good"}]}, "must_pass.0.input"),
        ({"invariance": [{"variants": ["x", "y"]}]}, "invariance.0.variants"),
        ({"invariance": [{"template": "{a}", "fill": {"a": [1, 2]}}]}, "invariance.0.template"),
        ({"direction": [{"from": "x", "to": "y", "label": "good"}]}, "direction.0.from"),
    ],
)
def test_texts_are_no_input_of_a_model_of_images(
    kinds: dict[str, list[dict[str, Any]]], where: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        report([b"\x89PNG"], **kinds)
    assert refused.value.found == f"my.yaml: `{where}` is a text"
    assert refused.value.expected.startswith("an image")


def test_the_valid_names_are_listed() -> None:
    with pytest.raises(SettingsError) as refused:
        report(must_pass=[{"input": "x", "label": "gut"}])
    assert refused.value.expected == "one of bad, fine, good"
    with pytest.raises(SettingsError) as refused:
        check(made(transforms=[{"name": "mirrored"}]), ask, LABELS, ROWS, {}, source="my.yaml")
    assert refused.value.expected == "nothing: there is none"
