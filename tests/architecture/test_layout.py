"""The rules of docs/architecture.md that no import contract can hold."""

from __future__ import annotations

import ast
import json
import re
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from assay.tasks import registry
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = ROOT / "src/assay"
HEAVY = {
    "accelerate",
    "dvc",
    "great_expectations",
    "matplotlib",
    "mlflow",
    "onnx",
    "onnxruntime",
    "PIL",
    "pandas",
    "prefect",
    "scipy",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
}
# A median file is a glance, and a function fits a screen.
MEDIAN_LINES, LONGEST_FUNCTION = 120, 60
TELLING = re.compile(r"\b([Rr]eads?|[Ww]rites?|[Ss]ets?)\b")


def python_files() -> Iterator[Path]:
    for folder in ("src", "flows", "tests", "bench", "tools"):
        yield from (ROOT / folder).rglob("*.py")


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_no_module_is_a_place_for_odds_and_ends() -> None:
    unwanted = {"common", "helper", "helpers", "misc", "util", "utils"}
    named = {part.removesuffix(".py") for file in python_files() for part in file.parts}
    assert named & unwanted == set()


def test_a_median_file_is_short() -> None:
    lines = [len(file.read_text(encoding="utf-8").splitlines()) for file in source_files()]
    assert statistics.median(lines) <= MEDIAN_LINES


def test_a_function_fits_a_screen() -> None:
    long = []
    for file in source_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{file.relative_to(SOURCE)}: {node.name} ({length} lines)")
    assert not long


def test_every_module_says_what_it_reads_or_writes() -> None:
    silent = []
    for file in source_files():
        words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        # A package's own module often says only what its modules have in common.
        if file.name != "__init__.py" and not re.search(
            r"\b([Rr]eads?|[Ww]rites?|[Ss]ets?)\b", words
        ):
            silent.append(str(file.relative_to(SOURCE)))
    assert not silent


def test_a_task_is_typed_without_a_cast() -> None:
    """Casts name the tensors of torch's untyped calls in networks, and nothing else."""
    casting = [
        str(file.relative_to(SOURCE))
        for file in source_files()
        if re.search(r"(?<![.\w])cast\(", file.read_text(encoding="utf-8"))
    ]
    networks = re.compile(r"tasks/\w+/(network|served|networks/\w+)\.py")
    assert [name for name in casting if not networks.fullmatch(name)] == []


def test_every_task_folder_is_in_the_one_registry() -> None:
    folders = {
        path.name for path in (SOURCE / "tasks").iterdir() if (path / "__init__.py").is_file()
    }
    assert folders == {task.folder for task in registry.TASKS}
    assert len(registry.BY_NAME) == len(registry.TASKS)


@pytest.mark.parametrize("folder", [task.folder for task in registry.TASKS])
def test_no_code_beside_its_own_names_a_task(folder: str) -> None:
    """The list of tasks alone names a task folder; everything else asks the list."""
    naming = [
        str(file.relative_to(SOURCE))
        for file in source_files()
        if f"tasks.{folder}" in file.read_text(encoding="utf-8") and folder not in file.parts
    ]
    assert naming == ["tasks/registry.py"]


def test_metrics_of_classifiers_are_known_to_classification_alone() -> None:
    """No stage, gateway, record or command names a metric, a label column or a class."""
    classification = (
        "objectives/classification/",
        "tasks/",
        "settings/classification.py",
        "bundle/classifier.py",  # the predictor of classifiers
        "monitoring/logged.py",  # what a server keeps of its answers
        "cli/predict",  # the command that asks it, and its parts
        "gateways/sources/",  # sources whose files hold labels
    )
    words = re.compile(r"macro_f1|\baccuracy\b|predicted_label|confusion")
    knowing = [
        name
        for file in source_files()
        if not (name := file.relative_to(SOURCE).as_posix()).startswith(classification)
        and words.search(file.read_text(encoding="utf-8"))
    ]
    assert knowing == []


@pytest.mark.parametrize("words", [[], ["--help"], ["run", "--help"], ["--version"]])
def test_the_command_line_starts_without_a_heavy_library(words: list[str]) -> None:
    program = (
        "import json, sys, assay.cli, assay.__main__\n"
        f"sys.argv = ['assay', *{words!r}]\n"
        "try:\n"
        f"    {bool(words)} and assay.__main__.main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "sys.stderr.write(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stderr)) & HEAVY == set()


def test_naming_every_task_loads_no_heavy_library() -> None:
    program = "import sys, assay.tasks.registry; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & HEAVY == set()
