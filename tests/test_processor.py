from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay import processor
from assay.errors import UsageError

pytestmark = pytest.mark.processor

LISTING = Path("/proc/cpuinfo")


def test_it_is_the_same_in_another_process() -> None:
    script = "from assay import processor; print(processor.processor_class(), end='')"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout == processor.processor_class()


listed = pytest.mark.skipif(not LISTING.is_file(), reason="Linux lists a processor's instructions")


def _held_to() -> set[str]:
    """Return the instructions that this pass of the tests is held to."""
    named = os.environ.get(processor.VARIABLE, "").replace(",", " ").split()
    return set(named or processor.INSTRUCTIONS)


@listed
def test_it_names_the_instructions_that_linux_lists_and_no_others() -> None:
    words = set(LISTING.read_text().split())
    _, *named = processor.processor_class().split(" ")
    assert set(named) == set(processor.INSTRUCTIONS) & words & _held_to()


def test_it_has_what_it_names() -> None:
    _, *named = processor.processor_class().split(" ")
    for name in processor.INSTRUCTIONS:
        assert processor.has_instructions(frozenset({name})) == (name in named)
    assert not processor.has_instructions(frozenset({"no such instruction"}))
    assert not processor.has_instructions(frozenset())


@listed
def test_only_the_instructions_that_the_variable_names_are_taken_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(processor.VARIABLE, raising=False)
    vendor, *whole = processor.processor_class().split(" ")
    for text in ("avx2", " avx2,", "avx2 avx2"):
        monkeypatch.setenv(processor.VARIABLE, text)
        held = [name for name in whole if name == "avx2"]
        assert processor.processor_class() == " ".join([vendor, *held])
        assert processor.has_instructions(frozenset({"avx2"})) == bool(held)
        assert not processor.has_instructions(processor.BF16_INSTRUCTIONS)
    # Naming an instruction set that the processor lacks brings it no such instructions.
    monkeypatch.setenv(processor.VARIABLE, ", ".join(processor.INSTRUCTIONS))
    assert processor.processor_class() == " ".join([vendor, *whole])
    monkeypatch.setenv(processor.VARIABLE, " , ")
    assert processor.processor_class() == " ".join([vendor, *whole])


def test_an_unknown_instruction_set_is_refused_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(processor.VARIABLE, "avx2,avx3 AVX2")
    for ask in (processor.processor_class, lambda: processor.has_instructions(frozenset())):
        with pytest.raises(UsageError) as refused:
            ask()
        assert "ASSAY_INSTRUCTIONS names avx3, AVX2" in refused.value.found
        for name in (*processor.INSTRUCTIONS, *processor.BF16_INSTRUCTIONS):
            assert name in refused.value.expected
        assert "unset it" in refused.value.cure
