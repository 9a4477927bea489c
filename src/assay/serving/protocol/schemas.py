"""The JSON of the server's own routes as records: what clients send, and what they get.

Reads and writes nothing. The OpenAPI document is made of these; what the server says of itself and
its models is written by them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assay.serving.protocol.datatypes import Datatype
from assay.serving.protocol.limits import DEFAULT

Scalar = bool | int | float | str
Size = Annotated[int, Field(ge=1, lt=2**31)]


class Said(BaseModel):
    """A JSON object of the server or of a client; a client may say more than is read."""

    model_config = ConfigDict(frozen=True, strict=True)


class Problem(Said):
    """What is answered to a request that is refused: one sentence."""

    error: str


class Live(Said):
    """Whether the server answers at all."""

    live: bool


class Ready(Said):
    """Whether the server answers requests to every model."""

    ready: bool


class ModelReady(Said):
    """Whether a model can be asked."""

    name: str
    ready: bool


class ServerMetadata(Said):
    """What the server is, and which extensions of the protocol it has."""

    name: str
    version: str
    extensions: tuple[str, ...]


class TensorMetadata(Said):
    """An input or output of a model; a size of -1 may vary."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


class ModelMetadata(Said):
    """What a model is asked and answers."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]


class RequestInput(Said):
    """An input tensor: its data flat or nested, or binary_data_size bytes behind the JSON."""

    name: str
    shape: Annotated[list[Size], Field(min_length=1, max_length=8)]
    datatype: Datatype
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    data: list[Scalar | list[Any]] = Field(default_factory=list)


class RequestOutput(Said):
    """An output that is asked for: as binary data, or its best classes alone."""

    name: str
    parameters: dict[str, Scalar] = Field(default_factory=dict)


class InferRequest(Said):
    """A request of the Open Inference Protocol."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inputs": [
                        {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["I love it"]}
                    ],
                    "outputs": [{"name": "label"}],
                }
            ]
        }
    )

    id: str | None = None
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    inputs: Annotated[list[RequestInput], Field(min_length=1)]
    outputs: list[RequestOutput] = Field(default_factory=list)


class ResponseOutput(Said):
    """An output tensor: its data, or how many bytes behind the JSON are its own."""

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    data: list[Scalar] = Field(default_factory=list)


class InferResponse(Said):
    """An answer of the Open Inference Protocol."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, Scalar]
    outputs: list[ResponseOutput]


class PredictRequest(Said):
    """Texts, images in base64, or rows as objects; of a generator of images one count and seed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"inputs": ["I love it"]}]})

    inputs: Annotated[
        list[str | dict[str, str | float | None]],
        Field(min_length=1, max_length=DEFAULT.rows),
    ]


class Prediction(Said):
    """The answer to one input."""

    label: str
    score: float
    probabilities: dict[str, float]
    unknown_share: float
    in_scope: bool | None


class PredictResponse(Said):
    """Predictions in the order of the inputs, and the release that made them."""

    model: str
    version: str
    bundle: str
    predictions: list[Prediction]


class DrawResponse(Said):
    """Images as PNG files in base64, and the release that drew them."""

    model: str
    version: str
    bundle: str
    images: list[str]


class IndexRequest(Said):
    """Which models are listed: all, or only those that can be asked."""

    ready: bool = False


class IndexedModel(Said):
    """A model of the repository."""

    name: str
    version: str
    state: Literal["READY", "UNAVAILABLE", "LOADING", "UNLOADING"]
    reason: str


class RepositoryRequest(Said):
    """What a request to load or unload a model may say; nothing of it is read."""

    parameters: dict[str, Scalar] = Field(default_factory=dict)
