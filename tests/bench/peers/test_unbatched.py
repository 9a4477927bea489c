from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.paths import ModelPaths
from bench.peers.unbatched import Unbatched
from tests import made

if TYPE_CHECKING:
    from pathlib import Path


def test_each_request_is_a_call_of_the_bundle_that_no_batch_shares(checkpoint: Path) -> None:
    folder = made.built(checkpoint) / ModelPaths(made.MODEL).bundle
    bundle = Classifier.open(folder, of_bundle, threads=2)
    texts: list[str] = made.texts(12)["text"].tolist()
    calls: list[None] = []
    before = threading.active_count()
    unbatched = Unbatched(bundle, lambda: calls.append(None))
    assert threading.active_count() == before

    async def asked() -> None:
        requests = [[text] for text in texts]
        found = await asyncio.gather(*(unbatched.predict(one, seconds=30) for one in requests))
        for text, one in zip(texts, found, strict=True):
            alone = bundle.predict([text])
            assert np.array_equal(one.answers.probabilities, alone.probabilities)
            assert np.array_equal(one.answers.unknown, alone.unknown)
            assert one.queued == 0 < one.computed

    asyncio.run(asked())
    assert len(calls) == len(texts)
    assert unbatched.queued == 0 and unbatched.is_idle
    unbatched.close()
