"""LitServe with its batching: ``python -m bench.peers.lit_service PORT``."""

# Annotations are read at run time: LitServe makes its route of them.
import sys
from typing import Any

import litserve

from bench.peers.plain import Bundle


class Opinions(litserve.LitAPI):
    """One text a request; batches of what waits."""

    def setup(self, device: str) -> None:
        """Open the bundle, in each worker."""
        self._bundle = Bundle()

    def decode_request(self, request: dict[str, Any]) -> str:
        """Return the text."""
        return str(request["text"])

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Answer a batch."""
        return self._bundle.predict(texts)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Return the answer."""
        return output


if __name__ == "__main__":
    litserve.LitServer(
        Opinions(max_batch_size=64, batch_timeout=0.001), accelerator="cpu", workers_per_device=2
    ).run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False, log_level="warning")
