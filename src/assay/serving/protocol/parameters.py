"""Parameters of a request, an input or an output: names with plain values.

Reads parsed JSON. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.serving.protocol.words import kind, quoted
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    Parameters = Mapping[str, str | int | float | bool]


def parameters_of(owner: str, found: object) -> Parameters:
    """Return the parameters of ``owner``.

    Raises:
        BadRequest: they are no object, or a value is neither string, number nor truth value.

    """
    if not isinstance(found, dict):
        raise BadRequest(f"the parameters of {owner} are {kind(found)}; expected an object")
    for name, value in found.items():
        if not isinstance(value, str | int | float):
            raise BadRequest(
                f"the parameter {quoted(name)} of {owner} is {kind(value)}; expected a string, a "
                "number, true or false"
            )
    return found


def truth_of(owner: str, parameters: Parameters, name: str) -> bool | None:
    """Return a parameter that is true or false; None where it is not given.

    Raises:
        BadRequest: it is something else.

    """
    value = parameters.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise BadRequest(
        f"the parameter {quoted(name)} of {owner} is {kind(value)}; expected true or false"
    )


def count_of(owner: str, parameters: Parameters, name: str) -> int:
    """Return a parameter that counts; 0 where it is not given.

    Raises:
        BadRequest: it is something else, or negative.

    """
    value = parameters.get(name, 0)
    if type(value) is int and value >= 0:
        return value
    shown = value if type(value) is int else kind(value)
    raise BadRequest(
        f"the parameter {quoted(name)} of {owner} is {shown}; expected a whole number of 0 or more"
    )
