"""What is expected of a table: the entries of a suite's YAML.

Reads the suite's file. Writes nothing, and looks at no data. Great Expectations itself says which
expectations and arguments there are.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay import environment
from assay.errors import SettingsError
from assay.excerpts import excerpt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

KEYS = ("type", "kwargs", "because", "next", "show")
NEEDED = ("type", "because", "next")
# What Great Expectations keeps its own books with. What a result holds is ours to say.
RESERVED = {
    *("batch_id", "catch_exceptions", "description", "id", "meta", "notes"),
    *("rendered_content", "result_format", "severity", "windows"),
}
NAME = re.compile(r"\$(\$?)(\w+)")


@dataclass(frozen=True)
class Expectation:
    """One entry of a suite, its ``$names`` replaced."""

    type: str
    kwargs: dict[str, Any]
    because: str
    next: str
    # The column whose values stand as examples, where it is not the column itself.
    show: str | None = None

    @property
    def column(self) -> str | None:
        """The column it is about; None where it is about the whole table."""
        return str(self.kwargs["column"]) if "column" in self.kwargs else None

    @property
    def columns(self) -> list[str]:
        """Every column that it names."""
        single = [self.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        named = [*single, *self.kwargs.get("column_list", []), self.show]
        return [str(column) for column in named if column is not None]


@dataclass(frozen=True)
class Suite:
    """The entries of a suite's file, in its order."""

    path: str
    expectations: tuple[Expectation, ...]


def load(path: Path, values: Mapping[str, Any]) -> Suite:
    """Read a suite; replace ``$name`` in its arguments by ``values[name]``.

    Raises:
        SettingsError: no file, no YAML, an unknown key, expectation, argument or ``$name`` (the
            nearest valid one is named), or a value that Great Expectations does not take.

    """
    suite = Suite(path.as_posix(), tuple(_entries(path, values)))
    for position, expectation in enumerate(suite.expectations, start=1):
        _require_known(expectation, f"{path}, entry {position}")
    return suite


def require_columns(suite: Suite, columns: Iterable[object]) -> None:
    """Refuse a misspelt column: one that is not there, and that no entry expects to exist.

    Raises:
        SettingsError: the nearest column is named.

    """
    known = {str(column) for column in columns}
    known |= {str(one.column) for one in suite.expectations if one.type == "expect_column_to_exist"}
    for position, expectation in enumerate(suite.expectations, start=1):
        for column in expectation.columns:
            complaint = f"{suite.path}, entry {position}: the data has no column"
            _require(column, sorted(known), complaint)


def build(expectation: Expectation, position: int = 0) -> Any:
    """Return Great Expectations' own object, which remembers its ``position`` as ``entry``."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    # Results come back in another order; `entry` says which is whose.
    return ExpectationConfiguration(
        type=expectation.type, kwargs=dict(expectation.kwargs), meta={"entry": position}
    ).to_domain_obj()


def _entries(path: Path, values: Mapping[str, Any]) -> Iterable[Expectation]:
    content = _read(path)
    if not isinstance(content, list) or not content:
        raise SettingsError(
            f"{path} holds no list of expectations",
            expected="a list of entries with " + ", ".join(KEYS),
            cure=f"take the last good one: git checkout {path}",
        )
    for position, entry in enumerate(content, start=1):
        yield _entry(entry, f"{path}, entry {position}", values)


def _read(path: Path) -> Any:
    environment.prepare()
    from great_expectations.core.yaml_handler import YAMLHandler

    cure = f"take the last good one: git checkout {path}"
    expected = "the expectations of this task, as YAML"
    try:
        return YAMLHandler().load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise SettingsError(f"there is no {path}", expected=expected, cure=cure) from problem
    except Exception as problem:  # of whichever YAML library Great Expectations stands on
        raise SettingsError(
            f"{path} is not readable YAML: {' '.join(str(problem).split())}",
            expected=expected,
            cure=f"mend the line named above, or {cure}",
        ) from problem


def _entry(entry: Any, where: str, values: Mapping[str, Any]) -> Expectation:
    keys = entry if isinstance(entry, dict) else {}
    missing = [key for key in NEEDED if not isinstance(keys.get(key), str) or not keys[key].strip()]
    if missing:
        raise SettingsError(
            f"{where}: no {' and no '.join(f'`{key}`' for key in missing)}",
            expected="an entry with " + ", ".join(f"`{key}`" for key in KEYS),
            cure="write a sentence for `because` and `next`: they are what a colleague reads",
        )
    for key in keys:
        _require(str(key), KEYS, f"{where}: unknown key")
    kwargs = keys.get("kwargs") or {}
    if not isinstance(kwargs, dict):
        raise SettingsError(
            f"{where}: `kwargs` is {kwargs!r}",
            expected="a mapping of the expectation's arguments",
            cure="write them as kwargs: {column: text}",
        )
    show = keys.get("show")
    return Expectation(
        type=keys["type"],
        kwargs={str(key): _replaced(value, where, values) for key, value in kwargs.items()},
        because=" ".join(keys["because"].split()),
        next=" ".join(keys["next"].split()),
        show=None if show is None else str(show),
    )


def _replaced(value: Any, where: str, values: Mapping[str, Any]) -> Any:
    """Return ``value`` with every ``$name`` in it replaced; ``$$name`` stands for itself."""
    if isinstance(value, dict):
        return {key: _replaced(inner, where, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, where, values) for inner in value]
    match = NAME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    escaped, name = match.groups()
    if escaped:
        return f"${name}"
    _require(name, values, f"{where}: unknown name", mark="$")
    return values[name]


def _require(word: str, valid: Collection[str], complaint: str, mark: str = "") -> None:
    if word in valid:
        return
    near = difflib.get_close_matches(word, valid, n=1, cutoff=0.4)
    # Great Expectations has 58 expectations: too many for a line.
    listed = valid if len(valid) <= 20 else difflib.get_close_matches(word, valid, n=3, cutoff=0)
    raise SettingsError(
        f"{complaint} `{mark}{word}`",
        expected="one of " + ", ".join(f"{mark}{name}" for name in listed),
        cure=f"did you mean `{mark}{near[0]}`?" if near else "remove it, or choose one of these",
    )


def _require_known(expectation: Expectation, where: str) -> None:
    """Refuse an expectation that Great Expectations does not know, or would not take."""
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.expectations import registry

    names = registry.list_registered_expectation_implementations()
    _require(
        expectation.type,
        sorted(name for name in names if name.startswith("expect_")),
        f"{where}: unknown expectation",
    )
    fields = registry.get_expectation_impl(expectation.type).__fields__
    for argument in expectation.kwargs:
        _require(
            argument,
            sorted(set(fields) - RESERVED),
            f"{where}: {expectation.type} takes no argument",
        )
    try:
        build(expectation)
    except (ValidationError, TypeError, ValueError) as problem:
        raise _explain(expectation, where, problem) from problem


def _explain(expectation: Expectation, where: str, problem: Exception) -> SettingsError:
    errors: list[dict[str, Any]] = [{"loc": ("kwargs",), "msg": str(problem)}]
    if hasattr(problem, "errors"):
        errors = problem.errors()
    argument = str(errors[0]["loc"][0])
    given = expectation.kwargs.get(argument)
    return SettingsError(
        f"{where}: `{argument}` of {expectation.type} is "
        + ("not given" if given is None else excerpt(given)),
        expected=errors[0]["msg"],
        cure=f"correct `{argument}` in that entry",
    )
