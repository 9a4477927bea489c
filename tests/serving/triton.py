"""NVIDIA's own client, unmodified: the bytes that it sends, and what it reads in an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from tritonclient.http import (
    InferenceServerClient,
    InferInput,
    InferRequestedOutput,
    InferResult,
)
from tritonclient.utils import np_to_triton_dtype

from assay.serving.protocol.request import HEADER, InferRequest, parse
from assay.serving.protocol.response import InferResponse, render

Array = np.ndarray[Any, Any]


def texts(*elements: str | bytes, shape: tuple[int, ...] | None = None) -> Array:
    """Return an array as the client wants it for BYTES."""
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array if shape is None else array.reshape(shape)


def in_json(*names: str) -> list[InferRequestedOutput]:
    """Return outputs that the client asks for in JSON."""
    return [InferRequestedOutput(name, binary_data=False) for name in names]


def made(
    inputs: dict[str, Array],
    outputs: list[InferRequestedOutput] | None = None,
    *,
    binary: bool = True,
    **words: Any,
) -> tuple[bytes, int | None]:
    """Return the body that the client sends, and the length of its JSON."""
    sent = []
    for name, array in inputs.items():
        one = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        sent.append(one.set_data_from_numpy(array, binary_data=binary))
    body, length = InferenceServerClient.generate_request_body(sent, outputs=outputs, **words)
    return bytes(body), length


def asked(
    inputs: dict[str, Array],
    outputs: list[InferRequestedOutput] | None = None,
    *,
    binary: bool = True,
    **words: Any,
) -> InferRequest:
    """Return the request that the server reads out of it."""
    return parse(*made(inputs, outputs, binary=binary, **words))


def read(response: InferResponse) -> InferResult:
    """Return what the client reads in an answer."""
    body, headers = render(response)
    length = headers.get(HEADER.lower())
    return InferenceServerClient.parse_response_body(
        body, header_length=None if length is None else int(length)
    )
