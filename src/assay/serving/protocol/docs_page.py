"""The page ``/docs``: what the OpenAPI document says, for people.

Reads and writes nothing. The page loads nothing, from here or elsewhere, and runs no script.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from html import escape
from typing import TYPE_CHECKING, Any

import orjson

from assay import __version__
from assay.serving.protocol.openapi import DESCRIPTION, TITLE, document
from assay.serving.protocol.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.serving.protocol.operations import Operation
    from assay.serving.protocol.schemas import Said

    Json = dict[str, Any]

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
article { border: 1px solid #8888; border-radius: .4rem; margin: .8rem 0;
  padding: .2rem 1rem; }
h3 { font-size: 1rem; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: .9rem; }
pre { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td, th { border-top: 1px solid #8888; padding: .2rem .5rem .2rem 0; text-align: left;
  vertical-align: top; }
"""
ACCESS = {
    "open": "For anybody.",
    "infer": "For clients that may ask models.",
    "admin": "For clients with the scope admin.",
}


@functools.cache
def headers() -> dict[str, str]:
    """Return the headers that belong to the page."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
    }


@functools.cache
def page() -> bytes:
    """Return the page."""
    return "".join(_parts()).encode()


def _parts() -> Iterator[str]:
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{TITLE} {__version__}</h1>"
        f"<p>{escape(DESCRIPTION)}</p>"
        '<p>The same as an <a href="/openapi.json">OpenAPI document</a>.</p>'
    )
    for group in dict.fromkeys(one.group for one in OPERATIONS):
        yield f"<section><h2>{escape(group)}</h2>"
        yield from (_operation(one) for one in OPERATIONS if one.group == group)
        yield "</section>"
    yield "<section><h2>Records</h2>"
    for name, schema in sorted(document()["components"]["schemas"].items()):
        yield _record(name, schema)
    yield "</section></body></html>\n"


def _operation(operation: Operation) -> str:
    answers = document()["paths"][operation.path][operation.method]["responses"].items()
    rows = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(answer['description'])}</td></tr>"
        for status, answer in answers
    )
    body = f"<p>Body: {_link(operation.body)}</p>{_example(operation)}" if operation.body else ""
    answer = f"<p>Answer: {_link(operation.answer)}</p>" if operation.answer else ""
    return (
        f'<article id="{escape(operation.name)}"><h3><code>{operation.method.upper()} '
        f"{escape(operation.path)}</code></h3><p>{escape(operation.summary)} "
        f"{escape(ACCESS[operation.access])}</p>{body}{answer}<table>{rows}</table></article>"
    )


def _example(operation: Operation) -> str:
    schema = document()["components"]["schemas"][operation.body.__name__] if operation.body else {}
    return "".join(
        f"<pre>{escape(orjson.dumps(one, option=orjson.OPT_INDENT_2).decode())}</pre>"
        for one in schema.get("examples", ())
    )


def _link(record: type[Said]) -> str:
    name = escape(record.__name__)
    return f'<a href="#{name}">{name}</a>'


def _record(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{escape(_type(found))}</td>"
        f"<td>{'required' if field in required else ''}</td></tr>"
        for field, found in schema["properties"].items()
    )
    return (
        f'<article id="{escape(name)}"><h3>{escape(name)}</h3>'
        f"<p>{escape(schema.get('description', ''))}</p><table>{rows}</table></article>"
    )


def _type(schema: Json) -> str:
    """Return a type in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"array of {_type(schema['items'])}" if schema.get("items") else "array"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("const", schema.get("type", "anything")))
