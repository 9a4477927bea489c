"""``python -m bench``: measure, and write the tables of docs/benchmarks.md.

Reads the workspace that ``make run`` left. Writes docs/benchmarks.md and nothing else of the
project; with ``--quick`` (a few rows, to see that it works) nothing at all but standard output.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assay import environment
from assay.errors import AssayError
from assay.paths import require_project
from assay.progress import say
from bench import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Benchmark = Callable[[bool], str]  # quick -> the Markdown of its tables

PAGE = Path("docs/benchmarks.md")
QUICK = "QUICK: a few rows and runs, to see that it works; these figures mean nothing.\n"


def _lazy(name: str) -> Benchmark:
    def measure(quick: bool) -> str:
        found: str = importlib.import_module(f"bench.{name}").measure(quick)
        return found

    return measure


ALWAYS = ("commands", "training", "inference", "recognition", "gate")
# A minute (idle_latency) to an hour each: only when they are asked for by name.
LONG = (
    *("seeds", "texts", "large_texts", "networks", "bilingual", "out_of_scope"),
    *("time_to_score", "pretraining", "suspicion", "generation", "language_models"),
    *("poems", "fine_tuning", "autoencoders", "serving", "idle_latency", "customer_service"),
)
BENCHMARKS: dict[str, Benchmark] = {name: _lazy(name) for name in (*ALWAYS, *LONG)}


def main(words: Sequence[str], benchmarks: Mapping[str, Benchmark] = BENCHMARKS) -> int:
    """Run the benchmarks that were asked for; return the exit code."""
    asked = _parser(benchmarks).parse_args(words)
    names = list(dict.fromkeys(asked.only or [n for n in benchmarks if n not in LONG]))
    environment.prepare()
    try:
        require_project()
        if not asked.quick:
            tables.require_markers(PAGE, names)
        _tell_load()
        for name in names:
            say(f"bench: {name}")
            body = benchmarks[name](asked.quick)
            if asked.quick:
                print(f"{QUICK}\n{body}\n")
            else:
                tables.write(PAGE, name, body)
                say(f"bench: {name} -> {PAGE}")
    except AssayError as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return problem.exit_code
    return 0


def _parser(benchmarks: Mapping[str, Benchmark]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a few rows, printed, written nowhere: is it working?"
    )
    parser.add_argument(
        "--only", action="append", choices=list(benchmarks), help="this one; may be repeated"
    )
    return parser


def _tell_load() -> None:
    """Warn where other work runs: its share of the processor would be in every figure."""
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"bench: other programs are running (load {load:.1f}); the figures will be theirs too")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
