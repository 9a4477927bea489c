"""A graph under onnxruntime, on the best provider that is really there.

Reads the graph that it is given. Writes nothing. Many batches run side by side, each of them on one
thread: two batches on two threads are done sooner than two threads are done with one batch and then
with the other, since the threads need not wait for each other after every operator.
"""

from __future__ import annotations

import functools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from assay import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future

    import onnxruntime

    Feeds = Mapping[str, Any]
    Output = np.ndarray[Any, Any]

Key = TypeVar("Key")

CPU = "CPUExecutionProvider"
# Two of onnxruntime's rewritings make a graph slower on processors: SkipLayerNormalization takes
# longer than the Add and the LayerNormalization that it stands for, and so does BiasGelu.
SLOWER = ("SkipLayerNormFusion", "BiasGeluFusion")
# Batches that were begun or wait to be, for each thread: a batch may be large.
AHEAD = 2


class Session:
    """An opened graph.

    onnxruntime-gpu without CUDA falls back to the CPU and still calls itself GPU, so
    :attr:`provider` says which one really runs.
    """

    def __init__(
        self, model: bytes | str, threads: int, *, profile: bool = False, intra_op_threads: int = 1
    ) -> None:
        """Open a graph, given as bytes or by its path, to run on up to ``threads`` threads.

        ``intra_op_threads``: how many of its own each batch has, for who has one batch at a time.
        """
        self.runtime = _open(model, profile=profile, threads=intra_op_threads)
        self.inputs = [entry.name for entry in self.runtime.get_inputs()]
        self.outputs = [entry.name for entry in self.runtime.get_outputs()]
        self.provider = str(self.runtime.get_providers()[0])
        # One caller keeps a GPU busy.
        self.threads = threads if self.provider == CPU else 1

    def run(self, feeds: Feeds, output: str | None = None) -> Output:
        """Return one of the graph's outputs, the first one unless another is named.

        Feeds that the graph does not take are left out. May be called from several threads at once.
        """
        given = {name: feeds[name] for name in self.inputs}
        return np.asarray(self.runtime.run([output or self.outputs[0]], given)[0])

    def values(self, feeds: Feeds) -> dict[str, onnxruntime.OrtValue]:
        """Return all outputs by their names, as onnxruntime holds them; feeds may be such, too.

        So an output is fed to the next run uncopied. Its method ``numpy`` gives its array.
        """
        given = {name: _value(feeds[name]) for name in self.inputs}
        found = self.runtime.run_with_ort_values(self.outputs, given)
        return dict(zip(self.outputs, found, strict=True))

    def run_all(
        self, batches: Iterable[tuple[Key, Feeds]], output: str | None = None
    ) -> Iterator[tuple[Key, Output]]:
        """Yield what each batch came with and its output, in the batches' order.

        ``output`` is as in :meth:`run`. :attr:`threads` batches run at a time. Batches are asked
        for when their turn is near, so that no more than a few of them are in memory.
        """
        # One batch needs no second thread.
        left = iter(batches)
        first = list(islice(left, 2))
        if self.threads == 1 or len(first) < 2:
            for key, feeds in chain(first, left):
                yield key, self.run(feeds, output)
            return
        begun: deque[tuple[Key, Future[Output]]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            for key, feeds in chain(first, left):
                begun.append((key, pool.submit(self.run, feeds, output)))
                if len(begun) == AHEAD * self.threads:
                    done, found = begun.popleft()
                    yield done, found.result()
            for done, found in begun:
                yield done, found.result()


@functools.cache
def _library() -> Any:
    """Return onnxruntime, whose import takes its time."""
    environment.prepare()  # before the import: onnxruntime sends what it counts otherwise
    import onnxruntime

    return onnxruntime


def _value(given: Any) -> onnxruntime.OrtValue:
    """Return an array as onnxruntime holds it, over the same memory."""
    return (
        _library().OrtValue.ortvalue_from_numpy(given) if isinstance(given, np.ndarray) else given
    )


def _open(model: bytes | str, *, profile: bool, threads: int) -> onnxruntime.InferenceSession:
    onnxruntime = _library()
    onnxruntime.set_default_logger_severity(4)  # "no CUDA here" is not worth a page of text
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    options.enable_profiling = profile
    wanted = ["CUDAExecutionProvider", CPU]
    usable = [name for name in wanted if name in onnxruntime.get_available_providers()]
    return onnxruntime.InferenceSession(
        model, options, providers=usable, disabled_optimizers=list(SLOWER)
    )
