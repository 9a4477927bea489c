"""What the inputs of every modality have in common: which are there, and one element a row.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.serving.protocol.request import RAW
from assay.serving.protocol.words import quoted, several
from assay.serving.refusals import BadRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.protocol.tensors import Tensor


def only(request: InferRequest, names: Sequence[str]) -> Tensor:
    """Return the one input of a request, which has one of these names, or none (:data:`RAW`).

    Raises:
        BadRequest: there are several, or it has another name.

    """
    if len(request.inputs) == 1 and request.inputs[0].name in (*names, RAW):
        return request.inputs[0]
    found = several(tensor.name for tensor in request.inputs)
    raise BadRequest(f"the inputs are {found}; expected one alone: {' or '.join(names)}")


def elements(tensor: Tensor) -> list[Any]:
    """Return the elements of an input that has one a row: of shape [n] or [n, 1].

    Numbers of half and single precision keep their type, of which their shortest decimal depends.

    Raises:
        BadRequest: it has another shape.

    """
    if tensor.shape[1:] not in ((), (1,)):
        raise BadRequest(
            f"input {quoted(tensor.name)} has shape {list(tensor.shape)}; expected [rows] or "
            "[rows, 1]"
        )
    flat = tensor.values.ravel()
    return list(flat) if tensor.datatype in ("FP16", "FP32") else flat.tolist()


def require_rows(count: int, limits: Limits) -> None:
    """Refuse more rows than one request may ask about.

    Raises:
        TooLarge: there are more.

    """
    if count > limits.rows:
        raise TooLarge(
            f"the request asks about {count} rows; expected {limits.rows} at most in one request"
        )


def place(noun: str, row: int, rows: int) -> str:
    """Return which of the inputs is meant, counted from 0."""
    return f"{noun} {row} (of 0 to {rows - 1})"
