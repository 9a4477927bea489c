"""Great Expectations: hold a table against a suite, and show what came out as one page.

Reads a suite's YAML. Writes nothing and sends nothing. What it returns is equal for equal data:
no time, run id or path is in it. Of the table's own values only a few short examples of broken
expectations get out: they may be personal data.
"""

from __future__ import annotations

import dataclasses
import difflib
import html
import logging
import math
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from assay import quiet
from assay.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

EXAMPLES = 5
WIDTH = 80  # characters of an example

KEYS = ("type", "kwargs", "because", "next", "show")
NEEDED = ("type", "because", "next")
# What Great Expectations keeps its own books with. What a result holds is ours to say.
RESERVED = {
    *("batch_id", "catch_exceptions", "description", "id", "meta", "notes"),
    *("rendered_content", "result_format", "severity", "windows"),
}
NAME = re.compile(r"\$(\$?)(\w+)")
ADDRESS = re.compile("0x[0-9a-f]{6,}")
# What would break a line, move the cursor, turn the reading direction or show as nothing.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff]")
SHOWN = {"\n": "↵", "\t": "→", "\r": ""}


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
        """The column it speaks of; None where it speaks of the table."""
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


@dataclass(frozen=True)
class Example:
    """A value that breaks an expectation, shortened, and the number of rows that hold it."""

    value: str
    rows: int


@dataclass(frozen=True)
class Finding:
    """What became of one expectation.

    ``observed`` is what was measured. ``rows`` counts the rows that break the expectation, None
    where it speaks of no single rows. ``examples`` holds at most five distinct values, and only
    when the expectation is broken. ``problem`` says why it could not be checked.
    """

    expectation: Expectation
    success: bool
    observed: Any
    rows: int | None
    examples: tuple[Example, ...]
    problem: str | None
    # Great Expectations' own figures, which its page shows.
    figures: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as it is written to JSON."""
        entry = dataclasses.asdict(self.expectation)
        return {
            **{key: entry[key] for key in ("type", "kwargs", "because", "next")},
            "column": self.expectation.column,
            "success": self.success,
            "observed": self.observed,
            "rows": self.rows,
            "examples": [dataclasses.asdict(example) for example in self.examples],
            "problem": self.problem,
        }


@dataclass(frozen=True)
class Outcome:
    """The findings of one suite on one table, in the suite's order."""

    suite: Suite
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> list[Finding]:
        """The findings that refuse the data."""
        return [finding for finding in self.findings if not finding.success]

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as it is written to JSON."""
        return {
            "suite": self.suite.path,
            "success": not self.broken,
            "evaluated": len(self.findings),
            "broken": len(self.broken),
            "expectations": [finding.as_dict() for finding in self.findings],
        }


def excerpt(value: object) -> str:
    """Return a value as one line of at most :data:`WIDTH` characters, safe to print anywhere."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "(nothing)"
    text = str(value)
    if not text.strip():
        return "(only space)" if text else "(empty)"
    line = HIDDEN.sub(_visible, text[: 2 * WIDTH].strip())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def in_short(observed: object) -> str:
    """Return an observed value as it is shown: four digits of a number, a list without marks."""
    if isinstance(observed, list):
        return ", ".join(in_short(one) for one in observed)
    return f"{observed:.4g}" if isinstance(observed, float) else str(observed)


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


def check(table: pd.DataFrame, suite: Suite) -> Outcome:
    """Hold a table (its index counting from 0) against a suite.

    Raises:
        SettingsError: the suite speaks of a column that nobody promised to be there.

    """
    _require_columns(table, suite)
    findings = [
        _finding(table, expectation, result)
        for expectation, result in zip(suite.expectations, _validate(table, suite), strict=True)
    ]
    return Outcome(suite, tuple(findings))


