"""Small JSON bodies as records, by the schema that the OpenAPI document shows.

Reads bytes in memory. Writes nothing. Tensors have a reader of their own, which is faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from assay.serving.protocol.schemas import Said
from assay.serving.protocol.words import quoted
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        raise _refused(problem) from problem


def checked(record: type[Record], values: Mapping[str, Any]) -> Record:
    """Return the record of values that were read of a body.

    Raises:
        BadRequest: as :func:`read`.

    """
    try:
        return record.model_validate(values)
    except ValidationError as problem:
        raise _refused(problem) from problem


def _refused(problem: ValidationError) -> BadRequest:
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    named = f"{quoted(where)} of the body" if where else "the body"
    return BadRequest(f"{named} is not as expected: {first['msg']}")
