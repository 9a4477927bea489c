"""Chat completions asked by OpenAI's own package, unmodified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.serving.generating.writer import Limits
from tests.serving.generating import models
from tests.serving.generating.models import ENDLESS, SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving.generating.models import Service

pytestmark = pytest.mark.processor

MESSAGES: Any = [{"role": "user", "content": "tea"}]
PROMPT = "user: tea\nassistant:"
STOPS = ("\nsystem:", "\nuser:", "\nassistant:")


@pytest.fixture
def client(service: Service) -> Iterator[openai.OpenAI]:
    with _client(service) as found:
        yield found


def _client(service: Service) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{service.url}/v1", api_key=service.token, max_retries=0, timeout=SECONDS
    )


def _expected(service: Service, sampling: Sampling, tokens: int = 25) -> str:
    bundle = service.model.bundle
    assert isinstance(bundle, LanguageModel)
    return "".join(bundle.write(PROMPT, tokens, sampling, stop=STOPS))


def _fingerprint(service: Service) -> str:
    return f"3-{service.model.digest}"


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_what_the_model_writes(
    service: Service, client: openai.OpenAI, limit: str
) -> None:
    more: dict[str, Any] = {limit: 25}
    raw = client.chat.completions.with_raw_response.create(
        model="writer",
        messages=MESSAGES,
        temperature=0.7,
        top_p=0.9,
        seed=5,
        n=1,
        user="me",
        **more,
    )
    found = raw.parse()
    (choice,) = found.choices
    assert choice.message.role == "assistant"
    assert choice.message.content == _expected(service, Sampling(0.7, top_p=0.9, seed=5))
    assert choice.finish_reason == "length"
    assert found.object == "chat.completion"
    assert found.id.startswith("chatcmpl-")
    assert (found.model, found.system_fingerprint) == ("writer", _fingerprint(service))
    assert found.usage is not None
    assert found.usage.prompt_tokens == len(PROMPT)
    assert found.usage.completion_tokens == 25
    assert found.usage.total_tokens == len(PROMPT) + 25
    assert raw.headers["assay-model"] == "writer"
    assert raw.headers["assay-version"] == "3"
    assert raw.headers["assay-bundle"] == service.model.digest


def test_a_stream_has_the_same_text_in_chunks(service: Service, client: openai.OpenAI) -> None:
    options: Any = {"temperature": 0, "max_tokens": 25}
    with client.chat.completions.create(
        model="writer", messages=MESSAGES, stream=True, **options
    ) as stream:
        chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(pieces) == _expected(service, Sampling(temperature=0))
    assert len([piece for piece in pieces if piece]) > 10
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["length"]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert {chunk.system_fingerprint for chunk in chunks} == {_fingerprint(service)}
    assert {chunk.usage for chunk in chunks} == {None}


def test_a_stream_tells_its_usage_where_it_is_asked_to(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="writer",
        messages=MESSAGES,
        max_tokens=6,
        stream=True,
        stream_options={"include_usage": True},
    )
    *chunks, last = stream
    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (len(PROMPT), 6)
    assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in chunks)


@pytest.mark.parametrize("several", [False, True])
def test_an_answer_ends_before_what_stops_it(
    service: Service, client: openai.OpenAI, several: bool
) -> None:
    whole = _expected(service, Sampling(temperature=0))
    stop = whole[6:8]
    found = client.chat.completions.create(
        model="writer",
        messages=MESSAGES,
        temperature=0,
        max_tokens=25,
        stop=["xyz", stop] if several else stop,
    )
    assert found.choices[0].message.content == whole[: whole.index(stop)]
    assert found.choices[0].finish_reason == "stop"


def test_a_message_may_come_in_parts_and_from_a_developer(client: openai.OpenAI) -> None:
    parts: Any = [{"type": "text", "text": "te"}, {"type": "text", "text": "a"}]
    messages: Any = [{"role": "user", "content": parts}]
    ask = client.chat.completions.create
    options: Any = {"model": "writer", "temperature": 0, "max_tokens": 9}
    answers = [
        ask(messages=one, **options).choices[0].message.content for one in (messages, MESSAGES)
    ]
    assert answers[0] == answers[1]
    developer: Any = [{"role": "developer", "content": "be kind"}]
    system: Any = [{"role": "system", "content": "be kind"}]
    answers = [ask(messages=m, **options).choices[0].message.content for m in (developer, system)]
    assert answers[0] == answers[1]


def test_a_negative_seed_is_a_seed(client: openai.OpenAI) -> None:
    options: Any = {"model": "writer", "messages": MESSAGES, "max_tokens": 20}
    first, again, other = (
        client.chat.completions.create(seed=seed, **options).choices[0].message.content
        for seed in (-7, -7, 7)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"n": 2}, "'n' is not supported here"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "'tools' is not supported"),
        ({"logprobs": True}, "'logprobs' is not supported"),
        ({"logit_bias": {"5": 3}}, "'logit_bias' is not supported"),
        ({"presence_penalty": 0.5}, "'presence_penalty' is not supported"),
        ({"response_format": {"type": "json_object"}}, "'response_format' is not supported"),
        ({"temperature": 3}, "'temperature' of the body"),
        ({"max_tokens": 0}, "'max_tokens' of the body"),
        ({"stop": ["a"] * 5}, "'stop"),
        ({"stream_options": {"include_usage": True}}, "'stream_options' is for streams"),
        ({"extra_body": {"colour": 1}}, "unknown field 'colour'"),
        ({"messages": []}, "'messages' of the body"),
        ({"messages": [{"role": "tool", "content": "a"}]}, r"'messages\.0\.role' of the body"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            r"'messages\.0\.content",
        ),
        ({"max_tokens": ENDLESS + 1}, "10,000,001 tokens can't be asked for"),
    ],
)
def test_what_is_not_supported_is_refused_as_openai_does(
    client: openai.OpenAI, fields: dict[str, Any], sentence: str
) -> None:
    asked: dict[str, Any] = {"model": "writer", "messages": MESSAGES, "max_tokens": 3} | fields
    with pytest.raises(openai.BadRequestError, match=sentence) as refused:
        client.chat.completions.create(**asked)
    assert (refused.value.type, refused.value.code) == ("invalid_request_error", None)


def test_fields_that_ask_for_nothing_are_taken(client: openai.OpenAI) -> None:
    found = client.chat.completions.create(
        model="writer",
        messages=MESSAGES,
        max_tokens=3,
        n=1,
        logprobs=False,
        frequency_penalty=0,
        response_format={"type": "text"},
        tool_choice="none",
        metadata={"a": "b"},
        extra_body={"prediction": None},
    )
    assert found.choices[0].message.content


def test_a_conversation_that_is_too_long_is_refused_with_openais_code(
    client: openai.OpenAI,
) -> None:
    long: Any = [{"role": "user", "content": "tea " * 20}]
    for stream in (False, True):
        ask: Any = client.chat.completions.create
        with pytest.raises(openai.BadRequestError, match="the model reads 48 at most") as refused:
            ask(model="writer", messages=long, stream=stream)
        assert refused.value.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("model", "error", "code"),
    [
        ("nobody", openai.NotFoundError, "model_not_found"),
        ("hidden", openai.PermissionDeniedError, "model_not_allowed"),
        ("classifier", openai.BadRequestError, None),
    ],
)
def test_models_that_can_t_be_asked(
    client: openai.OpenAI, model: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    with pytest.raises(error) as refused:
        client.chat.completions.create(model=model, messages=MESSAGES)
    assert refused.value.code == code


def test_no_json_is_refused_in_the_same_shape(service: Service) -> None:
    url = f"{service.url}/v1/chat/completions"
    answer = httpx.post(url, content=b"{", headers=service.headers, timeout=SECONDS)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_models_are_listed(service: Service, client: openai.OpenAI) -> None:
    """Neither a classifier, nor what this client may not ask."""
    (found,) = client.models.list().data
    assert (found.id, found.object, found.owned_by) == ("writer", "model", "assay")
    assert found.model_dump()["digest"] == service.model.digest
    assert client.models.retrieve("writer") == found
    for name in ("classifier", "hidden", "nobody"):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)


def test_past_the_bounds_clients_are_told_to_come_back(checkpoint: Path, tmp_path: Path) -> None:
    """What was not answered has a status; a stream that was begun ends with an error."""
    limits = Limits(tokens=ENDLESS, seconds=1.0)
    with models.service(checkpoint, tmp_path, limits) as service, _client(service) as client:
        ask: Any = client.chat.completions.create
        with pytest.raises(openai.RateLimitError) as refused:
            ask(model="writer", messages=MESSAGES, max_tokens=ENDLESS)
        assert refused.value.code == "rate_limit_exceeded"
        assert refused.value.response.headers["retry-after"] == "1"
        stream = ask(model="writer", messages=MESSAGES, max_tokens=ENDLESS, stream=True)
        with pytest.raises(openai.APIError, match="not finished within 1 s") as ended:
            list(stream)
        assert ended.value.code == "rate_limit_exceeded"
