"""OpenAI's chat completions: ``POST /v1/chat/completions``.

Reads a request's body. Writes nothing but answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from assay.serving.generating import chat_requests, chat_template, openai_errors
from assay.serving.generating.asking import answering, model_asked, tokens
from assay.serving.generating.chat_answers import Completion
from assay.serving.generating.connected import while_connected
from assay.serving.generating.events import DONE, event, streamed
from assay.serving.generating.writing import Asked
from assay.serving.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from assay.serving.generating.asking import Answering, Make
    from assay.serving.generating.writer import Writer
    from assay.serving.protocol.generation_schemas import ChatRequest


@openai_errors.answered
async def complete(request: Request) -> Response:
    """Answer with the assistant's next message, whole or as a stream."""
    asked = chat_requests.read(await request.body())
    which, make = model_asked(request, asked.model), _asked(asked)
    if asked.stream:
        return await streamed(
            request,
            which,
            make,
            lambda found, pieces: _events(found, pieces, chat_requests.wants_usage(asked)),
        )
    async with answering(request, which, make) as found:
        text = await while_connected(request, found.writing.text())
        return JSONResponse(Completion(found).whole(text), headers=found.headers)


async def _events(
    found: Answering, pieces: AsyncIterator[str], wants_usage: bool
) -> AsyncIterator[bytes]:
    completion = Completion(found)
    # Where a stream ends with its usage, every chunk has the field.
    more = {"usage": None} if wants_usage else {}
    yield event(completion.begun() | more)
    try:
        async for piece in pieces:
            yield event(completion.piece(piece) | more)
        yield event(completion.ended() | more)
        if wants_usage:
            yield event(completion.used())
    except Refusal as problem:
        yield event(openai_errors.body(problem))
    yield DONE


def _asked(asked: ChatRequest) -> Make:
    def make(writer: Writer) -> Asked:
        turns = chat_requests.turns(asked)
        templated = chat_template.templated(turns, writer.model.tokenizer)
        most = tokens(chat_requests.most_tokens(asked), writer)
        stop = (*templated.stop, *chat_requests.stopping(asked))
        return Asked(templated.prompt, most, chat_requests.sampling(asked), stop)

    return make
