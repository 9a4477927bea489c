from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from assay.errors import StageFailed
from bench import environments, llama_cpp
from tests.bench.llamas import llama

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHON = "ASSAY_TEST_LLAMA_CPP"


@pytest.fixture(scope="module")
def model() -> Any:
    return llama(tied=False)


def use(monkeypatch: pytest.MonkeyPatch, python: Path | None) -> None:
    def python_with(name: str, packages: Sequence[str]) -> Path | None:
        return python

    monkeypatch.setattr(environments, "python_with", python_with)


def test_where_it_cannot_be_built_nobody_is_compared(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, None)
    with llama_cpp.decoders(model, 8, 1) as found:
        assert found == {}


def test_a_process_that_ended_is_said(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assay's own environment has no llama.cpp."""
    use(monkeypatch, Path(sys.executable))
    with (
        llama_cpp.decoders(model, 8, 1) as found,
        pytest.raises(StageFailed, match=r"llama\.cpp ended with 1"),
    ):
        found["llama.cpp, fp32"]([1, 2, 3])


@pytest.mark.skipif(PYTHON not in os.environ, reason=f"{PYTHON} names no Python with llama.cpp")
def test_in_fp32_it_writes_what_transformers_writes(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Path(os.environ[PYTHON]))
    prompts = [[5, 6, 7, 8], [9, 3]]
    with llama_cpp.decoders(model, 16, 1) as found:
        written = [found["llama.cpp, fp32"](prompt) for prompt in prompts]
    for prompt, own in zip(prompts, written, strict=True):
        with torch.inference_mode():
            ids: Any = model.generate(
                torch.tensor([prompt]), max_new_tokens=16, do_sample=False, eos_token_id=None
            )
        assert own == ids[0, len(prompt) :].tolist()
