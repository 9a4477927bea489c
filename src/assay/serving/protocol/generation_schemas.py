"""The JSON of the routes to language models as records: Triton's generate, OpenAI's chat.

Reads and writes nothing. The OpenAPI document is made of these.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from assay.serving.protocol.schemas import Said, Scalar


class GenerateParameters(Said):
    """How a text is written."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] = 1.0
    top_k: Annotated[int, Field(ge=1)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    repetition_penalty: Annotated[float, Field(gt=0, le=100)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    stop: str | Annotated[list[str], Field(max_length=16)] = ""
    stream: bool = False


class GenerateRequest(Said):
    """A prompt, and how the text that follows is written: parameters may stand beside it, too."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"text_input": "To be", "parameters": {"max_tokens": 32, "seed": 1}}]
        },
    )

    text_input: str
    parameters: GenerateParameters = GenerateParameters()


class GenerateResponse(Said):
    """What a language model wrote."""

    model_name: str
    model_version: str
    text_output: str
    parameters: dict[str, Scalar]


class ChatPart(Said):
    """A part of a message: text alone."""

    type: Literal["text"]
    text: str


class ChatMessage(Said):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[ChatPart]

    @property
    def text(self) -> str:
        """The whole text."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class StreamOptions(Said):
    """What a stream tells beside the text."""

    include_usage: bool = False


class ChatRequest(Said):
    """A conversation, and how its next message is written.

    Fields of OpenAI's that are not listed are ignored where they change no answer, and refused
    where they would: see :mod:`assay.serving.generating.chat_requests`.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"model": "smollm", "messages": [{"role": "user", "content": "Good morning"}]}
            ]
        },
    )

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None


class ChatAnswer(Said):
    """What a language model answers to a conversation."""

    role: Literal["assistant"]
    content: str


class ChatChoice(Said):
    """One answer of a language model."""

    index: int
    message: ChatAnswer
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
    system_fingerprint: str
    choices: list[ChatChoice]
    usage: Usage


class ListedModel(Said):
    """A model as OpenAI's clients list it."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    version: str
    digest: str


class ModelList(Said):
    """The models that a client may ask."""

    object: Literal["list"]
    data: list[ListedModel]


class Fault(Said):
    """Why a request is refused, as OpenAI's clients read it."""

    message: str
    type: str
    param: str | None
    code: str | None


class ChatProblem(Said):
    """What the routes of OpenAI's clients answer to a request that they refuse."""

    error: Fault