def data_docs(outcome: Outcome, title: str, summary: Mapping[str, Any]) -> str:
    """Return Great Expectations' page of results as one HTML file that needs nothing else.

    ``summary`` holds ``rows``, ``kept``, ``dropped``; ``kinds``, a mapping of a kind of dirt to
    ``meaning``, ``rows``, ``dropped`` and ``examples``; ``classes``, a mapping of a class to
    ``rows`` and ``kept``; ``figures``, a mapping of a name to a number, which is shown
    in per cent when its name begins with "share".

    Every value that is not ours is escaped: Great Expectations escapes some and not others, so
    special characters travel through it as private ones and become entities in its HTML.
    """
    outcome = _shield(outcome)
    page = _render(outcome, title=_shield(title), summary=_shield(summary))
    return "\n".join(
        line.rstrip() for line in page.translate(UNSHIELD).splitlines() if line.strip()
    )


# --- reading a suite --------------------------------------------------------------------------


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
    quiet.silence()
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
        _build(expectation)
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


def _build(expectation: Expectation, position: int = 0) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    # Results come back in another order; `entry` says which is whose.
    return ExpectationConfiguration(
        type=expectation.type, kwargs=dict(expectation.kwargs), meta={"entry": position}
    ).to_domain_obj()


# --- checking a table -------------------------------------------------------------------------


def _require_columns(table: pd.DataFrame, suite: Suite) -> None:
    """Refuse a misspelt column: one that is not there, and that no entry expects to exist."""
    known = {str(column) for column in table.columns}
    known |= {str(one.column) for one in suite.expectations if one.type == "expect_column_to_exist"}
    for position, expectation in enumerate(suite.expectations, start=1):
        for column in expectation.columns:
            complaint = f"{suite.path}, entry {position}: the data has no column"
            _require(column, sorted(known), complaint)


def _validate(table: pd.DataFrame, suite: Suite) -> list[Any]:
    """Return Great Expectations' results in the suite's order."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("assay")
        .add_dataframe_asset("raw")
        .add_batch_definition_whole_dataframe("raw")
        .get_batch({"dataframe": table})
    )
    expectations = [_build(one, position) for position, one in enumerate(suite.expectations)]
    answer = batch.validate(
        gx.ExpectationSuite(name=suite.path, expectations=expectations),
        # Complete, for the places of all rows: a report says how many, not "20 or more".
        result_format={"result_format": "COMPLETE"},
    )
    return sorted(answer.results, key=lambda one: int(one.expectation_config.meta["entry"]))


def _finding(table: pd.DataFrame, expectation: Expectation, answer: Any) -> Finding:
    result = answer.result or {}
    rows: int | None = None
    examples: list[Example] = []
    problem = _problem(answer.exception_info)
    if not answer.success and problem is None:
        rows, examples = _evidence(table, expectation, result)
    return Finding(
        expectation=expectation,
        success=bool(answer.success),
        observed=_plain(result.get("observed_value")),
        rows=rows,
        examples=tuple(examples),
        problem=problem,
        figures={
            key: _plain(value)
            for key, value in result.items()
            # The rest holds the table's values, all of them.
            if key in ("observed_value", "element_count", "details")
            or key.startswith(("missing_", "unexpected_percent", "unexpected_count"))
        },
    )


def _problem(info: Mapping[str, Any]) -> str | None:
    """Return why an expectation could not be checked; its traceback stays behind."""
    reports = [info] if "raised_exception" in info else list(info.values())
    raised = [one["exception_message"] for one in reports if one["raised_exception"]]
    # An object's address differs from run to run.
    return excerpt(ADDRESS.sub("0x…", raised[0])) if raised else None


def _evidence(
    table: pd.DataFrame, expectation: Expectation, result: Mapping[str, Any]
) -> tuple[int | None, list[Example]]:
    """Return how many rows break an expectation, and examples of them.

    Great Expectations names rows only where it looks at single values. A share is the mean of a
    boolean column: its rows are those that are true. Of other figures the rows with the highest
    values are shown, if the suite says by which column.
    """
    rows = result.get("unexpected_count")
    shown = table.get(expectation.show or expectation.column)
    if shown is None:
        return rows, []
    if result.get("missing_count") and "partial_missing_list" in result:
        # Great Expectations' own list has the order of a set, which changes from run to run.
        present = set(table[expectation.column])
        absent = [value for value in expectation.kwargs["value_set"] if value not in present]
        return None, _examples(absent, rows=0)
    if "unexpected_index_list" in result:
        return rows, _examples(shown.loc[result["unexpected_index_list"]])
    measured = table[expectation.column or expectation.show]
    if measured.dtype == bool:
        return int(measured.sum()), _examples(shown[measured])
    if expectation.show and measured.dtype.kind in "if":
        highest = measured[measured > 0].sort_values(ascending=False, kind="stable")
        return None, _examples(shown.loc[highest.index])
    return None, _examples(shown)


def _examples(values: Iterable[object], rows: int | None = None) -> list[Example]:
    counts = Counter(excerpt(value) for value in values)
    return [
        Example(value, count if rows is None else rows)
        for value, count in islice(counts.items(), EXAMPLES)
    ]


def _visible(match: re.Match[str]) -> str:
    letter = match.group()
    return SHOWN.get(letter, letter.encode("unicode_escape").decode("ascii"))


def _plain(value: Any) -> Any:
    """Return a figure of Great Expectations as JSON holds it; long lists and texts are cut."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        inner = [
            _plain(one) for one in (sorted(value, key=str) if isinstance(value, set) else value)
        ]
        return inner[:EXAMPLES] if any(isinstance(one, str | dict) for one in inner) else inner[:20]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else excerpt(value)


