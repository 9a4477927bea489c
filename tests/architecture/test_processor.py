"""What is run a second time, held to AVX2 (docs/architecture.md, "Every processor")."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# What computes on the processor, or chooses by it.
COMPUTING = re.compile(
    r"assay\.(processor|bundle\.session|bundle\.serving|bundle\.writing|gateways\.onnx|tasks\.bundles"
    r"|learning\.(loop|precision|muon|lookahead|optimiser|probe|resumption|identity)"
    r"|tasks\.\w+\.(train|export|network|networks|parity|evaluate|robustness|importance))\b"
)

# They name the class of processor and leave computing to the stages, which
# `end_to_end/test_rebuild.py` runs twice.
NAMING = {"tests/release/test_rebuild.py", "tests/release/test_register.py"}
MARKED = re.compile(r"^pytestmark = .*\bpytest\.mark\.processor\b", re.MULTILINE)


def _imported(file: Path) -> set[str]:
    """Return the dotted names that the module imports, inside of functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_what_computes_on_the_processor_is_marked() -> None:
    unmarked = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("test_*.py")
        if any(map(COMPUTING.match, _imported(file)))
        and not MARKED.search(file.read_text(encoding="utf-8"))
    }
    assert unmarked == NAMING
