"""Whatever bytes arrive, what comes out is the request that was meant, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as any_
from hypothesis.extra import numpy as any_array

from assay.serving.protocol.datatypes import DTYPES, NAMES, Datatype
from assay.serving.protocol.limits import Limits
from assay.serving.protocol.request import InferRequest, parse
from assay.serving.refusals import BadRequest, TooLarge
from tests.serving import triton

bounded = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
SHAPES = any_array.array_shapes(min_dims=1, max_dims=3, max_side=4)
SIZES = any_.one_of(any_.integers(-2, 40), any_.sampled_from([2**31, 2**32, 2**63, 2**64]))
PLAIN = any_.recursive(
    any_.one_of(any_.none(), any_.booleans(), any_.integers(), any_.floats(), any_.text()),
    lambda inner: any_.one_of(any_.lists(inner), any_.dictionaries(any_.text(), inner)),
    max_leaves=8,
)


@any_.composite
def tensors(draw: any_.DrawFn) -> np.ndarray[Any, Any]:
    """Draw an array of any datatype, finite where it can be otherwise."""
    datatype: Datatype = draw(any_.sampled_from(NAMES))
    shape = draw(SHAPES)
    if datatype != "BYTES":
        dtype = DTYPES[datatype]
        finite = {"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else {}
        return draw(any_array.arrays(dtype, shape, elements=finite))
    count = int(np.prod(shape))
    return triton.texts(
        *draw(any_.lists(any_.binary(max_size=9), min_size=count, max_size=count)), shape=shape
    )


@any_.composite
def statements(draw: any_.DrawFn) -> dict[str, Any]:
    """Draw an input that is nearly right: each of its values may be anything."""
    right = {
        "name": any_.sampled_from(["text", "image"]),
        "shape": any_.lists(SIZES, max_size=3),
        "datatype": any_.sampled_from(NAMES),
        "parameters": any_.fixed_dictionaries({}, optional={"binary_data_size": SIZES}),
        "data": any_.lists(any_.one_of(any_.integers(-9, 9), any_.text(max_size=3)), max_size=4),
    }
    chosen = draw(any_.sets(any_.sampled_from(sorted(right)), min_size=3))
    wrong = draw(any_.one_of(any_.none(), any_.sampled_from(sorted(chosen))))
    return {name: draw(PLAIN if name == wrong else right[name]) for name in sorted(chosen)}


def outcome(body: bytes, length: int | None) -> InferRequest | None:
    """Return what is read; None where it is refused. Nothing else may come out."""
    try:
        return parse(body, length, Limits(rows=50))
    except (BadRequest, TooLarge) as refused:
        assert 10 < len(str(refused)) < 1000
        return None


@bounded
@given(any_.dictionaries(any_.text(min_size=1, max_size=9), tensors(), min_size=1, max_size=3))
def test_what_the_client_sends_is_read_as_it_was_meant(given_: dict[str, Any]) -> None:
    body, length = triton.made(given_)
    found = parse(body, length)
    assert [one.name for one in found.inputs] == list(given_)
    for one in found.inputs:
        assert one.shape == given_[one.name].shape
        np.testing.assert_array_equal(one.values, given_[one.name])


@bounded
@given(any_.binary(max_size=200), any_.one_of(any_.none(), any_.integers(-3, 210)))
def test_any_bytes_are_a_request_or_refused(body: bytes, length: int | None) -> None:
    outcome(body, length)


@bounded
@given(tensors(), any_.data())
def test_a_body_that_was_torn_or_altered_is_a_request_or_refused(
    tensor: np.ndarray[Any, Any], data: any_.DataObject
) -> None:
    body, length = triton.made({"one": tensor})
    assert length is not None
    changed = bytearray(body)
    for _ in range(data.draw(any_.integers(1, 3))):
        at = data.draw(any_.integers(0, len(changed) - 1))
        match data.draw(any_.sampled_from(["set", "cut", "add"])):
            case "set":
                changed[at] = data.draw(any_.integers(0, 255))
            case "cut" if len(changed) > 1:
                del changed[at:]
            case _:
                changed[at:at] = data.draw(any_.binary(max_size=5))
        if not changed:
            break
    outcome(bytes(changed), length + data.draw(any_.integers(-3, 3)))


@bounded
@given(any_.lists(statements(), max_size=3), any_.binary(max_size=60), any_.integers(-2, 2))
def test_any_statement_about_the_bytes_behind_it_is_true_or_refused(
    inputs: list[dict[str, Any]], data: bytes, shift: int
) -> None:
    try:
        head = json.dumps({"inputs": inputs}, allow_nan=True).encode()
    except UnicodeEncodeError:
        return
    outcome(head + data, len(head) + shift)
    outcome(head, None)


@bounded
@given(PLAIN, PLAIN, PLAIN)
def test_any_json_is_a_request_or_refused(parameters: Any, outputs: Any, id_: Any) -> None:
    one = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}
    stated = {"inputs": [one], "parameters": parameters, "outputs": outputs, "id": id_}
    outcome(json.dumps(stated).encode(), None)
