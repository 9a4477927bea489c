"""Classifiers answer: ``…/infer`` of the Open Inference Protocol, and ``/predict`` in plain JSON.

Reads a request's body. Writes nothing. A request takes one version of its model and keeps it until
it is answered, so that no answer mixes two.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.responses import Response

from assay.serving.contents import kinds
from assay.serving.protocol import plain
from assay.serving.protocol import request as requests
from assay.serving.protocol.answers import Outputs
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.response import InferResponse, render
from assay.serving.routes.context import asked, context_of, read
from assay.serving.watching.observed import observed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from assay.bundle.classifier import Answers
    from assay.serving.batching import Predicted
    from assay.serving.protocol.limits import Limits
    from assay.serving.routes.context import Context
    from assay.serving.served import ServedModel

    # Answers to the body and the headers of the response.
    Rendering = Callable[[Answers], tuple[bytes, dict[str, str]]]


@dataclass(frozen=True)
class Question:
    """What a request asks of a classifier.

    Attributes:
        contents: one a row.
        rendered: what becomes of the answers.
        timeout: seconds after which the client needs no answer; None: it did not say.

    """

    contents: list[Any]
    rendered: Rendering
    timeout: float | None = None


async def infer(request: Request) -> Response:
    """Answer a request of the Open Inference Protocol, in JSON or with binary tensors."""
    length = requests.header_length(request.headers.get(requests.HEADER))
    return await _answer(
        request, lambda model, body, limits: _of_tensors(model, body, length, limits)
    )


async def predict(request: Request) -> Response:
    """Answer ``{"inputs": [...]}`` in plain JSON."""
    return await _answer(request, _of_json)


def _of_tensors(model: ServedModel, body: bytes, length: int | None, limits: Limits) -> Question:
    parsed = requests.parse(body, length, limits)
    outputs = Outputs.of(model.manifest)
    outputs.require(parsed)

    def rendered(answers: Answers) -> tuple[bytes, dict[str, str]]:
        tensors = outputs.tensors(answers, parsed)
        return render(InferResponse(Identity.of(model), tensors, parsed.id))

    contents = kinds.of_bundle(model.manifest).of_tensors(parsed, limits)
    return Question(contents, rendered, parsed.timeout)


def _of_json(model: ServedModel, body: bytes, limits: Limits) -> Question:
    contents = kinds.of_bundle(model.manifest).of_json(plain.inputs_of(body), limits)
    outputs, identity = Outputs.of(model.manifest), Identity.of(model)
    return Question(contents, lambda answers: plain.render(answers, outputs, identity))


async def _answer(
    request: Request, question_of: Callable[[ServedModel, bytes, Limits], Question]
) -> Response:
    context, observed = context_of(request), observed_of(request.scope)
    observed.inference = True
    name, version = asked(request)
    body = await request.body()
    async with context.repository.use(name, version) as serving:
        observed.model, observed.version = serving.model.name, serving.model.label
        batcher = serving.batcher
        began = time.perf_counter()
        question = await read(len(body), question_of, serving.model, body, context.limits)
        observed.rows = len(question.contents)
        observed.input_seconds = time.perf_counter() - began
        seconds = min(context.seconds, question.timeout or context.seconds)
        predicted = await batcher.predict(question.contents, seconds=seconds)
        observed.queue_seconds, observed.compute_seconds = predicted.queued, predicted.computed
        began = time.perf_counter()
        content, headers = question.rendered(predicted.answers)
        observed.output_seconds = time.perf_counter() - began
        copies = _Copies(context, serving.model, question.contents, predicted)
        # Once the answer was sent.
        return Response(content, headers=headers, background=copies if context.offers else None)


class _Copies(BackgroundTask):
    """What was asked and answered, for whoever gets a copy of it."""

    def __init__(
        self, context: Context, model: ServedModel, contents: list[Any], predicted: Predicted
    ) -> None:
        super().__init__(self._offer)
        self._offers = context.offers
        self._copy = (model, contents, predicted.answers, predicted.computed)

    async def _offer(self) -> None:
        for offer in self._offers:
            offer(*self._copy)
