"""llama.cpp writes tokens greedily: ``python -m bench.peers.greedy_llama FILE CONTEXT THREADS``.

Reads a GGUF file, and from standard input a line of JSON for each text: ``{"prompt": [...],
"tokens": 128}``. Writes the new token ids as a line of JSON to standard output.
"""

from __future__ import annotations

import ctypes
import json
import sys

import llama_cpp


class Decoder:
    """A GGUF file that is asked for one text at a time."""

    def __init__(self, path: str, context: int, threads: int) -> None:
        llama_cpp.llama_backend_init()
        # Its own messages would stand between the answers.
        self._quiet = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._quiet, ctypes.c_void_p(0))
        chosen = llama_cpp.llama_model_default_params()
        # Weights as they are in the file: repacked for AMX, int8 ends with a segmentation fault.
        chosen.use_extra_bufts = False
        self._model = llama_cpp.llama_model_load_from_file(path.encode(), chosen)
        given = llama_cpp.llama_context_default_params()
        given.n_ctx = context
        given.n_threads = given.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, given)
        self._sampler = llama_cpp.llama_sampler_init_greedy()

    def write(self, prompt: list[int], tokens: int) -> list[int]:
        """Return the most probable tokens behind a prompt, each behind those before."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        found: list[int] = []
        read = prompt
        for _ in range(tokens):
            ids = (llama_cpp.llama_token * len(read))(*read)
            failed = llama_cpp.llama_decode(
                self._context, llama_cpp.llama_batch_get_one(ids, len(read))
            )
            if failed:
                sys.exit(f"llama.cpp: llama_decode returned {failed}")
            found.append(llama_cpp.llama_sampler_sample(self._sampler, self._context, -1))
            read = found[-1:]
        return found


if __name__ == "__main__":
    decoder = Decoder(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    for line in sys.stdin:
        print(json.dumps(decoder.write(**json.loads(line))), flush=True)