# --- showing what came out --------------------------------------------------------------------

# Private characters stand for special ones while Great Expectations handles a value, and become
# entities in its HTML. The last two stand for the marks around `code` in our own sentences.
SPECIAL = "&<>\"'$"
ENTITIES = [*(html.escape(letter) for letter in SPECIAL), "<code>", "</code>"]
PRIVATE = [chr(0xE000 + place) for place in range(len(ENTITIES))]
SHIELD = str.maketrans(
    dict.fromkeys(PRIVATE, "\ufffd") | dict(zip(SPECIAL, PRIVATE[: len(SPECIAL)], strict=True))
)
UNSHIELD = str.maketrans(dict(zip(PRIVATE, ENTITIES, strict=True)))
CODE = re.compile("`([^`]+)`")


def _shield(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(SHIELD)
    if isinstance(value, dict):
        return {_shield(key): _shield(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_shield(inner) for inner in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return type(value)(**{name: _shield(inner) for name, inner in fields.items()})
    return value


def _render(outcome: Outcome, title: str, summary: Mapping[str, Any]) -> str:
    import great_expectations as gx
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader

    with _hushed("great_expectations"):
        document = ValidationResultsPageRenderer().render(_results(outcome, title))
    # Its own overview holds a run's name and time, and a link to a page that is not there.
    document.sections = document.sections[1:]
    for section in document.sections:
        _say_why(
            section, [one for one in outcome.findings if _section(one) == section.section_name]
        )
    view: Any = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([DictLoader(TEMPLATES), view.env.loader])
    view.env.filters |= {
        "figure": in_short,
        "count": lambda number: f"{number:,}",
        "share": lambda part, whole: f"{part / max(whole, 1):.1%}",
        "sentence": _sentence,
    }
    page: str = view.render(
        document, title=title, summary=summary, outcome=outcome, version=gx.__version__
    )
    return page


@contextmanager
def _hushed(logger: str) -> Iterator[None]:
    """Keep a logger still: some renderers log a traceback, and their row is shown nevertheless."""
    own = logging.getLogger(logger)
    level = own.level
    own.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        own.setLevel(level)


def _results(outcome: Outcome, title: str) -> Any:
    """Return the outcome as Great Expectations' own result, without what varies."""
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationSuiteValidationResult(
        success=not outcome.broken,
        suite_name=title,
        statistics={},
        suite_parameters={},
        meta={},
        results=[
            ExpectationValidationResult(
                success=finding.success,
                expectation_config=ExpectationConfiguration(
                    type=finding.expectation.type, kwargs=dict(finding.expectation.kwargs)
                ),
                result=_readable(finding.figures),
                exception_info={
                    "raised_exception": False,
                    "exception_message": None,
                    "exception_traceback": None,
                },
            )
            for finding in outcome.findings
        ],
    )


def _readable(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures with a line in place of a list, whose marks Python would show."""
    observed = figures.get("observed_value")
    return (
        {**figures, "observed_value": in_short(observed)}
        if isinstance(observed, list)
        else dict(figures)
    )


def _section(finding: Finding) -> str:
    return finding.expectation.column or "Table-Level Expectations"


def _say_why(section: Any, findings: Sequence[Finding]) -> None:
    """Add to each row of a section's table why its expectation is there."""
    from great_expectations.render.components import RenderedStringTemplateContent

    for row, finding in zip(section.content_blocks[1].table, findings, strict=True):
        why = {
            "template": "$because",
            "params": {"because": _sentence(finding.expectation.because)},
            "tag": "div",
            "styling": {"classes": ["why"]},
        }
        cell = row[1] if isinstance(row[1], list) else [row[1]]
        row[1] = [*cell, RenderedStringTemplateContent(string_template=why)]


def _sentence(text: str) -> str:
    return CODE.sub(rf"{PRIVATE[-2]}\1{PRIVATE[-1]}", text)


STYLE = """
:root { --ink:#1d2433; --soft:#5b6579; --line:#e2e6ee; --page:#f5f7fa; --card:#fff; --chip:#eef1f7;
  --good:#0b7a4b; --bad:#b3261e; --goodbg:#e6f5ed; --badbg:#fdeceb; --accent:#3b5bdb; }
@media (prefers-color-scheme: dark) { :root { --ink:#e6e9f0; --soft:#9aa4b8; --line:#2d3446;
  --page:#12151d; --card:#1a1f2b; --chip:#262d3d; --good:#5fd39b; --bad:#ff8f87; --goodbg:#12301f;
  --badbg:#3a1a18; --accent:#8ea6ff; } }
* { box-sizing:border-box; }
body { margin:0; background:var(--page); color:var(--ink); line-height:1.5;
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif; }
main { max-width:1120px; margin:0 auto; padding:32px 24px 64px; }
h1 { font-size:26px; margin:0; letter-spacing:-.01em; }
h2 { font-size:18px; margin:36px 0 12px; }
h5,h6,p { margin:0; font-size:inherit; }
small,.soft { color:var(--soft); font-size:13px; }
.card,.ge-section { background:var(--card); border:1px solid var(--line); border-radius:10px;
  padding:16px 20px; margin:0 0 14px; }
.verdict { display:flex; gap:14px; align-items:center; margin:16px 0; font-size:17px;
  font-weight:600; border-left:5px solid; }
.verdict.good { color:var(--good); background:var(--goodbg); }
.verdict.bad { color:var(--bad); background:var(--badbg); }
.figures { display:grid; grid-template-columns:repeat(auto-fit,minmax(150px,1fr)); gap:12px; }
.figures .card { margin:0; padding:12px 16px; }
.figures b { display:block; font-size:22px; font-variant-numeric:tabular-nums; }
table { width:100%; border-collapse:collapse; }
th { text-align:left; font-size:12px; color:var(--soft); font-weight:600; }
th,td { padding:9px 12px 9px 0; border-bottom:1px solid var(--line); vertical-align:top; }
tr:last-child > td { border-bottom:0; }
td.number,th.number { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
th.wide { width:45%; }
.bar { height:8px; border-radius:4px; background:var(--accent); min-width:2px; }
.example,.examples li { font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
  background:var(--chip); border-radius:5px; padding:2px 8px; margin:4px 0 0; width:fit-content;
  max-width:100%; overflow-wrap:anywhere; unicode-bidi:isolate; }
.examples { list-style:none; margin:8px 0 0; padding:0; }
.broken { border-left:5px solid var(--bad); }
.broken h3 { margin:0; font-size:16px; }
.next { margin-top:10px; font-weight:600; }
.why { color:var(--soft); font-size:13.5px; margin-top:3px; }
.badge { background:var(--chip); border-radius:5px; padding:1px 7px; font-size:13px;
  overflow-wrap:anywhere; }
.ge-section h5 { font-weight:700; font-family:ui-monospace,Menlo,Consolas,monospace; }
.ge-section { padding:12px 20px 6px; }
.ge-section thead { display:none; }
.ge-section td:first-child { width:92px; }
.ge-section td:last-child { width:190px; overflow-wrap:anywhere; color:var(--soft); }
.ge-section td table td { width:auto !important; }
.fas { font-style:normal; font-weight:700; }
.fa-check-circle::before { content:"✓ holds"; color:var(--good); }
.fa-times::before { content:"✗ broken"; color:var(--bad); }
.text-danger { color:var(--bad); font-weight:400; }
[hidden] { display:none; }
code { font:0.9em ui-monospace,Menlo,Consolas,monospace; }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}: validation</title>
<style>{% include "style.css" %}</style>
</head>
<body><main>
<h1>{{ title }}</h1>
<p class="soft">{{ outcome.suite.path }} on the raw table</p>
{% set broken = outcome.broken %}
<div class="card verdict {{ "bad" if broken else "good" }}">
{% if broken %}{{ broken | length }} of {{ outcome.findings | length }} expectations are broken:
nothing is learned from this data.
{% else %}All {{ outcome.findings | length }} expectations hold.{% endif %}
</div>
<div class="figures">
<div class="card"><b>{{ summary.rows | count }}</b><small>rows</small></div>
<div class="card"><b>{{ summary.kept | count }}</b><small>kept</small></div>
<div class="card"><b>{{ summary.dropped | count }}</b>
<small>dropped, {{ summary.dropped | share(summary.rows) }}</small></div>
{% for name, figure in summary.figures.items() %}
<div class="card"><b>{{ figure | share(1) if name.startswith("share")
else figure | count }}</b>
<small>{{ name }}</small></div>
{% endfor %}
</div>
{% if broken %}
<h2>What is broken</h2>
{% for finding in broken %}
<div class="card broken">
<h3>{{ finding.expectation.because | sentence }}</h3>
<small>{{ finding.expectation.type }}
{%- if finding.expectation.column %}, column <b>{{ finding.expectation.column }}</b>{% endif %}
{%- if finding.observed is not none %}, observed {{ finding.observed | figure }}{% endif %}
{%- if finding.rows is not none %}, {{ finding.rows | count }} rows{% endif %}
{%- if finding.problem %}, could not be checked: {{ finding.problem }}{% endif %}</small>
{% if finding.examples %}<ul class="examples">{% for example in finding.examples %}
<li>{{ example.value }}{% if example.rows > 1 %}
<small>&times; {{ example.rows | count }}</small>{% endif %}</li>
{% endfor %}</ul>{% endif %}
<p class="next">{{ finding.expectation.next | sentence }}</p>
</div>
{% endfor %}
{% endif %}
<h2>What is in the rows</h2>
<div class="card"><table>
<tr><th>kind</th><th class="number">rows</th><th>then</th><th>examples</th></tr>
{% for kind, found in summary.kinds.items() %}
<tr><td><b>{{ kind | replace("_", " ") }}</b><div class="why">{{ found.meaning }}</div></td>
<td class="number">{{ found.rows | count }}</td>
<td>{{ "dropped" if found.dropped else "kept" }}</td>
<td>{% for example in found.examples %}<div class="example">{{ example }}</div>
{% endfor %}</td></tr>
{% endfor %}
</table><p class="soft">A row can be of several kinds; it is dropped once.</p></div>
<h2>Classes</h2>
<div class="card"><table>
<tr><th>class</th><th class="number">rows</th><th class="number">kept</th>
<th class="number">share</th><th class="wide"></th></tr>
{% for name, rows in summary.classes.items() %}
<tr><td><b>{{ name }}</b></td><td class="number">{{ rows.rows | count }}</td>
<td class="number">{{ rows.kept | count }}</td>
<td class="number">{{ rows.rows | share(summary.rows) }}</td>
<td><div class="bar" style="width:{{ rows.rows | share(summary.rows) }}"></div></td></tr>
{% endfor %}
</table></div>
<h2>Every expectation</h2>
{% for section in sections %}
{% set section_loop = loop %}
{% include "section.j2" %}
{% endfor %}
<p class="soft">Rendered by Great Expectations {{ version }}.</p>
</main></body>
</html>
"""

# Ours come first. Its own page loads 14 files from elsewhere; its folding needs scripts and random
# ids, its graphs a library.
TEMPLATES = {
    "page.j2": PAGE,
    "style.css": STYLE,
    "collapse.j2": "",
    "graph.j2": "",
}
