"""The routes of the server, in one table: the application and its OpenAPI document are made of it.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from assay.serving import refusals
from assay.serving.protocol import generation_schemas as generation
from assay.serving.protocol import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.serving.protocol.schemas import Said

JSON, BINARY, EVENTS = "application/json", "application/octet-stream", "text/event-stream"
MODEL, VERSION = "model", "version"

Access = Literal["open", "infer", "admin"]


@dataclass(frozen=True)
class Operation:
    """A method of a path.

    Attributes:
        name: of the operation and of the function that answers it.
        method: of HTTP.
        path: with ``{model}`` and ``{version}``.
        group: under which documentation lists it.
        summary: what it does, in one line.
        access: whom it is for: anybody, who may ask models, who may load and unload them.
        body: what the request's JSON is; None: there is no body.
        optional: whether the body may be left out.
        binary: whether tensors may stand behind the JSON of request and answer.
        answer: what the answer's JSON is; None: it has no JSON.
        others: what else it may be, by the kind of model.
        many: whether the answer is an array of such objects.
        media: types of the answer.
        refusals: what else it answers.
        problems: what the JSON of a refusal is.

    """

    name: str
    method: Literal["get", "post"]
    path: str
    group: str
    summary: str
    access: Access = "infer"
    body: type[Said] | None = None
    optional: bool = False
    binary: bool = False
    answer: type[Said] | None = None
    others: tuple[type[Said], ...] = ()
    many: bool = False
    media: tuple[str, ...] = (JSON,)
    refusals: tuple[type[refusals.Refusal], ...] = ()
    problems: tuple[type[Said], ...] = (schemas.Problem,)


# What every route may answer: a foreign host, an unknown client, one that asks too often.
OPEN = (refusals.Forbidden, refusals.NotReady)
KNOWN = (refusals.Unauthorized, refusals.Forbidden, refusals.TooMany, refusals.NotReady)
NAMED = (*KNOWN, refusals.NotFound)
READ = (
    refusals.BadRequest,
    refusals.TooSlow,
    refusals.TooLarge,
    refusals.UnsupportedEncoding,
)
ASKED = (*NAMED, *READ)
# What stands before the routes refuses in one form everywhere; these routes have another as well.
OPENAI = (schemas.Problem, generation.ChatProblem)

_SERVER = (
    Operation(
        "server_metadata",
        "get",
        "/v2",
        "Server",
        "Name, version and extensions of the server.",
        answer=schemas.ServerMetadata,
        refusals=KNOWN,
    ),
    Operation(
        "server_live",
        "get",
        "/v2/health/live",
        "Server",
        "Whether the server answers.",
        access="open",
        answer=schemas.Live,
        refusals=OPEN,
    ),
    Operation(
        "server_ready",
        "get",
        "/v2/health/ready",
        "Server",
        "Whether every model of the server can be asked.",
        access="open",
        answer=schemas.Ready,
        refusals=OPEN,
    ),
    Operation(
        "metrics",
        "get",
        "/metrics",
        "Server",
        "Counts and durations as Prometheus reads them, under Triton's names.",
        media=("text/plain",),
        refusals=KNOWN,
    ),
    Operation(
        "docs",
        "get",
        "/docs",
        "Server",
        "This interface as a page.",
        access="open",
        media=("text/html",),
        refusals=OPEN,
    ),
    Operation(
        "openapi",
        "get",
        "/openapi.json",
        "Server",
        "This interface as an OpenAPI document.",
        access="open",
        media=(JSON,),
        refusals=OPEN,
    ),
)

_VERSIONED = (
    Operation(
        "model_metadata",
        "get",
        "",
        "Models",
        "Inputs and outputs of a model.",
        answer=schemas.ModelMetadata,
        refusals=NAMED,
    ),
    Operation(
        "model_ready",
        "get",
        "/ready",
        "Models",
        "Whether a model can be asked.",
        answer=schemas.ModelReady,
        refusals=NAMED,
    ),
    Operation(
        "infer",
        "post",
        "/infer",
        "Inference",
        "Ask a classifier, or let a generator draw images: tensors in, tensors out.",
        body=schemas.InferRequest,
        binary=True,
        answer=schemas.InferResponse,
        media=(JSON, BINARY),
        refusals=ASKED,
    ),
    Operation(
        "generate",
        "post",
        "/generate",
        "Language models",
        "Let a language model continue a text.",
        body=generation.GenerateRequest,
        answer=generation.GenerateResponse,
        refusals=ASKED,
    ),
    Operation(
        "generate_stream",
        "post",
        "/generate_stream",
        "Language models",
        "The same, each piece as it is written.",
        body=generation.GenerateRequest,
        media=(EVENTS,),
        refusals=ASKED,
    ),
)

_OTHERS = (
    Operation(
        "predict",
        "post",
        "/predict/{model}",
        "Inference",
        "Ask in plain JSON: a classifier with texts, images in base64, or rows; or for images.",
        body=schemas.PredictRequest,
        answer=schemas.PredictResponse,
        others=(schemas.DrawResponse,),
        refusals=ASKED,
    ),
    Operation(
        "chat_completions",
        "post",
        "/v1/chat/completions",
        "Language models",
        "Let a language model answer a conversation, as OpenAI's clients ask it.",
        body=generation.ChatRequest,
        answer=generation.ChatResponse,
        media=(JSON, EVENTS),
        refusals=ASKED,
        problems=OPENAI,
    ),
    Operation(
        "list_models",
        "get",
        "/v1/models",
        "Language models",
        "The models, as OpenAI's clients list them.",
        answer=generation.ModelList,
        refusals=KNOWN,
        problems=OPENAI,
    ),
    Operation(
        "describe_model",
        "get",
        "/v1/models/{model}",
        "Language models",
        "One of them.",
        answer=generation.ListedModel,
        refusals=NAMED,
        problems=OPENAI,
    ),
    Operation(
        "repository_index",
        "post",
        "/v2/repository/index",
        "Repository",
        "Every model that there is, and whether it can be asked.",
        access="admin",
        body=schemas.IndexRequest,
        optional=True,
        answer=schemas.IndexedModel,
        many=True,
        refusals=(*KNOWN, *READ),
    ),
    Operation(
        "repository_load",
        "post",
        "/v2/repository/models/{model}/load",
        "Repository",
        "Load a model's champion, or load it again.",
        access="admin",
        body=schemas.RepositoryRequest,
        optional=True,
        media=(),
        refusals=ASKED,
    ),
    Operation(
        "repository_unload",
        "post",
        "/v2/repository/models/{model}/unload",
        "Repository",
        "Answer no more requests to a model.",
        access="admin",
        body=schemas.RepositoryRequest,
        optional=True,
        media=(),
        refusals=ASKED,
    ),
)


def _of_models() -> Iterator[Operation]:
    """Yield each route to a model without and with a version."""
    for one in _VERSIONED:
        yield replace(one, path=f"/v2/models/{{{MODEL}}}{one.path}")
        yield replace(
            one,
            name=f"{one.name}_version",
            path=f"/v2/models/{{{MODEL}}}/versions/{{{VERSION}}}{one.path}",
            summary=f"{one.summary.removesuffix('.')}; of one version.",
        )


OPERATIONS: tuple[Operation, ...] = (*_SERVER, *_of_models(), *_OTHERS)
