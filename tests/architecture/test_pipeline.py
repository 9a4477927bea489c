"""dvc.yaml against paths.py, the settings and the real imports of every stage."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grimp
import pytest
from ruamel.yaml import YAML

from assay import paths as places
from assay.paths import STAGES, ModelPaths
from assay.tasks import registry
from tests.conftest import ROOT

if TYPE_CHECKING:
    from assay.settings.schema import Model

MODELS = ("opinions", "fashion")

# What a stage may import without naming it: a change here cannot change what a stage writes.
HARMLESS = (
    "assay.cores.",  # how many processes look at images, each on its own
    "assay.environment.",  # analytics off
    "assay.errors.",  # words of refusals
    "assay.files.",  # atomic writes and digests
    "assay.gateways.fetching.",  # who asks for a file compares its digest
    "assay.gateways.tracking.",  # the journal, which no stage reads
    "assay.gateways.versioning.",  # finds what DVC kept, and checks it by its digest
    "assay.logs.",  # levels of other libraries' loggers
    "assay.modalities.targets.",  # a protocol, and the pair that it returns
    "assay.paths.",  # names of files; DVC sees for itself when one moves
    "assay.progress.",  # what a terminal shows
    "assay.settings.",  # DVC compares the values that it reads
    "assay.tasks.registry.",  # the list of tasks, of which a model has one
    "assay.tasks.task.",  # the abstract class
    "assay.verdicts.",  # what the gate says, which no stage asks
)
# Packages that hold nothing but a sentence.
EMPTY = {"assay", "assay.gateways", "assay.learning", "assay.modalities", "assay.objectives"}
EMPTY |= {"assay.reporting", "assay.settings", "assay.stages", "assay.tasks"}
# The methods of a task that each stage calls.
METHODS = {
    "ingest": {"ingest"},
    "validate": {"measure"},
    "split": {"split"},
    "train": {"training_digest", "train"},
    "export": {"export"},
    "evaluate": {"evaluate"},
}

# What the methods that look at rows call beside these.
TARGETS = {"_targets"}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """Each shipped model's name."""
    return str(request.param)


@pytest.fixture(scope="module")
def settings(model: str) -> Model:
    return registry.load_model(model, ROOT / "params.yaml")


@pytest.fixture(scope="module")
def stages(model: str, settings: Model) -> dict[str, Any]:
    """The body of every stage, as if written out for one model."""
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    for name, value in {
        "key": model,
        "item.data": settings.data,
        "item.task": settings.task,
    }.items():
        text = text.replace(f"${{{name}}}", value)
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
    """Every path of one model that paths.py writes down."""
    files = ModelPaths(model)
    properties = [name for name, value in vars(ModelPaths).items() if isinstance(value, property)]
    splits = {files.split(name) for name in places.SPLITS}
    suites = {path.relative_to(ROOT) for path in (ROOT / places.SUITES).glob("*.yaml")}
    return {getattr(files, name) for name in properties} | splits | suites


def test_dvc_has_the_stages_of_paths_each_with_its_file(stages: dict[str, Any], model: str) -> None:
    assert tuple(stages) == STAGES
    for stage in STAGES:
        assert stages[stage]["cmd"] == f"exec python -m assay.stages {stage} {model}"
        assert (ROOT / f"src/assay/stages/{stage}.py").is_file()


@pytest.mark.parametrize("stage", STAGES)
def test_paths_knows_every_path_of_a_stage(stages: dict[str, Any], stage: str, model: str) -> None:
    data = [path for path in paths(stages[stage], "deps") if path.parts[0] != "src"]
    assert {*data, *outputs(stages[stage])} - known(model) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_what_is_there_or_what_a_stage_before_it_wrote(
    stages: dict[str, Any], stage: str
) -> None:
    before = STAGES[: STAGES.index(stage)]
    made = [path for name in before for path in outputs(stages[name])]
    given = [places.INBOX, places.SUITES]
    for path in paths(stages[stage], "deps"):
        if path.parts[0] == "src":
            assert (ROOT / path).exists(), path
        else:
            assert is_below(path, made + given), path


def test_no_two_stages_write_the_same(stages: dict[str, Any]) -> None:
    made = [path for stage in stages.values() for path in outputs(stage)]
    for path in made:
        assert sum(is_below(path, [other]) for other in made) == 1, path


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_settings_that_exist(
    stages: dict[str, Any], stage: str, model: str, settings: Model
) -> None:
    for parameter in stages[stage]["params"]:
        value: Any = {"models": {model: settings.model_dump(by_alias=True)}}
        for key in parameter.split("."):
            assert key in value, parameter
            value = value[key]


def is_harmless(module: str) -> bool:
    return module in EMPTY or f"{module}.".startswith(HARMLESS)


def called_by(stage: str, task: str) -> set[str]:
    """Return the modules that a task's methods for a stage import when they are called."""
    tree = ast.parse((ROOT / f"src/assay/tasks/{task}/__init__.py").read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert {one.name for one in functions} >= METHODS[stage]
    wanted = METHODS[stage] | (TARGETS if stage in ("validate", "split") else set())
    called = [one for one in functions if one.name in wanted]
    imports = [node for one in called for node in ast.walk(one) if isinstance(node, ast.ImportFrom)]
    names = {f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    return names | {str(node.module) for node in imports}


def used_by(stage: str, task: str, graph: grimp.ImportGraph) -> set[str]:
    """Return the modules that a stage of one task imports, at any distance."""
    start = {name for name in called_by(stage, task) if name in graph.modules}
    waiting = [f"assay.stages.{stage}", f"assay.tasks.{task}", *start]
    used: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in used or is_harmless(module):
            continue
        used.add(module)
        if module != f"assay.tasks.{task}":
            waiting.extend(graph.find_modules_directly_imported_by(module))
    return used


def file_of(module: str) -> Path:
    base = Path("src", *module.split("."))
    return base / "__init__.py" if (ROOT / base).is_dir() else base.with_suffix(".py")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_that_it_runs(
    stages: dict[str, Any], graph: grimp.ImportGraph, stage: str, settings: Model
) -> None:
    named = paths(stages[stage], "deps")
    task = registry.task_of(settings).folder
    used = {file_of(module) for module in used_by(stage, task, graph)}
    lacking = sorted(str(path) for path in used if not is_below(path, named))
    assert not lacking, f"add to the deps of {stage} in dvc.yaml: {', '.join(lacking)}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_no_code_that_it_never_runs(
    stages: dict[str, Any], graph: grimp.ImportGraph, stage: str, settings: Model
) -> None:
    task = registry.task_of(settings).folder
    used = [file_of(module) for module in used_by(stage, task, graph)]
    code = [path for path in paths(stages[stage], "deps") if path.parts[0] == "src"]
    idle = [str(path) for path in code if not any(is_below(file, [path]) for file in used)]
    assert not idle, f"remove from the deps of {stage} in dvc.yaml: {', '.join(idle)}"
