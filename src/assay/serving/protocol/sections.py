"""Tensors behind the JSON of a request: where each begins and ends, and its elements.

Reads bytes in memory. Writes nothing. Every number that a client wrote is compared with the bytes
that are there before anything is made of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from assay.serving.protocol.datatypes import DTYPES
from assay.serving.protocol.tensors import LENGTH, of_bytes
from assay.serving.protocol.words import quoted
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from assay.serving.protocol.datatypes import Datatype
    from assay.serving.protocol.tensors import Values


class Sections:
    """The bytes behind the JSON, given out in the order of the inputs."""

    def __init__(self, body: bytes, start: int) -> None:
        """Begin at ``start`` of ``body``."""
        self._body, self._at = body, start

    def take(self, name: str, size: int) -> bytes:
        """Return the next ``size`` bytes, which belong to input ``name``.

        Raises:
            BadRequest: there are fewer.

        """
        left = len(self._body) - self._at
        if size > left:
            raise BadRequest(
                f"input {quoted(name)} has binary_data_size {size}, and {left} bytes are left of "
                "the body; expected a body that holds all binary data behind its JSON"
            )
        self._at += size
        return self._body[self._at - size : self._at]

    def require_all_taken(self) -> None:
        """Refuse bytes that belong to no input.

        Raises:
            BadRequest: there are some.

        """
        if left := len(self._body) - self._at:
            raise BadRequest(
                f"{left} bytes of the body belong to no input; expected the JSON, and then as many "
                "bytes as binary_data_size of the inputs says"
            )


def values_of(name: str, datatype: Datatype, shape: tuple[int, ...], section: bytes) -> Values:
    """Return the elements that a section holds, in their shape.

    Raises:
        BadRequest: they are not as many as the shape has; a truth value is neither 0 nor 1.

    """
    count = math.prod(shape)
    if datatype == "BYTES":
        return of_bytes(_elements(name, section, count), shape)
    dtype = DTYPES[datatype]
    if len(section) != count * dtype.itemsize:
        raise BadRequest(
            f"input {quoted(name)} has {len(section)} bytes of binary data; expected "
            f"{count * dtype.itemsize}, of {count} elements of {datatype}"
        )
    if datatype == "BOOL" and section.strip(b"\x00\x01"):
        raise BadRequest(
            f"input {quoted(name)} of BOOL has a byte other than 0 and 1; expected 1 for true and "
            "0 for false"
        )
    return np.frombuffer(section, dtype).reshape(shape)


def _elements(name: str, section: bytes, count: int) -> list[bytes]:
    """Return the elements of BYTES: each its length, then so many bytes."""
    elements, at, end = [], 0, len(section)
    for _ in range(count):
        start = at + LENGTH.size
        if start > end:
            break
        (length,) = LENGTH.unpack_from(section, at)
        at = start + length
        elements.append(section[start:at])
    if len(elements) < count or at != end:
        raise BadRequest(
            f"input {quoted(name)} of BYTES does not hold exactly {count} elements in its {end} "
            "bytes of binary data; expected of each a 4-byte little-endian length and so many bytes"
        )
    return elements
