"""Triton's generate extension: ``/v2/models/MODEL[/versions/VERSION]/generate[_stream]``.

Reads a request's body. Writes nothing but answers. As the extension's text has it (Triton Inference
Server, docs/protocol/extension_generate.md): ``text_input`` and ``parameters``, also parameters
beside them; ``generate_stream`` answers one object a piece. Parameters are this server's own:
``max_tokens temperature top_k top_p repetition_penalty seed stop``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from assay.bundle.sampling import Sampling
from assay.serving.generating.asking import Which, answering, seed, tokens
from assay.serving.generating.connected import while_connected
from assay.serving.generating.events import event, streamed
from assay.serving.generating.writing import Asked
from assay.serving.protocol import bodies
from assay.serving.protocol.generation_schemas import GenerateParameters, GenerateRequest
from assay.serving.refusals import BadRequest, Refusal
from assay.serving.routes import context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from assay.serving.generating.asking import Answering, Make
    from assay.serving.generating.writer import Writer


async def generate(request: Request) -> Response:
    """Answer with the text that follows a prompt."""
    which = Which(*context.asked(request))
    prompt, chosen = _read(await request.body())
    if chosen.stream:
        raise BadRequest("this path answers once: ask generate_stream for a stream")
    async with answering(request, which, _asked(prompt, chosen)) as found:
        text = await while_connected(request, found.writing.text())
        return JSONResponse(_answer(found, text), headers=found.headers)


async def generate_stream(request: Request) -> Response:
    """Answer with the pieces of the text that follows a prompt, each as it is written."""
    which = Which(*context.asked(request))
    prompt, chosen = _read(await request.body())
    return await streamed(request, which, _asked(prompt, chosen), _events)


async def _events(found: Answering, pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield event(_answer(found, piece))
        yield event(_answer(found, ""))
    except Refusal as problem:
        yield event({"error": str(problem)})


def _read(content: bytes) -> tuple[str, GenerateParameters]:
    found = bodies.read(GenerateRequest, content)
    given = found.parameters.model_dump(exclude_unset=True)
    return found.text_input, bodies.checked(
        GenerateParameters, {**(found.model_extra or {}), **given}
    )


def _asked(prompt: str, chosen: GenerateParameters) -> Make:
    sampling = Sampling(
        temperature=chosen.temperature,
        top_k=chosen.top_k,
        top_p=chosen.top_p,
        repetition_penalty=chosen.repetition_penalty,
        seed=seed(chosen.seed),
    )
    stop = (chosen.stop,) if isinstance(chosen.stop, str) else tuple(chosen.stop)

    def make(writer: Writer) -> Asked:
        return Asked((prompt,), tokens(chosen.max_tokens, writer), sampling, stop)

    return make


def _answer(found: Answering, text: str) -> dict[str, Any]:
    """Return a piece, or the whole; where the text has ended, with how it did."""
    parameters: dict[str, Any] = {"bundle": found.model.digest}
    if (written := found.writing.written) is not None:
        parameters["finish_reason"] = written.ending
        parameters["prompt_tokens"] = written.prompt_tokens
        parameters["completion_tokens"] = written.tokens
    return {
        "model_name": found.model.name,
        "model_version": found.model.label,
        "text_output": text,
        "parameters": parameters,
    }
