from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SettingsError
from assay.settings.behaviour import Behaviour, read

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
must_pass:
  - {input: I love it, label: good}
  - {input: {age: 30, city: Lima}, label: 1}
invariance:
  - variants: [Anna was rude, 王芳 was rude]
  - template: "{name} paid {price}"
    fill: {name: [Anna, Ahmed], price: [3, 2.5, "05"]}
transforms:
  - {name: mirrored, rows: 10, least: 0.9}
  - {name: darker}
direction:
  - {from: okay, to: rude, label: bad, least: 0.1}
  - {from: okay, to: rude, label: good, change: falls}
"""


def _read(folder: Path, content: str) -> Behaviour:
    path = folder / "reviews.behaviour.yaml"
    path.write_text(content, encoding="utf-8")
    return read(path)


def _refused(folder: Path, content: str) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        _read(folder, content)
    assert "reviews.behaviour.yaml" in refused.value.found
    assert refused.value.expected
    assert refused.value.cure
    return refused.value


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = _read(tmp_path, GOOD)
    assert [(one.input, one.label) for one in found.must_pass] == [
        ("I love it", "good"),
        ({"age": 30, "city": "Lima"}, "1"),
    ]
    assert [(one.name, one.rows, one.least) for one in found.transforms] == [
        ("mirrored", 10, 0.9),
        ("darker", 1000, 0.95),
    ]
    assert [
        (one.before, one.after, one.label, one.change, one.least) for one in found.direction
    ] == [("okay", "rude", "bad", "rises", 0.1), ("okay", "rude", "good", "falls", 0.05)]


def test_a_template_is_filled_with_every_combination(tmp_path: Path) -> None:
    listed, filled = _read(tmp_path, GOOD).invariance
    assert listed.inputs() == ["Anna was rude", "王芳 was rude"]
    assert filled.inputs() == [
        f"{name} paid {price}" for name in ("Anna", "Ahmed") for price in ("3", "2.5", "05")
    ]


def test_what_is_filled_in_is_not_filled_again(tmp_path: Path) -> None:
    content = 'invariance: [{template: "{a}{b} {}", fill: {a: ["{b}", x], b: [y]}}]'
    assert _read(tmp_path, content).invariance[0].inputs() == ["{b}y {}", "xy {}"]


def test_without_a_file_nothing_is_required(tmp_path: Path) -> None:
    assert read(tmp_path / "absent.behaviour.yaml") == Behaviour()


@pytest.mark.parametrize(
    ("content", "where", "nearest"),
    [
        ("must_pas: []", "must_pas", "must_pass"),
        ("must_pass: [{input: x, lable: y}]", "must_pass.0.lable", "label"),
        ("direction: [{form: x, to: y, label: z}]", "direction.0.form", "from"),
        ("invariance: [{varients: [x, y]}]", "invariance.0.varients", "variants"),
        ("transforms: [{name: x}, {name: y, row: 3}]", "transforms.1.row", "rows"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_valid_one(
    tmp_path: Path, content: str, where: str, nearest: str
) -> None:
    problem = _refused(tmp_path, content)
    assert f"unknown key `{where}`" in problem.found
    assert f"`{nearest}`" in problem.cure
    assert nearest in problem.expected.removeprefix("one of ").split(", ")


@pytest.mark.parametrize(
    ("content", "where", "expected"),
    [
        ("must_pass: [{input: x}]", "must_pass.0.label", "required"),
        ("must_pass: [{input: x, label: ' '}]", "must_pass.0.label", "at least 1 character"),
        ("must_pass: [{input: 3, label: x}]", "must_pass.0.input", "text in quotes"),
        ("must_pass: [{input: [x], label: x}]", "must_pass.0.input", "text in quotes"),
        ("must_pass: [{input: {}, label: x}]", "must_pass.0.input", "text in quotes"),
        ("must_pass: [{input: {a: [1]}, label: x}]", "must_pass.0.input", "text in quotes"),
        ("must_pass: x", "must_pass", "tuple"),
        ("invariance: [{variants: [x]}]", "invariance.0.variants", "at least 2 items"),
        ("invariance: [{}]", "invariance.0", "either `variants`, or `template`"),
        (
            "invariance: [{variants: [x, y], template: '{a}', fill: {a: [x, y]}}]",
            "invariance.0",
            "either `variants`, or `template`",
        ),
        ("invariance: [{variants: [x, y], fill: {a: [x, y]}}]", "invariance.0", "no other"),
        ("invariance: [{template: '{a} {b}', fill: {a: [x, y]}}]", "invariance.0", "each place"),
        (
            "invariance: [{template: '{a}', fill: {a: [x, y], b: [z]}}]",
            "invariance.0",
            "no other",
        ),
        ("invariance: [{template: '{a}', fill: {a: [x]}}]", "invariance.0", "2 to 100 texts"),
        (
            f"invariance: [{{template: '{{a}}', fill: {{a: {list(range(101))}}}}}]",
            "invariance.0",
            "2 to 100 texts",
        ),
        ("invariance: [{template: '{a}', fill: {a: [x, true]}}]", "invariance.0.fill.a.1", "str"),
        ("transforms: [{name: x, rows: 0}]", "transforms.0.rows", "greater than or equal to 1"),
        ("transforms: [{name: x, least: 95}]", "transforms.0.least", "less than or equal to 1"),
        ("direction: [{from: x, to: y, label: z, least: 0}]", "direction.0.least", "greater"),
        ("direction: [{from: x, to: y, label: z, change: up}]", "direction.0.change", "'rises'"),
        ("direction: [{to: y, label: z}]", "direction.0.from", "required"),
    ],
)
def test_an_impossible_value_is_named(
    tmp_path: Path, content: str, where: str, expected: str
) -> None:
    problem = _refused(tmp_path, content)
    assert f"`{where}` is " in problem.found
    assert expected in problem.expected


def test_a_template_of_the_most_texts_is_read(tmp_path: Path) -> None:
    words = list(range(10))
    content = f"invariance: [{{template: '{{a}}{{b}}', fill: {{a: {words}, b: {words}}}}}]"
    assert len(set(_read(tmp_path, content).invariance[0].inputs())) == 100


@pytest.mark.parametrize("content", ["", "# nothing\n", "- must_pass\n", "must_pass: [unclosed\n"])
def test_what_is_no_mapping_says_what_such_a_file_holds(tmp_path: Path, content: str) -> None:
    problem = _refused(tmp_path, content)
    assert "must_pass, invariance, transforms, direction" in problem.expected
