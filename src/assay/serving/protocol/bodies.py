"""Small JSON bodies as records, by the schema that the OpenAPI document shows.

Reads bytes in memory. Writes nothing. Tensors have a reader of their own, which is faster.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from assay.serving.protocol.schemas import Said
from assay.serving.protocol.words import quoted
from assay.serving.refusals import BadRequest

Record = TypeVar("Record", bound=Said)


def read(record: type[Record], body: bytes, *, optional: bool = False) -> Record:
    """Return the record that a body holds; of a body that may be left out, its defaults.

    Raises:
        BadRequest: the body is no JSON, or has a wrong or missing value, of which the first is
            named.

    """
    try:
        return record.model_validate_json(body if body or not optional else b"{}", strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        named = f"{quoted(where)} of the body" if where else "the body"
        raise BadRequest(f"{named} is not as expected: {first['msg']}") from problem
