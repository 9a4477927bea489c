from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assay import processor

LISTING = Path("/proc/cpuinfo")


def test_it_is_the_same_in_another_process() -> None:
    script = "from assay import processor; print(processor.processor_class(), end='')"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout == processor.processor_class()


@pytest.mark.skipif(not LISTING.is_file(), reason="Linux lists a processor's instructions")
def test_it_names_the_instructions_that_linux_lists_and_no_others() -> None:
    words = set(LISTING.read_text().split())
    _, *named = processor.processor_class().split(" ")
    assert set(named) == set(processor.INSTRUCTIONS) & words


def test_it_has_what_it_names() -> None:
    _, *named = processor.processor_class().split(" ")
    for name in processor.INSTRUCTIONS:
        assert processor.has_instructions(frozenset({name})) == (name in named)
    assert not processor.has_instructions(frozenset({"no such instruction"}))
    assert not processor.has_instructions(frozenset())
