"""dvc.yaml against artifacts.py, the settings and the real imports of every stage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grimp
import pytest
from ruamel.yaml import YAML

from assay import artifacts
from assay.settings import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MODELS = ("opinions", "fashion")

# What a stage may import without naming it: a change here cannot change what a stage writes.
HARMLESS = (
    "assay.artifacts.",  # names of files; DVC sees for itself when one moves
    "assay.errors.",  # words of refusals
    "assay.gateways.tracking.",  # the journal, which no stage reads
    "assay.progress.",  # what a terminal shows
    "assay.quiet.",  # analytics off
    "assay.settings.",  # DVC compares the values that it reads
)
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


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """Each shipped model's name."""
    return str(request.param)


@pytest.fixture(scope="module")
def stages(model: str) -> dict[str, Any]:
    """The body of every stage, as if written out for one model."""
    task = reading.load_model(ROOT / "params.yaml", model).task
    text = (ROOT / "dvc.yaml").read_text().replace("${key}", model).replace("${item.task}", task)
    return {name: entry["do"] for name, entry in YAML(typ="safe").load(text)["stages"].items()}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("assay", exclude_type_checking_imports=True, cache_dir=None)


def paths(stage: dict[str, Any], *kinds: str) -> list[Path]:
    """Return the paths of a stage's entries; one with options is a mapping of one key."""
    entries = [entry for kind in kinds for entry in stage.get(kind, ())]
    return [Path(next(iter(entry)) if isinstance(entry, dict) else entry) for entry in entries]


def outputs(stage: dict[str, Any]) -> list[Path]:
    return paths(stage, "outs", "metrics", "plots")


def is_below(path: Path, folders: list[Path]) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)


def known(model: str) -> set[Path]:
    """Every path of one model that artifacts.py writes down."""
    files = artifacts.Artifacts(model)
    properties = [
        name for name, value in vars(artifacts.Artifacts).items() if isinstance(value, property)
    ]
    splits = {files.split(name) for name in artifacts.SPLITS}
    suites = {path.relative_to(ROOT) for path in (ROOT / artifacts.SUITES).glob("*.yaml")}
    return {getattr(files, name) for name in properties} | splits | suites


def test_dvc_has_the_stages_of_artifacts_each_with_its_file(
    stages: dict[str, Any], model: str
) -> None:
    assert tuple(stages) == artifacts.STAGES
    for stage in artifacts.STAGES:
        assert stages[stage]["cmd"] == f"exec python -m assay.stages {stage} {model}"
        assert (ROOT / f"src/assay/stages/{stage}.py").is_file()


@pytest.mark.parametrize("stage", artifacts.STAGES)
def test_artifacts_knows_every_path_of_a_stage(
    stages: dict[str, Any], stage: str, model: str
) -> None:
    files = artifacts.Artifacts(model)
    data = [path for path in paths(stages[stage], "deps") if path.parts[0] != "src"]
    found = {
        files.plots if path.parent == files.plots else path
        for path in [*data, *outputs(stages[stage])]
    }
    assert found - known(model) == set()


@pytest.mark.parametrize("stage", artifacts.STAGES)
def test_a_stage_reads_what_is_there_or_what_a_stage_before_it_wrote(
    stages: dict[str, Any], stage: str
) -> None:
    before = artifacts.STAGES[: artifacts.STAGES.index(stage)]
    made = [path for name in before for path in outputs(stages[name])]
    given = [artifacts.INBOX, artifacts.SUITES]
    for path in paths(stages[stage], "deps"):
        if path.parts[0] == "src":
            assert (ROOT / path).exists(), path
        else:
            assert is_below(path, made + given), path


def test_no_two_stages_write_the_same(stages: dict[str, Any]) -> None:
    made = [path for stage in stages.values() for path in outputs(stage)]
    for path in made:
        assert sum(is_below(path, [other]) for other in made) == 1, path


@pytest.mark.parametrize("stage", artifacts.STAGES)
def test_a_stage_names_settings_that_exist(stages: dict[str, Any], stage: str, model: str) -> None:
    settings = reading.load_model(ROOT / "params.yaml", model).model_dump(by_alias=True)
    for parameter in stages[stage]["params"]:
        value: Any = {"models": {model: settings}}
        for key in parameter.split("."):
            assert key in value, parameter
            value = value[key]


def is_harmless(module: str) -> bool:
    return module == "assay" or f"{module}.".startswith(HARMLESS)


def used_by(stage: str, graph: grimp.ImportGraph) -> set[str]:
    """Return the modules that a stage imports, at any distance, and those of every task's part."""
    tasks = [
        f"{folder}.{stage}"
        for folder in graph.find_children("assay.tasks")
        if f"{folder}.{stage}" in graph.modules
    ]
    assert tasks, f"no task has a module {stage}"
    waiting = [f"assay.stages.{stage}", *tasks]
    used: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in used or is_harmless(module):
            continue
        used.add(module)
        waiting.extend(graph.find_modules_directly_imported_by(module))
    return used


def file_of(module: str) -> Path:
    base = Path("src", *module.split("."))
    return base / "__init__.py" if (ROOT / base).is_dir() else base.with_suffix(".py")


@pytest.mark.parametrize("stage", artifacts.STAGES)
def test_a_stage_depends_on_all_the_code_that_it_runs(
    stages: dict[str, Any], graph: grimp.ImportGraph, stage: str
) -> None:
    named = paths(stages[stage], "deps")
    used = {file_of(module) for module in used_by(stage, graph)}
    lacking = sorted(str(path) for path in used if not is_below(path, named))
    assert not lacking, f"add to the deps of {stage} in dvc.yaml: {', '.join(lacking)}"


@pytest.mark.parametrize("stage", artifacts.STAGES)
def test_a_stage_depends_on_no_code_that_it_never_runs(
    stages: dict[str, Any], graph: grimp.ImportGraph, stage: str
) -> None:
    used = [file_of(module) for module in used_by(stage, graph)]
    code = [path for path in paths(stages[stage], "deps") if path.parts[0] == "src"]
    idle = [str(path) for path in code if not any(is_below(file, [path]) for file in used)]
    assert not idle, f"remove from the deps of {stage} in dvc.yaml: {', '.join(idle)}"


def python_files() -> Iterator[Path]:
    for folder in ("src", "flows", "tests", "bench"):
        yield from (ROOT / folder).rglob("*.py")


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"common", "helper", "helpers", "misc", "util", "utils"}
    named = {part.removesuffix(".py") for file in python_files() for part in file.parts}
    assert named & drawers == set()


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
