from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from tritonclient.http import InferRequestedOutput
from tritonclient.utils import triton_to_np_dtype

from assay.serving.protocol.datatypes import NAMES, Datatype
from assay.serving.protocol.limits import Limits
from assay.serving.protocol.request import RAW, header_length, parse
from assay.serving.refusals import BadRequest, TooLarge
from tests.serving import triton

ONE = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}
EXTREMES: dict[str, list[Any]] = {
    "BOOL": [True, False],
    "UINT64": [0, 2**64 - 1],
    "INT64": [-(2**63), 2**63 - 1],
    "INT8": [-128, 127],
    "FP16": [-65504.0, 6e-8],
    "FP32": [3.4e38, 0.1],
    "FP64": [1.7e308, 0.1],
    "BYTES": [b"", "烂\u0000".encode()],
}


def body_of(**changes: Any) -> bytes:
    """Return the JSON of one text with changes to its input."""
    return json.dumps({"inputs": [ONE | changes]}).encode()


def behind(size: Any, after: bytes, changes: dict[str, Any]) -> tuple[bytes, int]:
    """Return a body whose one input has its data behind the JSON, and the JSON's length."""
    one = {key: ONE[key] for key in ("name", "shape", "datatype")} | changes
    head = json.dumps({"inputs": [one | {"parameters": {"binary_data_size": size}}]}).encode()
    return head + after, len(head)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("datatype", NAMES)
def test_what_the_client_sends_is_what_was_given_to_it(datatype: Datatype, binary: bool) -> None:
    given = np.array(EXTREMES.get(datatype, [0, 7]), triton_to_np_dtype(datatype)).reshape(2, 1)
    (found,) = triton.asked({"one": given}, binary=binary).inputs
    assert (found.name, found.datatype, found.shape) == ("one", datatype, (2, 1))
    assert found.binary is binary
    np.testing.assert_array_equal(found.values, given)


def test_several_inputs_are_cut_apart_in_their_order() -> None:
    given = {
        "a": np.array([[1.5, 2.5]], np.float32),
        "b": triton.texts("x", "yy", ""),
        "c": np.array([True]),
    }
    found = triton.asked(given).inputs
    assert [one.name for one in found] == list(given)
    for one in found:
        np.testing.assert_array_equal(
            one.values, [b"x", b"yy", b""] if one.name == "b" else given[one.name]
        )


def test_the_client_asks_for_binary_outputs_unless_told_otherwise() -> None:
    request = triton.asked({"text": triton.texts("a")}, request_id="7", timeout=2_500_000)
    assert (request.binary, request.id, request.timeout) == (True, "7", 2.5)
    assert request.outputs == ()


def test_an_output_that_is_asked_for_says_how_it_shall_come() -> None:
    outputs = [
        InferRequestedOutput("label", binary_data=False),
        InferRequestedOutput("score"),
        InferRequestedOutput("probabilities", class_count=3),
    ]
    request = triton.asked({"text": triton.texts("a")}, outputs)
    assert [(one.name, one.binary, one.classes) for one in request.outputs] == [
        ("label", False, 0),
        ("score", True, 0),
        ("probabilities", True, 3),
    ]
    assert (request.id, request.timeout) == (None, None)


def test_the_output_overrides_what_the_request_says_of_all() -> None:
    outputs = [{"name": "a"}, {"name": "b", "parameters": {"binary_data": False}}]
    stated = {"inputs": [ONE], "outputs": outputs, "parameters": {"binary_data_output": True}}
    request = parse(json.dumps(stated).encode())
    assert [one.binary for one in request.outputs] == [True, False]


def test_json_may_be_nested_as_the_shape_is() -> None:
    flat = parse(body_of(datatype="INT8", shape=[2, 1, 3], data=[1, 2, 3, 4, 5, 6]))
    nested = parse(body_of(datatype="INT8", shape=[2, 1, 3], data=[[[1, 2, 3]], [[4, 5, 6]]]))
    np.testing.assert_array_equal(flat.inputs[0].values, nested.inputs[0].values)


def test_a_request_without_json_is_one_element() -> None:
    request = parse(b"\x89PNG {", 0)
    (found,) = request.inputs
    assert (found.name, found.datatype, found.values.tolist()) == (RAW, "BYTES", [b"\x89PNG {"])
    assert request.binary


