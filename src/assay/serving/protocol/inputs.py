"""One input of a request: what its JSON says, and its elements from JSON or from bytes.

Reads parsed JSON and bytes in memory. Writes nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.serving.protocol import elements, sections
from assay.serving.protocol.datatypes import NAMES, is_float
from assay.serving.protocol.parameters import parameters_of
from assay.serving.protocol.tensors import Tensor
from assay.serving.protocol.words import kind, quoted
from assay.serving.refusals import BadRequest, TooLarge

if TYPE_CHECKING:
    from assay.serving.protocol.datatypes import Datatype
    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.parameters import Parameters
    from assay.serving.protocol.sections import Sections
    from assay.serving.protocol.tensors import Values

SIZE = "binary_data_size"
# No input of a model has more; an image of a batch has four.
MOST_SIZES = 8
LARGEST_SIZE = 2**31 - 1


def read(found: object, behind: Sections | None, limits: Limits) -> Tensor:
    """Return one input.

    ``behind``: the bytes behind the JSON; None where the request has no such part.

    Raises:
        BadRequest: it is not as the protocol has it.
        TooLarge: it has more texts than ``limits`` allow.

    """
    if not isinstance(found, dict):
        raise BadRequest(f"an input is {kind(found)}; expected an object with name and shape")
    name = found.get("name")
    if not isinstance(name, str):
        raise BadRequest(f"the name of an input is {kind(name)}; expected a string")
    datatype = _datatype(name, found.get("datatype"))
    shape = _shape(name, found.get("shape"))
    if datatype == "BYTES" and math.prod(shape) > limits.rows:
        raise TooLarge(
            f"input {quoted(name)} has {math.prod(shape)} elements; expected {limits.rows} at most "
            "in one request"
        )
    size = _binary_size(name, parameters_of(f"input {quoted(name)}", found.get("parameters", {})))
    values = _values(name, datatype, shape, found, None if size is None else (behind, size))
    if is_float(datatype) and not np.isfinite(values).all():
        raise BadRequest(
            f"input {quoted(name)} holds NaN, an infinite number, or one outside the range of "
            f"{datatype}; expected finite numbers (a missing value of a table is an empty text of "
            "BYTES, or null in /predict)"
        )
    return Tensor(name, datatype, values, binary=size is not None)


def _values(
    name: str,
    datatype: Datatype,
    shape: tuple[int, ...],
    found: dict[str, Any],
    binary: tuple[Sections | None, int] | None,
) -> Values:
    if binary is None:
        data = found.get("data")
        if not isinstance(data, list):
            raise BadRequest(
                f"the data of input {quoted(name)} are {kind(data)}; expected an array, or {SIZE} "
                "among its parameters and the data behind the JSON"
            )
        return elements.values_of(name, datatype, shape, data)
    behind, size = binary
    if behind is None:
        raise BadRequest(
            f"input {quoted(name)} has {SIZE}, and the request has no header "
            "Inference-Header-Content-Length; expected that header with the length of the JSON"
        )
    if "data" in found:
        raise BadRequest(f"input {quoted(name)} has both data and {SIZE}; expected one of them")
    return sections.values_of(name, datatype, shape, behind.take(name, size))


def _datatype(name: str, found: object) -> Datatype:
    for datatype in NAMES:
        if found == datatype:
            return datatype
    shown = quoted(found) if isinstance(found, str) else kind(found)
    raise BadRequest(
        f"the datatype of input {quoted(name)} is {shown}; expected one of {', '.join(NAMES)}"
    )


def _shape(name: str, found: object) -> tuple[int, ...]:
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_SIZES:
        raise BadRequest(
            f"the shape of input {quoted(name)} is {kind(found)}; expected an array of 1 to "
            f"{MOST_SIZES} sizes"
        )
    for size in found:
        if type(size) is not int or not 1 <= size <= LARGEST_SIZE:
            shown = size if type(size) is int else kind(size)
            raise BadRequest(
                f"a size in the shape of input {quoted(name)} is {shown}; expected a whole number "
                f"of 1 to {LARGEST_SIZE}"
            )
    return tuple(found)


def _binary_size(name: str, parameters: Parameters) -> int | None:
    if "shared_memory_region" in parameters:
        raise BadRequest(
            f"input {quoted(name)} is in shared memory, which this server does not read; expected "
            "its data in the request"
        )
    size = parameters.get(SIZE)
    if size is None:
        return None
    if type(size) is not int or size < 0:
        shown = size if type(size) is int else kind(size)
        raise BadRequest(
            f"{SIZE} of input {quoted(name)} is {shown}; expected a whole number of 0 or more"
        )
    return size
