"""The workspace's model that is measured, and a throw-away project built from a slice of it.

Reads the workspace's pipeline, settings and splits. Writes the throw-away folder alone.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from assay.errors import MissingFile, SettingsError, StageFailed
from assay.paths import PARAMS, PIPELINE, SUITES, ModelPaths
from assay.tasks import registry
from assay.tasks.text_classification.settings import TextClassificationModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assay.settings.schema import Model

MODEL = "opinions"
IMAGES = "fashion"
SLICE = "slice"
COPIED = (PIPELINE, Path(".dvcignore"), Path(".gitignore"), SUITES)
SOURCE = Path("src")
BENCH = Path(__file__).parent.parent


def workspace(*needed: Path, model: str = MODEL) -> ModelPaths:
    """Return the files of the measured model, of which ``needed`` must be there.

    Raises:
        MissingFile: one of them is not.

    """
    if absent := [str(path) for path in needed if not path.exists()]:
        raise MissingFile(
            f"there is no {' and no '.join(absent)}",
            expected=f"a workspace in which {model} was built",
            cure=f"make run MODEL={model}",
        )
    return ModelPaths(model)


def settings() -> TextClassificationModel:
    """Return the measured model's settings.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`; or it is a model
            of another task.

    """
    found = registry.load_model(MODEL)
    if not isinstance(found, TextClassificationModel):
        raise other_task(MODEL, found, "text-classification")
    return found


def other_task(name: str, found: Model, expected: str) -> SettingsError:
    """Return the refusal of a model whose task is not the one that is measured."""
    return SettingsError(
        f"the model {name} is of the task {found.kind}",
        expected=expected,
        cure=f"measure in a workspace whose {name} is the one of Assay's own {PARAMS}",
    )


def spread_out(table: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return ``rows`` rows, evenly spread over the table: the same ones each time."""
    places = np.linspace(0, len(table) - 1, min(rows, len(table))).astype(int)
    return table.iloc[places].reset_index(drop=True)


def held_out_texts(files: ModelPaths, count: int) -> list[str]:
    """Return so many texts of a model's test split, evenly spread: the same ones each time."""
    rows = pd.read_parquet(files.split("test"), columns=["text"])
    return [str(text) for text in spread_out(rows, count)["text"]]


@dataclass(frozen=True)
class Project:
    """A throw-away folder that is an Assay project with one model, ``slice``."""

    folder: Path

    def seconds(self, *words: str) -> float:
        """Return the wall time of a command, which must succeed."""
        started = time.perf_counter()
        self.call(*words)
        return time.perf_counter() - started

    def call(self, *words: str) -> str:
        """Run a command of this virtual environment; return its standard output.

        Raises:
            StageFailed: it did not end with 0.

        """
        answer = subprocess.run(
            words,
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise StageFailed(
                f"{' '.join(words)} ended with code {answer.returncode} in {self.folder}: "
                + (answer.stderr or answer.stdout).strip()[-2000:]
            )
        return answer.stdout


def lay_out(folder: Path, rows: pd.DataFrame, *, stage_command: str) -> Project:
    """Make a project: this pipeline, one epoch, ``rows`` in the inbox, under git and DVC.

    ``stage_command`` takes the place of ``python -m assay.stages`` in its ``dvc.yaml``.
    """
    _copy_pipeline(folder, stage_command)
    _one_model(folder / PARAMS)
    inbox = folder / ModelPaths(SLICE).inbox
    inbox.mkdir(parents=True)
    rows.drop(columns="id").to_parquet(inbox / "rows.parquet", index=False)
    return _committed(folder)


def from_examples(folder: Path, *examples: Path, stage_command: str) -> Project:
    """Make a project to which ``assay new --from`` has added the models of examples.

    Raises:
        MissingFile: one of them is not there.

    """
    for example in examples:
        if not example.is_file():
            raise MissingFile(
                f"there is no {example}",
                expected="a clone of Assay, with its examples",
                cure=f"take it from git: git checkout {example.parent}",
            )
    _copy_pipeline(folder, stage_command)
    shutil.copyfile(PARAMS, folder / PARAMS)
    # `make` and `assay new` make it, and an empty folder is not in git.
    (folder / ModelPaths(MODEL).inbox).mkdir(parents=True)
    for example in examples:
        shutil.copyfile(example, folder / example.name)
    project = _committed(folder)
    for example in examples:
        project.call(script("assay"), "new", example.stem, "--from", example.name)
    return project


def change(
    project: Project,
    model: str,
    changes: Mapping[str, Mapping[str, Any]],
    *,
    labels: Sequence[str] | None = None,
) -> None:
    """Write ``changes``, by block, into a model's settings; ``labels`` in place of its own."""
    with _models(project) as models:
        for block, values in changes.items():
            models[model][block] |= values
        if labels is not None:
            # Quoted: DVC takes a plain yes or no for a truth value.
            models[model]["labels"] = [DoubleQuotedScalarString(label) for label in labels]


def replace_training(project: Project, model: str, train: Mapping[str, Any]) -> None:
    """Let a model learn as ``train`` says, and by its defaults where it says nothing."""
    with _models(project) as models:
        models[model]["train"] = dict(train)


def copy_model(project: Project, model: str, name: str) -> None:
    """Add a model with another one's settings, and its empty inbox, which DVC wants to see."""
    (project.folder / ModelPaths(name).inbox).mkdir(parents=True, exist_ok=True)
    with _models(project) as models:
        models[name] = copy.deepcopy(models[model])


@contextmanager
def _models(project: Project) -> Iterator[Any]:
    """Yield the models of ``params.yaml``, and write what was done to them."""
    yaml, target = YAML(), project.folder / PARAMS
    # A label such as "card_lost?" must keep its quotes: DVC reads YAML by the older rules.
    yaml.preserve_quotes = True
    document = yaml.load(target.read_text(encoding="utf-8"))
    yield document["models"]
    with target.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)


def _copy_pipeline(folder: Path, stage_command: str) -> None:
    folder.mkdir(parents=True)
    for path in COPIED:
        if path.is_dir():
            shutil.copytree(path, folder / path)
        else:
            shutil.copyfile(path, folder / path)
    shutil.copytree(SOURCE, folder / SOURCE, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copyfile(Path(".dvc") / name, folder / ".dvc" / name)
    pipeline = folder / PIPELINE
    written = pipeline.read_text(encoding="utf-8")
    pipeline.write_text(written.replace("python -m assay.stages", stage_command), encoding="utf-8")


def _committed(folder: Path) -> Project:
    project = Project(folder)
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "Start")):
        project.call("git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words)
    return project


def _one_model(target: Path) -> None:
    """Write the measured model's settings under another name, to learn from the inbox alone."""
    yaml = YAML()
    settings = yaml.load(PARAMS.read_text(encoding="utf-8"))["models"][MODEL]
    settings["ingest"] |= {"source": None, "text": "text", "label": "label", "limit": None}
    settings["train"]["epochs"] = 1
    with target.open("w", encoding="utf-8") as stream:
        yaml.dump({"models": {SLICE: settings}}, stream)


def script(name: str) -> str:
    """Return the path of a command of this virtual environment."""
    return str(Path(sys.executable).with_name(name))


def environment() -> dict[str, str]:
    """Return a user's environment with this virtual environment in front, and ``bench`` at hand."""
    kept = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    modules: Sequence[str] = [str(BENCH), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PATH": path, "PYTHONPATH": os.pathsep.join(modules)}
