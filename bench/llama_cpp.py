"""llama.cpp with the weights of a Llama, in an environment of its own.

Reads nothing. Writes the environment (:mod:`bench.environments`) and GGUF files in a temporary
folder. Each precision is a process that is asked by lines of JSON.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from assay.errors import StageFailed
from bench import environments, gguf_file, project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Decode = Callable[[Sequence[int]], list[int]]

VERSION = "0.3.36"
PACKAGES = (f"llama-cpp-python=={VERSION}",)
PRECISIONS = {"llama.cpp, int8": gguf_file.INT8, "llama.cpp, fp32": gguf_file.FP32}


@contextmanager
def decoders(model: Any, tokens: int, threads: int) -> Iterator[dict[str, Decode]]:
    """Yield, by their names, what writes ``tokens`` greedy tokens; none where it can't be built.

    ``model`` is a ``LlamaForCausalLM``. At the end the processes are stopped.

    Raises:
        StageFailed: by what is yielded: a process ended.

    """
    python = environments.python_with("llama.cpp", PACKAGES)
    if python is None:
        yield {}
        return
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        found: dict[str, Decode] = {}
        for name, kind in PRECISIONS.items():
            file = Path(scratch) / f"{kind.name}.gguf"
            gguf_file.write(file, model, kind)
            context = model.config.max_position_embeddings
            process = running.enter_context(_started(python, file, context, threads))
            found[name] = _asked(process, tokens)
        yield found


@contextmanager
def _started(
    python: Path, file: Path, context: int, threads: int
) -> Iterator[subprocess.Popen[str]]:
    words = (str(python), "-m", "bench.peers.greedy_llama", str(file), str(context), str(threads))
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(project.BENCH)},
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            with suppress(BrokenPipeError):  # what was not sent to a process that ended
                cast("IO[str]", process.stdin).close()


def _asked(process: subprocess.Popen[str], tokens: int) -> Decode:
    questions = cast("IO[str]", process.stdin)
    answers = cast("IO[str]", process.stdout)

    def decode(prompt: Sequence[int]) -> list[int]:
        with suppress(BrokenPipeError):  # the answer is missing then, too
            questions.write(json.dumps({"prompt": list(prompt), "tokens": tokens}) + "\n")
            questions.flush()
        if not (line := answers.readline()):
            raise StageFailed(f"llama.cpp ended with {process.wait()}")
        found: list[int] = json.loads(line)
        return found

    return decode
