"""What OpenAI's clients send to ``/v1/chat/completions``, as far as a language model can do it.

Reads a request's body. Writes nothing. A field that would change the answer and is not supported is
refused, unless its value asks for nothing; a field that changes no answer is ignored; an unknown
field is refused, as OpenAI itself does.
"""

from __future__ import annotations

from typing import Any

from assay.bundle.sampling import Sampling
from assay.serving.generating.asking import seed
from assay.serving.generating.chat_template import Turn
from assay.serving.protocol import bodies
from assay.serving.protocol.generation_schemas import ChatRequest
from assay.serving.protocol.words import quoted
from assay.serving.refusals import BadRequest

# Fields that are read by no one here.
IGNORED = frozenset(
    (
        "metadata",
        "parallel_tool_calls",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
    )
)
# Of fields that are not supported, the values that ask for nothing. So does null, of each.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "audio": (),
    "frequency_penalty": (0,),
    "function_call": ("none", "auto"),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "n": (1,),
    "prediction": (),
    "presence_penalty": (0,),
    "reasoning_effort": ("none",),
    "response_format": ({"type": "text"},),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
    "verbosity": ("medium",),
    "web_search_options": (),
}


def read(content: bytes) -> ChatRequest:
    """Return a request.

    Raises:
        BadRequest: it is no JSON, a field is wrong, unknown, or asks for what is not supported.

    """
    found = bodies.read(ChatRequest, content)
    for name, value in (found.model_extra or {}).items():
        if name in IGNORED or (name in NEUTRAL and value is None):
            continue
        if name not in NEUTRAL:
            raise BadRequest(f"unknown field {quoted(name)}")
        if not any(_equal(value, one) for one in NEUTRAL[name]):
            raise BadRequest(f"{name!r} is not supported here: leave it out")
    if found.stream_options is not None and not found.stream:
        raise BadRequest("'stream_options' is for streams: set 'stream' to true, or leave it out")
    return found


def turns(asked: ChatRequest) -> list[Turn]:
    """Return the conversation as the chat template takes it."""
    # What was called system is called developer in newer requests.
    return [
        Turn("system" if one.role == "developer" else one.role, one.text) for one in asked.messages
    ]


def most_tokens(asked: ChatRequest) -> int | None:
    """Return how many tokens the answer has at most; None: the client does not say."""
    newer = asked.max_completion_tokens
    return asked.max_tokens if newer is None else newer


def stopping(asked: ChatRequest) -> tuple[str, ...]:
    """Return the texts before which the answer ends."""
    return (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())


def sampling(asked: ChatRequest) -> Sampling:
    """Return how the answer's tokens are drawn."""
    return Sampling(
        temperature=1.0 if asked.temperature is None else asked.temperature,
        top_p=1.0 if asked.top_p is None else asked.top_p,
        # A negative seed is another one than its opposite.
        seed=seed(asked.seed) % 2**64,
    )


def wants_usage(asked: ChatRequest) -> bool:
    """Return whether a stream ends with how many tokens there were."""
    return asked.stream_options is not None and asked.stream_options.include_usage


def _equal(value: Any, neutral: Any) -> bool:
    """Compare as JSON does: false is not zero."""
    return bool(value == neutral) and isinstance(value, bool) == isinstance(neutral, bool)
