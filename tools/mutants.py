"""Change code that decides something in small ways, and see what tests notice: ``make mutants``.

Reads ``[tool.mutmut]`` in ``pyproject.toml``, which names the files and their tests, and ``src``.
Writes the folder ``mutants`` (a copy of both, with mutmut's results), which is in no repository.
Names of files given as arguments (or parts of them) limit the run to these.

Exit code 1: fewer than nine tenths of the mutants were noticed. ``docs/mutants.md`` says of those
that live why they may.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAST = 0.9
# mutmut's words. It says "timeout" too where a process ended with -1: that proves nothing.
NOTICED = {"killed", "segfault"}
LINE = re.compile(
    r"^\s*(?P<name>\S+)\.(?P<function>x[_ǁ]\S+__mutmut_\d+): (?P<state>.+)$", re.MULTILINE
)

Results = dict[str, dict[str, str]]


def main() -> int:
    """Run, then print a line a file and the mutants that live; return the exit code."""
    modules = chosen(sys.argv[1:])
    patterns = [f"{module}.*" for module in modules] if sys.argv[1:] else []
    # Mutants may leave anything behind: their folders are their own.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        if _mutmut("run", "--max-children", "2", *patterns).returncode != 0:
            raise SystemExit("mutmut could not run: the tests must pass as they are first")
    found = read(_mutmut("results", "--all", "True", capture=True).stdout)
    found = {module: found.get(module, {}) for module in modules}
    for line in table(found):
        print(line)
    return 0 if share(found) >= LEAST else 1


def chosen(parts: list[str]) -> list[str]:
    """Return the modules that ``pyproject.toml`` names: all, or those whose file holds a part."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    files = settings["tool"]["mutmut"]["only_mutate"]
    some = [file for file in files if not parts or any(part in file for part in parts)]
    if not some:
        raise SystemExit(f"no file of [tool.mutmut] only_mutate holds {' or '.join(parts)}")
    return [file.removeprefix("src/").removesuffix(".py").replace("/", ".") for file in some]


def _mutmut(*words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, cwd=ROOT, check=False, text=True, capture_output=capture)


def read(results: str) -> Results:
    """Take ``mutmut results`` apart: the state of each mutant, by its module."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for line in LINE.finditer(results):
        found[line["name"]][line["function"]] = line["state"]
    return dict(found)


def share(found: Results) -> float:
    """Return the share of mutants that were noticed; of none, none was."""
    states = [state for mutants in found.values() for state in mutants.values()]
    return sum(state in NOTICED for state in states) / max(len(states), 1)


def table(found: Results) -> list[str]:
    """Return Markdown: how many mutants of each module there were, and were noticed; the rest."""
    lines = ["| module | mutants | noticed | share |", "| --- | ---: | ---: | ---: |"]
    for module, mutants in found.items():
        noticed = sum(
            count for state, count in Counter(mutants.values()).items() if state in NOTICED
        )
        lines.append(f"| {module} | {len(mutants)} | {noticed} | {share({module: mutants}):.1%} |")
    total = sum(map(len, found.values()))
    lines += [f"| all | {total} | {round(share(found) * total)} | {share(found):.1%} |", ""]
    return lines + [
        f"{module}.{name}: {state}"
        for module, mutants in found.items()
        for name, state in mutants.items()
        if state not in NOTICED
    ]


if __name__ == "__main__":
    sys.exit(main())
