"""A graph under onnxruntime, on the best provider that is really there.

Reads the graph that it is given. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnxruntime


class Session:
    """An opened graph.

    onnxruntime-gpu without CUDA falls back to the CPU and still calls itself GPU, so
    :attr:`provider` says which one really runs.
    """

    def __init__(self, model: bytes | str, threads: int, *, profile: bool = False) -> None:
        """Open a graph, given as bytes or by its path, to run on ``threads`` threads."""
        self.runtime = _open(model, threads, profile=profile)
        self.inputs = [entry.name for entry in self.runtime.get_inputs()]
        self.provider = str(self.runtime.get_providers()[0])

    def run(self, feeds: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        """Return the graph's first output; feeds that it does not take are left out."""
        given = {name: feeds[name] for name in self.inputs}
        return np.asarray(self.runtime.run(None, given)[0])


def _open(model: bytes | str, threads: int, *, profile: bool) -> onnxruntime.InferenceSession:
    environment.prepare()  # before the import: onnxruntime sends what it counts otherwise
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)  # "no CUDA here" is not worth a page of text
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    options.enable_profiling = profile
    wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    usable = [name for name in wanted if name in onnxruntime.get_available_providers()]
    return onnxruntime.InferenceSession(model, options, providers=usable)
