"""What a client asks of a model: the body of ``.../infer``, read and checked.

Reads bytes in memory. Writes nothing. Whatever the bytes are, what comes out is a request or a
refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from assay.serving.protocol import inputs
from assay.serving.protocol.limits import DEFAULT
from assay.serving.protocol.parameters import count_of, parameters_of, truth_of
from assay.serving.protocol.sections import Sections
from assay.serving.protocol.tensors import Tensor, of_bytes
from assay.serving.protocol.words import kind, quoted
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.parameters import Parameters

HEADER = "Inference-Header-Content-Length"
# The one input of a request that has no JSON: Triton's raw binary request.
RAW = "raw_input"
MICROSECOND = 1e-6
_DIGITS = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class RequestedOutput:
    """An output that a client asks for.

    Attributes:
        name: of the output.
        binary: whether it shall follow the JSON as bytes.
        classes: how many of the best classes it shall hold instead of all values; 0: all values.

    """

    name: str
    binary: bool = False
    classes: int = 0


@dataclass(frozen=True)
class InferRequest:
    """A request that keeps the protocol.

    Attributes:
        inputs: in the order in which they were sent; at least one, no name twice.
        outputs: that are asked for; empty: all.
        binary: whether outputs shall be binary where none is asked for by name.
        id: by which the client knows its answer.
        timeout: seconds after which the client needs no answer; None: it did not say.
        parameters: all of the request's, those above among them.

    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[RequestedOutput, ...] = ()
    binary: bool = False
    id: str | None = None
    timeout: float | None = None
    parameters: Parameters = field(default_factory=dict)


def header_length(value: str | None) -> int | None:
    """Return the number in the header :data:`HEADER`; None where there is no such header.

    Raises:
        BadRequest: it is no number.

    """
    if value is None:
        return None
    if not _DIGITS.fullmatch(value):
        raise BadRequest(
            f"the header {HEADER} is {quoted(value)}; expected the length of the JSON in bytes"
        )
    return int(value)


def parse(body: bytes, length: int | None = None, limits: Limits = DEFAULT) -> InferRequest:
    """Return the request that a body holds.

    ``length``: of its JSON, from :func:`header_length`; None: the body is JSON. 0: the body is the
    one element of the one input, a text or the bytes of an image.

    Raises:
        BadRequest: the body is not as the protocol has it.
        TooLarge: it asks more than ``limits`` allow.

    """
    if length is None:
        return _request(parse_object(body), None, limits)
    if length == 0:
        values = of_bytes([body], (1,))
        return InferRequest((Tensor(RAW, "BYTES", values, binary=True),), binary=True)
    if not 0 < length <= len(body):
        raise BadRequest(
            f"the header {HEADER} says {length}, and the body has {len(body)} bytes; expected the "
            "length of the JSON that the body begins with"
        )
    behind = Sections(body, length)
    request = _request(parse_object(body[:length]), behind, limits)
    behind.require_all_taken()
    return request


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    Raises:
        BadRequest: it is no JSON (RFC 8259 in UTF-8), too deep, or no object.

    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f"the body is no JSON: {problem}; expected a JSON object") from problem
    if not isinstance(found, dict):
        raise BadRequest(f"the body is {kind(found)}; expected a JSON object")
    return found


def _request(found: dict[str, Any], behind: Sections | None, limits: Limits) -> InferRequest:
    parameters = parameters_of("the request", found.get("parameters", {}))
    binary = truth_of("the request", parameters, "binary_data_output") or False
    given = found.get("inputs")
    if not isinstance(given, list) or not given:
        shown = "empty" if given == [] else kind(given)
        raise BadRequest(f"inputs is {shown}; expected an array of at least one input")
    read = tuple(inputs.read(one, behind, limits) for one in given)
    _require_distinct("input", (one.name for one in read))
    timeout = count_of("the request", parameters, "timeout")
    return InferRequest(
        read,
        _outputs(found.get("outputs", []), binary),
        binary,
        _id(found.get("id")),
        timeout * MICROSECOND or None,
        parameters,
    )


def _outputs(found: object, binary: bool) -> tuple[RequestedOutput, ...]:
    if not isinstance(found, list):
        raise BadRequest(f"outputs is {kind(found)}; expected an array")
    asked = tuple(_output(one, binary) for one in found)
    _require_distinct("output", (one.name for one in asked))
    return asked


def _output(found: object, binary: bool) -> RequestedOutput:
    name = found.get("name") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(name, str):
        raise BadRequest(f"an output is {kind(found)}; expected an object with a name, a string")
    owner = f"output {quoted(name)}"
    parameters = parameters_of(owner, found.get("parameters", {}))
    if "shared_memory_region" in parameters:
        raise BadRequest(f"{owner} is asked for in shared memory; expected an answer in the body")
    own = truth_of(owner, parameters, "binary_data")
    classes = count_of(owner, parameters, "classification")
    return RequestedOutput(name, binary if own is None else own, classes)


def _require_distinct(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadRequest(f"{what} {quoted(name)} is there twice; expected it once")
        seen.add(name)


def _id(found: object) -> str | None:
    if found is None or isinstance(found, str):
        return found
    raise BadRequest(f"the id of the request is {kind(found)}; expected a string")
