from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from bench import project, training
from tests.bench.made import rows_of_text
from tests.conftest import settings

if TYPE_CHECKING:
    from pathlib import Path


def test_every_loop_learns_from_the_same_rows_and_counts_real_tokens(
    tmp_path: Path, checkpoint: Path
) -> None:
    rows = rows_of_text(16)
    for split in ("train", "validation"):
        target = tmp_path / "data/splits" / project.MODEL / f"{split}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(target, index=False)
    block = settings(checkpoint, train__batch_size=8)
    with (tmp_path / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {project.MODEL: block}}, stream)
    # In a process of its own, as always: they set threads, seeds and the allocator. The tutorial
    # pads to 512 positions, which the small network does not have.
    code = (
        "import sys; from bench import loops; loops.TUTORIAL_LENGTH = 64\n"
        "for name in sys.argv[2:]: loops.main(name, sys.argv[1])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *training.NAMES],
        cwd=tmp_path,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert answer.returncode == 0, answer.stderr
    # Trainer prints a summary of its own.
    lines = [line for line in answer.stdout.splitlines() if line.startswith('{"')]
    # Each text is n words that the tokenizer knows whole, and two special tokens.
    tokens = sum(len(text.split()) + 2 for text in rows["text"])
    assert len(lines) == len(training.NAMES)
    for found in map(json.loads, lines):
        assert (found["rows"], found["tokens"]) == (16, tokens)
        assert found["seconds"] > 0
