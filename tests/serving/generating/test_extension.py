"""Triton's generate extension over a real connection."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from tests.serving.generating.models import CONTEXT, ENDLESS, SECONDS, until

if TYPE_CHECKING:
    from tests.serving.generating.models import Service

pytestmark = pytest.mark.processor

PATH = "/v2/models/writer/generate"
SEED = {"seed": 4, "max_tokens": 25}


def _post(service: Service, path: str, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(service.url + path, content=content, headers=service.headers, timeout=SECONDS)


def _expected(service: Service, prompt: str, stop: tuple[str, ...] = ()) -> str:
    bundle = service.model.bundle
    assert isinstance(bundle, LanguageModel)
    return "".join(bundle.write(prompt, 25, Sampling(seed=4), stop=stop))


def _events(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = answer.text.split("\n\n")
    assert lines.pop() == ""
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def _assert_named(service: Service, answer: httpx.Response) -> None:
    model = service.model
    told = {name: answer.headers[f"assay-{name}"] for name in ("model", "version", "bundle")}
    assert told == {"model": "writer", "version": "3", "bundle": model.digest}
    assert len(model.digest) == 64


@pytest.mark.parametrize("path", [PATH, "/v2/models/writer/versions/3/generate"])
def test_a_text_follows_its_prompt_and_says_who_wrote_it(service: Service, path: str) -> None:
    answer = _post(service, path, {"text_input": "coffee ", "parameters": SEED})
    assert answer.status_code == 200
    found = answer.json()
    parameters = found.pop("parameters")
    text = _expected(service, "coffee ")
    assert found == {"model_name": "writer", "model_version": "3", "text_output": text}
    assert parameters["bundle"] == service.model.digest
    assert (parameters["prompt_tokens"], parameters["finish_reason"]) == (7, "length")
    assert parameters["completion_tokens"] == 25
    _assert_named(service, answer)


def test_metrics_are_told_of_the_model_and_its_seconds(service: Service) -> None:
    count = len(service.seen)
    _post(service, PATH, {"text_input": "coffee ", **SEED})
    asyncio.run(until(lambda: len(service.seen) > count))
    (seen,) = service.seen[count:]
    assert (seen.inference, seen.model, seen.version, seen.rows) == (True, "writer", "3", 1)
    assert seen.compute_seconds > 0
    assert seen.queue_seconds >= 0


def test_a_stream_has_the_same_text_in_pieces(service: Service) -> None:
    answer = _post(service, f"{PATH}_stream", {"text_input": "coffee ", "parameters": SEED})
    assert answer.status_code == 200
    _assert_named(service, answer)
    *pieces, last = _events(answer)
    assert len(pieces) > 10
    assert "".join(piece["text_output"] for piece in pieces) == _expected(service, "coffee ")
    for piece in pieces:
        assert (piece["model_name"], piece["model_version"]) == ("writer", "3")
    assert last["text_output"] == ""
    assert last["parameters"]["completion_tokens"] == 25


def test_parameters_may_stand_beside_the_text(service: Service) -> None:
    """As the extension has it: what it does not know is a parameter."""
    stop = _expected(service, "coffee ")[4:6]
    answer = _post(service, PATH, {"text_input": "coffee ", "stop": [stop], **SEED})
    assert answer.json()["text_output"] == _expected(service, "coffee ", (stop,))
    assert answer.json()["parameters"]["finish_reason"] == "stop"


def test_without_a_seed_texts_differ(service: Service) -> None:
    body = {"text_input": "coffee ", "max_tokens": 40}
    assert len({_post(service, PATH, body).json()["text_output"] for _ in range(3)}) > 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is not as expected: Invalid JSON"),
        (b"\xff", "the body is not as expected: Invalid JSON"),
        (b"[" * 100_000, "the body is not as expected: Invalid JSON"),
        (
            b'{"text_input": "a", "x": ' + b"[" * 9999,
            "the body is not as expected: Invalid JSON",
        ),
        ([], "the body is not as expected: Input should be an object"),
        ({}, "'text_input' of the body is not as expected: Field required"),
        ({"text_input": 3}, "'text_input' of the body"),
        ({"text_input": "\ud800"}, "Invalid JSON"),
        ({"text_input": "a", "parameters": 4}, "'parameters' of the body"),
        ({"text_input": "a", "parameters": {"max_tokens": "4"}}, "max_tokens' of the body"),
        ({"text_input": "a", "max_tokens": 0}, "'max_tokens' of the body"),
        ({"text_input": "a", "max_tokens": 10**30}, "'max_tokens'|can't be asked for"),
        ({"text_input": "a", "temperature": -1}, "'temperature' of the body"),
        ({"text_input": "a", "temperature": float("nan")}, "'temperature'|Invalid JSON"),
        ({"text_input": "a", "top_p": 0}, "'top_p' of the body"),
        ({"text_input": "a", "top_k": 0}, "'top_k' of the body"),
        ({"text_input": "a", "seed": -1}, "'seed' of the body"),
        ({"text_input": "a", "stop": [4]}, "'stop"),
        ({"text_input": "a", "colour": 1}, "'colour' of the body .* Extra inputs"),
        ({"text_input": "a", "max_tokens": ENDLESS + 1}, "10,000,001 tokens can't be asked for"),
        ({"text_input": "a" * (CONTEXT + 1)}, "49 tokens, and the model reads 48"),
        ({"text_input": "a" * 200_000}, "200,000 characters, and 100,000 are the most"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(service: Service, body: Any, sentence: str) -> None:
    for path in (PATH, f"{PATH}_stream"):
        answer = _post(service, path, body)
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/json"
        (error,) = answer.json().values()
        assert re.search(sentence, error), error


def test_the_path_without_a_stream_answers_once(service: Service) -> None:
    body = {"text_input": "a", "parameters": {"stream": True, "max_tokens": 2}}
    assert "ask generate_stream" in _post(service, PATH, body).json()["error"]
    assert _post(service, f"{PATH}_stream", body).status_code == 200


@pytest.mark.parametrize(
    ("model", "status", "sentence"),
    [
        ("hidden", 403, "not for the model 'hidden'"),
        ("nobody", 404, "no model 'nobody'"),
        ("writer/versions/2", 404, "version '2' of writer is not served"),
        ("classifier", 400, "classifier generates no text: ask /v2/models/classifier/infer"),
    ],
)
def test_models_that_can_t_be_asked(
    service: Service, model: str, status: int, sentence: str
) -> None:
    for path in ("generate", "generate_stream"):
        answer = _post(service, f"/v2/models/{model}/{path}", {"text_input": "a"})
        assert answer.status_code == status
        assert sentence in answer.json()["error"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}_stream"])
def test_when_the_client_goes_away_the_model_stops(service: Service, path: str) -> None:
    long = {"text_input": "coffee ", "max_tokens": ENDLESS}

    count = len(service.seen)

    async def run() -> None:
        async with httpx.AsyncClient(headers=service.headers, timeout=SECONDS) as client:
            asking = asyncio.create_task(_begin(client, service.url + path, long))
            await until(lambda: service.writer.running == 1)
            asking.cancel()
        await until(lambda: service.writer.is_idle and len(service.seen) > count)

    asyncio.run(run())
    (seen,) = service.seen[count:]
    assert seen.gone
    assert seen.compute_seconds == 0, "it was not written to its end"


async def _begin(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> None:
    async with client.stream("POST", url, json=body) as answer:
        async for _ in answer.aiter_bytes():
            pass
