"""The OpenAPI 3.1 document of the server, made of its routes and records.

Reads and writes nothing. What changes with a deployment, such as its models, is not in it.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Literal

from pydantic.json_schema import models_json_schema

from assay import __version__
from assay.serving.protocol.names import VERSION as VERSION_PATTERN
from assay.serving.protocol.operations import BINARY, JSON, OPERATIONS
from assay.serving.protocol.request import HEADER
from assay.serving.refusals import TooMany, Unauthorized, UnsupportedEncoding
from assay.settings.schema import MODEL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.serving.protocol.operations import Operation
    from assay.serving.protocol.schemas import Said
    from assay.serving.refusals import Refusal

    Json = dict[str, Any]

TITLE = "Assay"
DESCRIPTION = (
    "Released models behind the Open Inference Protocol v2 (REST), with Triton's extensions for "
    "binary tensors, classification and the model repository; language models also as OpenAI's "
    'clients ask them. Every refusal is one sentence: {"error": "..."}.'
)
_REFERENCE = "#/components/schemas/{model}"
_PATTERNS = {"model": MODEL_NAME, "version": VERSION_PATTERN}
_HEADERS = {
    Unauthorized: "WWW-Authenticate",
    UnsupportedEncoding: "Accept-Encoding",
    TooMany: "Retry-After",
}
_IDENTITY = {
    "assay-model": "The model that answered.",
    "assay-version": "Its version.",
    "assay-bundle": "SHA-256 over the files of its bundle.",
}


@functools.cache
def document() -> Json:
    """Return the document as JSON values. It is made once; whoever alters it copies it first."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": __version__, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `assay tokens add`; none is needed on loopback "
                    "unless there are tokens.",
                }
            },
        },
    }


def _operation(operation: Operation) -> Json:
    found: Json = {
        "operationId": operation.name,
        "tags": [operation.group],
        "summary": operation.summary,
        "security": [] if operation.access == "open" else [{"token": []}, {}],
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation),
    }
    if operation.body:
        content: Json = {JSON: {"schema": _reference(operation.body)}}
        if operation.binary:
            content[BINARY] = {}
        found["requestBody"] = {"required": not operation.optional, "content": content}
    return found


def _parameters(operation: Operation) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", operation.path):
        schema = {"type": "string", "pattern": _PATTERNS[name]}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if operation.binary:
        yield {
            "name": HEADER,
            "in": "header",
            "description": "Length of the JSON in bytes, where binary data follow it; 0: the body "
            "is one text or the bytes of one image.",
            "schema": {"type": "integer", "minimum": 0},
        }


def _responses(operation: Operation) -> Json:
    done: Json = {"description": "Done."}
    if operation.media:
        done["content"] = {media: _answer(operation, media) for media in operation.media}
    if operation.name.removesuffix("_version") in ("infer", "predict"):
        done["headers"] = {
            name: {"description": words, "schema": {"type": "string"}}
            for name, words in _IDENTITY.items()
        }
    refused = {
        str(kind.status): _refused(kind, operation)
        for kind in sorted(operation.refusals, key=lambda kind: kind.status)
    }
    return {"200": done, **refused}


def _answer(operation: Operation, media: str) -> Json:
    if media != JSON:
        return {} if media == BINARY else {"schema": {"type": "string"}}
    if operation.answer is None:
        return {"schema": {"type": "object"}}
    one = _any_of((operation.answer, *operation.others))
    return {"schema": {"type": "array", "items": one} if operation.many else one}


def _refused(kind: type[Refusal], operation: Operation) -> Json:
    found: Json = {
        "description": (kind.__doc__ or "").partition("\n")[0],
        "content": {JSON: {"schema": _any_of(operation.problems)}},
    }
    if name := _HEADERS.get(kind):
        found["headers"] = {name: {"schema": {"type": "string"}}}
    return found


def _any_of(records: Sequence[type[Said]]) -> Json:
    forms = [_reference(record) for record in records]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _reference(record: type[Said]) -> Json:
    return {"$ref": _REFERENCE.format(model=record.__name__)}


def _schemas() -> Json:
    asked = {one.body for one in OPERATIONS if one.body}
    answered = {one.answer for one in OPERATIONS if one.answer}
    answered |= {other for one in OPERATIONS for other in one.others}
    refused = {problem for one in OPERATIONS for problem in one.problems}
    records: list[tuple[type[Said], Literal["validation", "serialization"]]] = [
        *((record, "validation") for record in sorted(asked, key=_name)),
        *((record, "serialization") for record in sorted(answered | refused, key=_name)),
    ]
    _, found = models_json_schema(records, ref_template=_REFERENCE)
    definitions: Json = found["$defs"]
    return definitions


def _name(record: type[Said]) -> str:
    return record.__name__