def test_the_length_of_the_json_is_digits() -> None:
    assert header_length(None) is None
    assert header_length("120") == 120
    for wrong in ("", "-1", "+1", "1_0", " 1", "1.0", "0x1", "\u0661", "9" * 19):
        with pytest.raises(BadRequest, match="expected the length of the JSON"):
            header_length(wrong)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "an array; expected a JSON object"),
        (b"\xff\xfe{}", "no JSON"),
        (b'{"inputs": NaN}', "no JSON"),
        (b'{"inputs": 1e999}', "no JSON"),
        (b'{"inputs": "\\ud800"}', "no JSON"),
        (b'{"inputs": ' + b"[" * 100_000, "no JSON"),
        (b"{}", "inputs is null"),
        (b'{"inputs": []}', "inputs is empty"),
        (b'{"inputs": {}}', "inputs is an object"),
        (b'{"inputs": [' + b"[" * 1000 + b"]" * 1000 + b"]}", "an input is an array"),
        (b'{"inputs": [null]}', "an input is null"),
    ],
)
def test_a_body_that_is_no_request_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        parse(body)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": None}, "the name of an input is null"),
        ({"name": 3}, "the name of an input is a whole number"),
        ({"datatype": "BF16"}, "'BF16'; expected one of BOOL"),
        ({"datatype": None}, "is null; expected one of BOOL"),
        ({"datatype": ["FP32"]}, "is an array; expected one of BOOL"),
        ({"shape": None}, "is null; expected an array of 1 to 8 sizes"),
        ({"shape": []}, "expected an array of 1 to 8 sizes"),
        ({"shape": [1] * 9}, "expected an array of 1 to 8 sizes"),
        ({"shape": [0]}, "is 0; expected a whole number of 1"),
        ({"shape": [-1]}, "is -1; expected"),
        ({"shape": [True]}, "true or false; expected"),
        ({"shape": [1.0]}, "a number; expected"),
        ({"shape": [2**63]}, "expected a whole number of 1 to 2147483647"),
        ({"shape": [2]}, "has 1 elements; expected 2"),
        ({"shape": [2**31 - 1] * 8, "datatype": "INT8", "data": [1]}, "has 1 elements; expected"),
        ({"data": None}, "are null; expected an array"),
        ({"data": "a"}, "are a string"),
        ({"data": [1]}, "element 0 of input 'text' is a whole number; expected a string"),
        ({"data": [None]}, "is null; expected a string"),
        ({"data": [{"a": 1}]}, "is an object; expected a string"),
        ({"data": [["a"]], "shape": [2]}, "nested otherwise"),
        ({"data": [["a", "b"], ["c"]], "shape": [2, 2]}, "nested otherwise"),
        ({"data": ["a", ["b"]], "shape": [2]}, "element 1 of input 'text' is an array"),
        ({"data": [["a"]], "shape": [1]}, "element 0 of input 'text' is an array"),
        ({"data": [True], "datatype": "INT8"}, "true or false; expected a whole number"),
        ({"data": [1.0], "datatype": "INT8"}, "a number; expected a whole number"),
        ({"data": ["1"], "datatype": "FP32"}, "a string; expected a number"),
        ({"data": [None], "datatype": "FP64"}, "null; expected a number"),
        ({"data": [1], "datatype": "BOOL"}, "expected true or false"),
        ({"data": [128], "datatype": "INT8"}, "outside the range of INT8"),
        ({"data": [-1], "datatype": "UINT64"}, "outside the range of UINT64"),
        ({"data": [1e39], "datatype": "FP32"}, "outside the range of FP32"),
        ({"data": [70000], "datatype": "FP16"}, "outside the range of FP16"),
        ({"parameters": None}, "parameters of input 'text' are null"),
        ({"parameters": {"a": []}}, "the parameter 'a' of input 'text' is an array"),
        ({"parameters": {"binary_data_size": 1}}, "no header Inference-Header-Content-Length"),
        ({"parameters": {"shared_memory_region": "x"}}, "shared memory"),
    ],
)
def test_an_input_that_is_wrong_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        parse(body_of(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": [ONE, ONE]}, "input 'text' is there twice"),
        ({"id": 7}, "the id of the request is a whole number"),
        ({"parameters": []}, "parameters of the request are an array"),
        ({"parameters": {"binary_data_output": 1}}, "expected true or false"),
        ({"parameters": {"timeout": -1}}, "is -1; expected a whole number of 0 or more"),
        ({"parameters": {"timeout": "1"}}, "is a string; expected a whole number"),
        ({"outputs": None}, "outputs is null"),
        ({"outputs": ["label"]}, "an output is a string"),
        ({"outputs": [{}]}, "expected an object with a name"),
        ({"outputs": [{"name": "a"}, {"name": "a"}]}, "output 'a' is there twice"),
        ({"outputs": [{"name": "a", "parameters": {"binary_data": "yes"}}]}, "true or false"),
        ({"outputs": [{"name": "a", "parameters": {"classification": -2}}]}, "is -2; expected"),
        (
            {"outputs": [{"name": "a", "parameters": {"shared_memory_region": "x"}}]},
            "in shared memory",
        ),
    ],
)
def test_a_request_that_is_wrong_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        parse(json.dumps({"inputs": [ONE], **changes}).encode())


