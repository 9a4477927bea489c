"""What OpenAI's clients get from ``/v1/chat/completions``: the whole, or chunks of a stream.

Reads and writes nothing. ``system_fingerprint``, which OpenAI has for the configuration that
answered, is the version and the bundle's digest.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.serving.generating.asking import Answering
    from assay.serving.generating.writing import Written


class Completion:
    """One answer under one id."""

    def __init__(self, found: Answering) -> None:
        """Begin an answer of a model."""
        self._found = found
        self._id = f"chatcmpl-{secrets.token_hex(16)}"
        self._created = int(time.time())

    def whole(self, text: str) -> dict[str, Any]:
        """Return the answer once the text has ended."""
        written = self._written
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": None},
            "logprobs": None,
            "finish_reason": written.ending,
        }
        return self._said("chat.completion", [choice]) | {"usage": usage(written)}

    def begun(self) -> dict[str, Any]:
        """Return the first chunk, which says whose message it is."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> dict[str, Any]:
        """Return a chunk with a piece of the text."""
        return self._chunk({"content": text})

    def ended(self) -> dict[str, Any]:
        """Return the chunk that says why the text ended."""
        return self._chunk({}, self._written.ending)

    def used(self) -> dict[str, Any]:
        """Return the chunk that says how many tokens there were."""
        return self._said("chat.completion.chunk", []) | {"usage": usage(self._written)}

    @property
    def _written(self) -> Written:
        written = self._found.writing.written
        assert written is not None  # noqa: S101  it has ended
        return written

    def _chunk(self, delta: dict[str, str], ending: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}
        return self._said("chat.completion.chunk", [choice])

    def _said(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        model = self._found.model
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": model.name,
            "system_fingerprint": f"{model.label}-{model.digest}",
            "choices": choices,
        }


def usage(written: Written) -> dict[str, int]:
    """Return how many tokens were read and written."""
    return {
        "prompt_tokens": written.prompt_tokens,
        "completion_tokens": written.tokens,
        "total_tokens": written.prompt_tokens + written.tokens,
    }
