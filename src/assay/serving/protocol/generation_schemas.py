"""The JSON of the routes to language models as records: Triton's generate, OpenAI's chat.

Reads and writes nothing. The OpenAPI document is made of these.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from assay.serving.protocol.schemas import Said, Scalar


class GenerateRequest(Said):
    """A prompt, and how it shall be gone on with."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text_input": "To be", "parameters": {"max_tokens": 32, "seed": 1}}]
        }
    )

    text_input: str
    parameters: dict[str, Scalar] = Field(default_factory=dict)


class GenerateResponse(Said):
    """What a language model wrote."""

    model_name: str
    model_version: str
    text_output: str


class ChatMessage(Said):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatRequest(Said):
    """A conversation to be gone on with."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "smollm", "messages": [{"role": "user", "content": "Good morning"}]}
            ]
        }
    )

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool = False
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None


class ChatChoice(Said):
    """One answer of a language model."""

    index: int
    message: ChatMessage
    finish_reason: Literal["stop", "length"]


class Usage(Said):
    """How many tokens were read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatResponse(Said):
    """What a language model answered."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class ListedModel(Said):
    """A model as OpenAI's clients list it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(Said):
    """The models that a client may ask."""

    object: Literal["list"]
    data: list[ListedModel]
