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

from assay import quiet
from assay.gateways.expectations.excerpts import in_short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.gateways.expectations.outcome import Finding, Outcome

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
    from jinja2 import ChoiceLoader, DictLoader, PackageLoader

    # Some renderers log a traceback, and their row is shown nevertheless.
    with quiet.logging_from(logging.CRITICAL, "great_expectations"):
        document = ValidationResultsPageRenderer().render(_results(outcome, title))
    # Its own overview holds a run's name and time, and a link to a page that is not there.
    document.sections = document.sections[1:]
    for section in document.sections:
        _say_why(
            section, [one for one in outcome.findings if _section(one) == section.section_name]
        )
    view: Any = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([PackageLoader(HERE, ""), DictLoader(LEFT_OUT), view.env.loader])
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
