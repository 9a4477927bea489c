"""Tensors in the JSON of a request: a flat list of elements, or lists nested as the shape is.

Reads parsed JSON. Writes nothing. Only as many lists are opened as the shape has sizes, however
deep a client nests them.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.serving.protocol.datatypes import DTYPES, is_float
from assay.serving.protocol.tensors import of_bytes
from assay.serving.protocol.words import kind, quoted
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from assay.serving.protocol.datatypes import Datatype
    from assay.serving.protocol.tensors import Values


def values_of(name: str, datatype: Datatype, shape: tuple[int, ...], data: list[Any]) -> Values:
    """Return the elements that JSON holds, in their shape.

    Raises:
        BadRequest: they are not as many as the shape has, are nested otherwise, of another type
            than the datatype, or outside its range.

    """
    flat = _flat(name, shape, data)
    if len(flat) != math.prod(shape):
        raise BadRequest(
            f"input {quoted(name)} has {len(flat)} elements; expected {math.prod(shape)}, as its "
            f"shape {list(shape)} says"
        )
    _require_types(name, datatype, flat)
    if datatype == "BYTES":
        return of_bytes([element.encode() for element in flat], shape)
    try:
        with np.errstate(over="ignore"):  # what overflows is infinite, which the caller refuses
            return np.array(flat, DTYPES[datatype]).reshape(shape)
    except OverflowError as problem:
        raise BadRequest(
            f"input {quoted(name)} has a number outside the range of {datatype}"
        ) from problem


def _flat(name: str, shape: tuple[int, ...], data: list[Any]) -> list[Any]:
    """Return the elements of lists that are nested as the shape is; a flat list as it stands."""
    if not any(isinstance(one, list) for one in data):
        return data
    level = [data]
    for size in shape:
        if any(not isinstance(one, list) or len(one) != size for one in level):
            raise BadRequest(
                f"the data of input {quoted(name)} are nested otherwise than its shape "
                f"{list(shape)} says; expected a flat list, or lists as long as the shape's sizes"
            )
        level = list(itertools.chain.from_iterable(level))
    return level


def _require_types(name: str, datatype: Datatype, flat: list[Any]) -> None:
    wanted: tuple[type, ...] = (int,)
    if datatype in ("BOOL", "BYTES"):
        wanted = (bool,) if datatype == "BOOL" else (str,)
    elif is_float(datatype):
        wanted = (int, float)
    if set(map(type, flat)) <= set(wanted):
        return
    place, found = next((at, one) for at, one in enumerate(flat) if type(one) not in wanted)
    raise BadRequest(
        f"element {place} of input {quoted(name)} is {kind(found)}; expected "
        f"{kind(wanted[-1]())}, since its datatype is {datatype}"
    )
