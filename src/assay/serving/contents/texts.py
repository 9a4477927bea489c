"""Texts that clients send: BYTES ``text`` of shape [n] or [n, 1], or strings in an array.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assay.serving.contents.columns import elements, only, place, require_rows
from assay.serving.protocol.tensors import Port
from assay.serving.protocol.words import kind
from assay.serving.refusals import BadRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest

NAME = "text"


@dataclass(frozen=True)
class Texts:
    """Satisfies ``assay.serving.contents.kinds.Contents``."""

    ports: ClassVar[tuple[Port, ...]] = (Port(NAME, "BYTES", (-1,)),)

    def of_tensors(self, request: InferRequest, limits: Limits) -> list[str]:
        """Return the texts of the input ``text``.

        Raises:
            BadRequest: it is not there, not alone, or not of BYTES; one is no UTF-8, or blank.
            TooLarge: a text is too long, or they are too many.

        """
        tensor = only(request, [NAME])
        if tensor.datatype != "BYTES":
            raise BadRequest(f"input {NAME} is of {tensor.datatype}; expected BYTES")
        found = elements(tensor)
        require_rows(len(found), limits)
        texts = [decoded(one, NAME, row, len(found)) for row, one in enumerate(found)]
        return _checked(texts, limits)

    def of_json(self, inputs: Sequence[object], limits: Limits) -> list[str]:
        """Return the strings of an array.

        Raises:
            BadRequest: one is no string, or blank.
            TooLarge: a text is too long, or they are too many.

        """
        require_rows(len(inputs), limits)
        texts = [one for one in inputs if isinstance(one, str)]
        if len(texts) < len(inputs):
            row = next(row for row, one in enumerate(inputs) if not isinstance(one, str))
            raise BadRequest(
                f"{place('input', row, len(inputs))} is {kind(inputs[row])}; expected a text, a "
                "string"
            )
        return _checked(texts, limits)


def decoded(element: bytes, noun: str, row: int, rows: int) -> str:
    """Return the text that bytes hold.

    Raises:
        BadRequest: they are not UTF-8.

    """
    try:
        return element.decode()
    except UnicodeDecodeError as problem:
        raise BadRequest(
            f"{place(noun, row, rows)} is not UTF-8; expected text in UTF-8"
        ) from problem


def require_short(text: str, noun: str, row: int, rows: int, limits: Limits) -> None:
    """Refuse a text that is too long.

    Raises:
        TooLarge: it is.

    """
    if len(text) > limits.text_characters:
        raise TooLarge(
            f"{place(noun, row, rows)} has {len(text)} characters; expected "
            f"{limits.text_characters} at most"
        )


def _checked(texts: list[str], limits: Limits) -> list[str]:
    for row, text in enumerate(texts):
        require_short(text, NAME, row, len(texts), limits)
        if not text or text.isspace():
            raise BadRequest(
                f"{place(NAME, row, len(texts))} is blank; expected more than space: a blank text "
                "has no label"
            )
    return texts
