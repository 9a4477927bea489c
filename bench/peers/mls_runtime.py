"""MLServer with its adaptive batching: a runtime that its ``model-settings.json`` names."""

from __future__ import annotations

import asyncio

from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

from bench.peers.plain import Bundle


class Opinions(MLModel):
    """Texts as BYTES."""

    async def load(self) -> bool:
        """Open the bundle."""
        self._bundle = Bundle()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a batch, off the event loop."""
        texts = StringCodec.decode_input(payload.inputs[0])
        answers = await asyncio.to_thread(self._bundle.predict, texts)
        labels = [answer["label"] for answer in answers]
        return InferenceResponse(
            model_name=self.name,
            outputs=[StringCodec.encode_output(name="label", payload=labels)],
        )
