from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from assay import errors
from assay.errors import AssayError

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, AssayError) and kind.__module__ == errors.__name__
]


DRAWN = {
    name: int(code)
    for name, code in re.findall(r"^\W*(\w+) +(\d) ", errors.__doc__ or "", flags=re.MULTILINE)
}


def test_the_tree_in_the_docstring_gives_every_exit_code() -> None:
    here = {kind.__name__: kind.exit_code for kind in KINDS}
    assert here == DRAWN


def test_the_tree_in_the_docstring_names_every_kind_of_the_whole_package() -> None:
    defined = {
        node.name
        for file in Path(errors.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).rpartition(".")[2] in DRAWN for base in node.bases)
    }
    assert defined | {"AssayError"} == set(DRAWN)


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
