"""BentoML with its adaptive batching: ``bentoml serve bench.peers.bento_service:Opinions``."""

from __future__ import annotations

from typing import Any

import bentoml

from bench.peers.plain import Bundle


@bentoml.service(workers=2)
class Opinions:
    """Both cores: two workers with one thread each."""

    def __init__(self) -> None:
        self._bundle = Bundle()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=5000)
    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Answer texts."""
        return self._bundle.predict(texts)