@pytest.mark.parametrize(
    ("size", "data", "changes", "said"),
    [
        (-1, b"", {}, "is -1; expected a whole number of 0 or more"),
        ("5", b"\1\0\0\0a", {}, "is a string; expected a whole number"),
        (True, b"\1\0\0\0a", {}, "is true or false"),
        (6, b"\1\0\0\0a", {}, "has binary_data_size 6, and 5 bytes are left"),
        (2**62, b"\1\0\0\0a", {}, "and 5 bytes are left"),
        (4, b"\1\0\0\0a", {}, "does not hold exactly 1 elements in its 4 bytes"),
        (5, b"\1\0\0\0ab", {}, "1 bytes of the body belong to no input"),
        (5, b"\2\0\0\0a", {}, "does not hold exactly 1 elements"),
        (5, b"\xff\xff\xff\xffa", {}, "does not hold exactly 1 elements"),
        (10, b"\1\0\0\0a" * 2, {}, "does not hold exactly 1 elements"),
        (0, b"", {}, "does not hold exactly 1 elements"),
        (3, b"\0\0\0", {"datatype": "FP32"}, "has 3 bytes of binary data; expected 4"),
        (8, bytes(8), {"datatype": "FP32"}, "has 8 bytes of binary data; expected 4"),
        (1, b"\2", {"datatype": "BOOL"}, "other than 0 and 1"),
        (4, struct.pack("<f", float("nan")), {"datatype": "FP32"}, "holds NaN"),
        (8, struct.pack("<d", float("-inf")), {"datatype": "FP64"}, "an infinite number"),
        (5, b"\1\0\0\0a", {"data": ["a"]}, "has both data and binary_data_size"),
        (1, b"\1", {"datatype": "INT8", "shape": [2**31 - 1] * 8}, "has 1 bytes of binary data"),
    ],
)
def test_binary_data_that_are_wrong_are_refused(
    size: Any, data: bytes, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        parse(*behind(size, data, changes))


def test_a_json_of_another_length_than_the_header_says_is_refused() -> None:
    body, length = triton.made({"text": triton.texts("a")})
    assert length is not None
    for wrong in (length - 1, length + 1, len(body)):
        with pytest.raises(BadRequest, match="no JSON"):
            parse(body, wrong)
    for wrong in (len(body) + 1, 2**62, -1):
        with pytest.raises(BadRequest, match=f"says {wrong}, and the body has {len(body)} bytes"):
            parse(body, wrong)


@pytest.mark.parametrize("binary", [True, False])
def test_too_many_texts_are_refused_before_they_are_read(binary: bool) -> None:
    body, length = triton.made({"text": triton.texts(*["a"] * 100)}, binary=binary)
    with pytest.raises(TooLarge, match="has 100 elements; expected 99 at most"):
        parse(body, length, Limits(rows=99))
    assert parse(body, length, Limits(rows=100)).inputs[0].shape == (100,)


def test_a_hundred_thousand_texts_are_more_than_one_request_may_ask() -> None:
    with pytest.raises(TooLarge, match="100000 elements"):
        parse(body_of(shape=[100_000], data=["a"] * 100_000))


def test_a_sentence_repeats_no_more_than_the_beginning_of_a_name() -> None:
    with pytest.raises(BadRequest) as refused:
        parse(body_of(name="n" * 10_000, data=[1]))
    assert len(str(refused.value)) < 300
