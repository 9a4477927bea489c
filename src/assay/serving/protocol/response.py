"""What a model answers: the body and headers of the answer to ``.../infer``.

Reads and writes nothing but bytes in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from assay.serving.protocol.request import HEADER

if TYPE_CHECKING:
    from assay.serving.protocol.identity import Identity
    from assay.serving.protocol.tensors import Tensor


@dataclass(frozen=True)
class InferResponse:
    """An answer.

    Attributes:
        identity: of the release that answered.
        outputs: each in the JSON or behind it, as its ``binary`` says.
        id: that the client gave its request.

    """

    identity: Identity
    outputs: tuple[Tensor, ...]
    id: str | None = None


def render(response: InferResponse) -> tuple[bytes, dict[str, str]]:
    """Return the body of an answer, and its headers but ``Content-Length``."""
    identity = response.identity
    stated = {
        "model_name": identity.model,
        "model_version": identity.version,
        **({} if response.id is None else {"id": response.id}),
        "parameters": {"bundle": identity.bundle},
    }
    sections = [output.section() for output in response.outputs if output.binary]
    sizes = iter(sections)
    outputs = [
        _stated(output, len(next(sizes)) if output.binary else None) for output in response.outputs
    ]
    text = orjson.dumps({**stated, "outputs": outputs}, option=orjson.OPT_SERIALIZE_NUMPY)
    if not sections:
        return text, {"content-type": "application/json", **identity.headers}
    headers = {"content-type": "application/octet-stream", HEADER.lower(): str(len(text))}
    return b"".join([text, *sections]), headers | identity.headers


def _stated(output: Tensor, size: int | None) -> dict[str, object]:
    stated = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
    if size is None:
        return {**stated, "data": output.flat()}
    return {**stated, "parameters": {"binary_data_size": size}}
