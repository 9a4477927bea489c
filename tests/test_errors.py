from __future__ import annotations

import inspect
import re

import pytest

from assay import errors
from assay.errors import AssayError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, AssayError) and kind.__module__ == errors.__name__
]


def test_the_tree_in_the_docstring_names_every_kind_with_its_exit_code() -> None:
    drawn = re.findall(r"^\W*(\w+) +(\d) ", errors.__doc__ or "", flags=re.MULTILINE)
    assert {name: int(code) for name, code in drawn} == {
        kind.__name__: kind.exit_code for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_survives_the_way_to_another_process(kind: type[AssayError]) -> None:
    before = kind("a found thing", expected="another", cure="do this")
    after = errors.from_dict(before.as_dict())
    assert type(after) is kind
    assert after.as_dict() == before.as_dict()


def test_a_kind_of_another_module_comes_back_as_the_root() -> None:
    class Elsewhere(AssayError):
        def __init__(self, found: str) -> None:
            super().__init__(found, expected="x", cure="y")

    after = errors.from_dict(Elsewhere("found").as_dict())
    assert type(after) is AssayError
    assert (after.found, after.expected, after.cure) == ("found", "x", "y")


def test_it_reads_as_three_lines() -> None:
    assert str(AssayError("no data", expected="rows", cure="bring some")).split("\n") == [
        "no data",
        "  expected: rows",
        "  next: bring some",
    ]
    assert str(AssayError("no data")) == "no data"
