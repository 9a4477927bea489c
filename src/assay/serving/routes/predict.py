"""Classifiers answer: ``…/infer`` of the Open Inference Protocol, and ``/predict`` in plain JSON.

Reads a request's body. Writes nothing. A request takes one version of its model and keeps it until
it is answered, so that no answer mixes two.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from assay.serving.contents import kinds
from assay.serving.protocol import request as requests
from assay.serving.protocol.answers import Outputs, plain
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.response import InferResponse, render
from assay.serving.refusals import BadRequest
from assay.serving.routes.context import asked, context_of, read
from assay.serving.watching.observed import observed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from assay.bundle.classifier import Answers
    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.repository import Serving
    from assay.serving.routes.context import Context

    Made = tuple[bytes, dict[str, str]]


async def infer(request: Request) -> Response:
    """Answer a request of the Open Inference Protocol, in JSON or with binary tensors."""
    name, version = asked(request)
    body = await request.body()
    length = requests.header_length(request.headers.get(requests.HEADER))
    context = context_of(request)

    def parse(serving: Serving) -> tuple[list[Any], Callable[[Answers], Made], float | None]:
        parsed = requests.parse(body, length, context.limits)
        outputs = Outputs.of(serving.model.manifest)
        outputs.require(parsed)
        contents = kinds.of_bundle(serving.model.manifest).of_tensors(parsed, context.limits)
        return contents, lambda answers: _rendered(serving, parsed, outputs, answers), parsed.timeout

    return await _answer(request, context, (name, version), len(body), parse)


async def predict(request: Request) -> Response:
    """Answer ``{"inputs": [...]}`` in plain JSON."""
    name, version = asked(request)
    body = await request.body()
    context = context_of(request)

    def parse(serving: Serving) -> tuple[list[Any], Callable[[Answers], Made], float | None]:
        contents = _plain_contents(serving, body, context.limits)
        outputs = Outputs.of(serving.model.manifest)
        identity = Identity.of(serving.model)
        return contents, lambda answers: plain(answers, outputs, identity), None

    return await _answer(request, context, (name, version), len(body), parse)


async def _answer(
    request: Request,
    context: Context,
    model: tuple[str, str | None],
    size: int,
    parse: Callable[[Serving], tuple[list[Any], Callable[[Answers], Made], float | None]],
) -> Response:
    observed = observed_of(request.scope)
    observed.inference = True
    async with context.repository.use(*model) as serving:
        observed.model, observed.version = serving.model.name, serving.model.label
        batcher = serving.batcher
        began = time.perf_counter()
        contents, make, timeout = await read(size, parse, serving)
        observed.rows, observed.input_seconds = len(contents), time.perf_counter() - began
        seconds = min(context.seconds, timeout or context.seconds)
        predicted = await batcher.predict(contents, seconds=seconds)
        observed.queue_seconds = predicted.queued
        observed.compute_seconds = predicted.computed
        began = time.perf_counter()
        content, headers = make(predicted.answers)
        observed.output_seconds = time.perf_counter() - began
        return Response(content, headers=headers)


def _rendered(
    serving: Serving, parsed: InferRequest, outputs: Outputs, answers: Answers
) -> Made:
    tensors = outputs.tensors(answers, parsed)
    return render(InferResponse(Identity.of(serving.model), tensors, parsed.id))


def _plain_contents(serving: Serving, body: bytes, limits: Limits) -> list[Any]:
    found = requests.parse_object(body)
    inputs = found.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise BadRequest('expected {"inputs": [...]}, an array of one input or more')
    return kinds.of_bundle(serving.model.manifest).of_json(inputs, limits)
