"""Models answer: ``…/infer`` of the Open Inference Protocol, and ``/predict`` in plain JSON.

Reads a request's body. Writes nothing. A request takes one version of its model and keeps it until
it is answered, so that no answer mixes two.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.responses import Response

from assay.serving.protocol import request as requests
from assay.serving.routes import questions
from assay.serving.routes.context import asked, context_of, read
from assay.serving.watching.observed import observed_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from assay.serving.batching import Predicted
    from assay.serving.protocol.limits import Limits
    from assay.serving.repository import Serving
    from assay.serving.routes.context import Context
    from assay.serving.routes.questions import Question
    from assay.serving.served import ServedModel


async def infer(request: Request) -> Response:
    """Answer a request of the Open Inference Protocol, in JSON or with binary tensors."""
    length = requests.header_length(request.headers.get(requests.HEADER))
    return await _answer(
        request, lambda serving, body, limits: questions.of_tensors(serving, length, body, limits)
    )


async def predict(request: Request) -> Response:
    """Answer ``{"inputs": [...]}`` in plain JSON."""
    return await _answer(request, questions.of_json)


async def _answer(
    request: Request, question_of: Callable[[Serving, bytes, Limits], Question[Any]]
) -> Response:
    context, observed = context_of(request), observed_of(request.scope)
    observed.inference = True
    name, version = asked(request)
    body = await request.body()
    async with context.repository.use(name, version) as serving:
        observed.model, observed.version = serving.model.name, serving.model.label
        began = time.perf_counter()
        question = await read(len(body), question_of, serving, body, context.limits)
        observed.rows = question.rows
        observed.input_seconds = time.perf_counter() - began
        seconds = min(context.seconds, question.timeout or context.seconds)
        found = await question.ask(seconds=seconds)
        observed.queue_seconds, observed.compute_seconds = found.queued, found.computed
        began = time.perf_counter()
        content, headers = await read(question.size, question.rendered, found)
        observed.output_seconds = time.perf_counter() - began
        copies = None
        if context.offers and question.contents is not None:
            # Once the answer was sent.
            copies = _Copies(context, serving.model, question.contents, found)
        return Response(content, headers=headers, background=copies)


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
