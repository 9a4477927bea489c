"""What came out, as one HTML page: Great Expectations' own, with ours above and around it.

Reads the page's template and style, ``page.j2`` and ``page.css`` beside this file. Writes nothing.
The page needs nothing from elsewhere, and runs no script.
"""

from __future__ import annotations

import dataclasses
import html
import logging
import re
from typing import TYPE_CHECKING, Any

from assay.excerpts import in_short
from assay.logs import logging_from
from assay.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.gateways.expectations.checking import ExpectationResult, SuiteResult
    from assay.records import DataSummary

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

# Ours come first: Great Expectations' own page loads 14 files from elsewhere; its folding needs
# scripts and random ids, its graphs a library.
HERE = "assay.gateways.expectations"
LEFT_OUT = {"collapse.j2": "", "graph.j2": ""}


def data_docs(checked: SuiteResult, title: str, summary: DataSummary) -> str:
    """Return Great Expectations' page of results as one HTML file that needs nothing else.

    Every value that is not ours is escaped: Great Expectations escapes some and not others, so
    special characters travel through it as private ones and become entities in its HTML.
    """
    checked = _shield(checked)
    page = _render(checked, title=_shield(title), summary=_shield(summary.model_dump()))
    return "\n".join(
        line.rstrip() for line in page.translate(UNSHIELD).splitlines() if line.strip()
    )


def _shield(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(SHIELD)
    if isinstance(value, dict):
        return {_shield(key): _shield(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_shield(inner) for inner in value)
    if isinstance(value, Record):
        return type(value).model_construct(
            **{name: _shield(inner) for name, inner in dict(value).items()}
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return type(value)(**{name: _shield(inner) for name, inner in fields.items()})
    return value


def _render(checked: SuiteResult, title: str, summary: Mapping[str, Any]) -> str:
    import great_expectations as gx
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader, PackageLoader

    # Some renderers log a traceback, and their row is shown nevertheless.
    with logging_from(logging.CRITICAL, "great_expectations"):
        document = ValidationResultsPageRenderer().render(_results(checked, title))
    # Its own overview holds a run's name and time, and a link to a page that is not there.
    document.sections = document.sections[1:]
    for section in document.sections:
        _say_why(section, [one for one in checked.results if _section(one) == section.section_name])
    view: Any = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([PackageLoader(HERE, ""), DictLoader(LEFT_OUT), view.env.loader])
    view.env.filters |= {
        "figure": in_short,
        "count": lambda number: f"{number:,}",
        "share": lambda part, whole: f"{part / max(whole, 1):.1%}",
        "sentence": _sentence,
    }
    page: str = view.render(
        document, title=title, summary=summary, checked=checked, version=gx.__version__
    )
    return page


def _results(checked: SuiteResult, title: str) -> Any:
    """Return the results as Great Expectations' own object, without what varies."""
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationSuiteValidationResult(
        success=not checked.broken,
        suite_name=title,
        statistics={},
        suite_parameters={},
        meta={},
        results=[
            ExpectationValidationResult(
                success=result.success,
                expectation_config=ExpectationConfiguration(
                    type=result.expectation.type, kwargs=dict(result.expectation.kwargs)
                ),
                result=_readable(result.figures),
                exception_info={
                    "raised_exception": False,
                    "exception_message": None,
                    "exception_traceback": None,
                },
            )
            for result in checked.results
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


def _section(result: ExpectationResult) -> str:
    return result.expectation.column or "Table-Level Expectations"


def _say_why(section: Any, results: Sequence[ExpectationResult]) -> None:
    """Add to each row of a section's table why its expectation is there."""
    from great_expectations.render.components import RenderedStringTemplateContent

    for row, result in zip(section.content_blocks[1].table, results, strict=True):
        why = {
            "template": "$because",
            "params": {"because": _sentence(result.expectation.because)},
            "tag": "div",
            "styling": {"classes": ["why"]},
        }
        cell = row[1] if isinstance(row[1], list) else [row[1]]
        row[1] = [*cell, RenderedStringTemplateContent(string_template=why)]


def _sentence(text: str) -> str:
    return CODE.sub(rf"{PRIVATE[-2]}\1{PRIVATE[-1]}", text)
