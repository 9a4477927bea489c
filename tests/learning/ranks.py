"""Two processes under torchrun, each of which saves what it came to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


def answers(torchrun: Sequence[str], module: str, folder: Path) -> list[Any]:
    """Call ``two_processes(folder)`` of a module of these tests; return what each rank saved."""
    script = folder / "script.py"
    script.write_text(
        "import faulthandler, sys\n"
        # Where one waits for the other for ever, both say at which line.
        "faulthandler.dump_traceback_later(150, exit=True)\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"from tests.learning import {module}\n"
        f"{module}.two_processes(sys.argv[1])\n"
    )
    answer = subprocess.run(
        [*torchrun, str(script), str(folder)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
