"""Assay's own server without its batcher: ``python -m bench.peers.unbatched MODEL PORT``.

Reads the workspace's bundle of a model. Writes a line a request to standard error, as ``assay
serve`` does. Runs in Assay's own environment. Routes, checks, limits and metrics are those of
``assay serve``; in place of queue and batches, each request calls the bundle on a thread.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from assay import cores
from assay.bundle.classifier import Classifier
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import guard_of
from assay.serving.application import Parts, application
from assay.serving.batching import Batcher, Predicted
from assay.serving.options import Options
from assay.serving.repository import Repository
from assay.serving.routes.context import Context
from assay.serving.server import Address, serve
from assay.serving.sources import Newest
from assay.serving.watching.access_log import AccessLog
from assay.serving.watching.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.serving.served import ServedModel


class Unbatched(Batcher):
    """Answers each request by a call of its own; the threads of batches are not started."""

    def __init__(self, bundle: Classifier, count: Callable[[], object] = lambda: None) -> None:
        """Answer by ``bundle``; ``count`` is told of each call."""
        super().__init__(bundle, threads=0)
        self._call, self._called = bundle.predict, count

    async def predict(self, contents: Sequence[Any], *, seconds: float) -> Predicted:
        """Return the answers to one request's rows.

        ``seconds`` bound how long rows wait to be computed; these never do.

        Raises:
            UnreadableImage: one of them is no whole image.

        """
        begun = time.monotonic()
        answers = await asyncio.to_thread(self._call, contents)
        self._called()
        return Predicted(answers, queued=0.0, computed=time.monotonic() - begun)


def run(options: Options) -> None:
    """Serve the models' newest bundles until a signal ends the process."""
    metrics = Metrics()

    def begin(model: ServedModel) -> Unbatched:
        assert isinstance(model.bundle, Classifier)  # noqa: S101 (the benchmark's model is one)
        return Unbatched(model.bundle, lambda: metrics.count_batch(model.name, model.label))

    repository = Repository(Newest(options.threads), options.models, begin, metrics)
    context = Context(repository, metrics, seconds=options.seconds)
    with closing(AccessLog("stderr")) as lines:
        parts = Parts(context, guard_of(options.address), Bounds(options.body), [lines.write])
        serve(application(parts), options.address)


if __name__ == "__main__":
    run(Options((sys.argv[1],), Address(port=int(sys.argv[2])), threads=cores.usable()))
