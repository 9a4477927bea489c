"""What clients ask of a generator of images: how many, and by which seed.

Reads and writes nothing. The same seed gives the same images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.serving.protocol.tensors import Port
from assay.serving.protocol.words import kind, quoted, several
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.protocol.tensors import Tensor

COUNT, SEED = "count", "seed"
PORTS = (Port(COUNT, "INT32", (1,)), Port(SEED, "INT64", (1,)))
# Seeds of numpy's generators are not negative.
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Drawing:
    """Images that are asked for: ``count`` of them, which follow from ``seed``."""

    count: int
    seed: int = 0


def of_tensors(request: InferRequest, limits: Limits) -> Drawing:
    """Return what the inputs ``count`` and ``seed`` ask for; without a seed it is 0.

    Raises:
        BadRequest: there is no count, or another input; one is no whole number, or out of bounds.

    """
    return _drawing({one.name: _number(one) for one in request.inputs}, limits)


def of_json(inputs: Sequence[object], limits: Limits) -> Drawing:
    """Return what ``{"count": ..., "seed": ...}`` asks for, alone in an array.

    Raises:
        BadRequest: there are several, or another object; as :func:`of_tensors`.

    """
    if len(inputs) != 1:
        raise BadRequest(f"{len(inputs)} inputs are there; expected one: how many images, a seed")
    (found,) = inputs
    if not isinstance(found, dict):
        raise BadRequest(f"the input is {kind(found)}; expected an object with {COUNT} and {SEED}")
    for name, value in found.items():
        if type(value) is not int:
            raise BadRequest(f"{quoted(name)} is {kind(value)}; expected a whole number")
    return _drawing(found, limits)


def _number(tensor: Tensor) -> int:
    name = quoted(tensor.name)
    if not tensor.datatype.startswith(("INT", "UINT")):
        raise BadRequest(f"input {name} is of {tensor.datatype}; expected a whole number: INT32")
    if tensor.values.size != 1:
        raise BadRequest(f"input {name} has shape {list(tensor.shape)}; expected one number: [1]")
    return int(tensor.values.ravel()[0])


def _drawing(found: dict[str, int], limits: Limits) -> Drawing:
    if COUNT not in found or not set(found) <= {COUNT, SEED}:
        raise BadRequest(
            f"the inputs are {several(found) or 'none'}; expected {COUNT}, and {SEED} or not"
        )
    drawing = Drawing(found[COUNT], found.get(SEED, 0))
    if not 1 <= drawing.count <= limits.images:
        raise BadRequest(
            f"{COUNT} is {drawing.count}; expected 1 to {limits.images} images in one request"
        )
    if not 0 <= drawing.seed <= LARGEST_SEED:
        raise BadRequest(f"{SEED} is {drawing.seed}; expected 0 to {LARGEST_SEED}")
    return drawing
