"""A project with a built model, under git, whose challengers are built in seconds."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from assay.paths import LEDGER, ModelPaths, ReleasePaths
from tests.blocks import table_settings
from tests.conftest import Project, lay_out
from tests.made import loans

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

MODEL = "loans"
FILES = ModelPaths(MODEL)
WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org")


@dataclass(frozen=True)
class Released(Project):
    """A project of one model, and what a test asks of it."""

    model: str = MODEL

    def promote(self, code: int = 0, **environment: str) -> dict[str, Any]:
        """Call `assay promote`; return its answer to a program."""
        return self.answer("promote", self.model, code=code, **environment)

    def answer(self, *words: str, code: int = 0, **environment: str) -> dict[str, Any]:
        done = self.assay(*words, "--json", **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def refused(self, *words: str, code: int = 3) -> str:
        """Call a command that must refuse; return what it said."""
        done = self.assay(*words)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def set(self, block: str, **changes: Any) -> None:
        """Change settings of the model, and commit them."""
        path = self.folder / "params.yaml"
        yaml = YAML()
        content = yaml.load(path)
        content["models"][self.model].setdefault(block, {}).update(changes)
        with path.open("w", encoding="utf-8") as stream:
            yaml.dump(content, stream)
        self.commit("Change settings")

    def build(self) -> None:
        done = self.assay("run", self.model)
        assert done.returncode == 0, done.stdout + done.stderr

    def commit(self, message: str) -> str:
        for words in (("add", "--all"), ("commit", "-qm", message)):
            done = self.call("git", *WHO, *words)
            assert done.returncode == 0, done.stdout + done.stderr
        return self.call("git", "rev-parse", "HEAD").stdout.strip()

    def lines(self) -> list[dict[str, Any]]:
        """Return the ledger's lines."""
        path = self.folder / LEDGER
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def release(self, version: int) -> ReleasePaths:
        """Return the paths of a release, from the project's root."""
        return ReleasePaths(self.model, version)

    def alias(self) -> str:
        """Return the SHA-256 of the bundle that MLflow's alias `champion` names."""
        program = (
            "from mlflow import MlflowClient; c = MlflowClient('sqlite:///mlruns/mlflow.db'); "
            f"print(c.get_model_version_by_alias('{self.model}', 'champion').tags['assay.bundle'])"
        )
        done = self.call("python", "-c", program)
        return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else ""

    def predict(self, **environment: str) -> subprocess.CompletedProcess[str]:
        row = '{"age": 40, "debt": 1000, "job": "nurse", "branch": "north"}'
        return self.assay("predict", MODEL, row, **environment)

    def copy(self, target: Path) -> Released:
        """Return a copy of the whole project in another folder."""
        shutil.copytree(self.folder, target, symlinks=True)
        return Released(target, self.model)


def settings(**changes: Any) -> dict[str, Any]:
    """Return a block that DVC's pipeline and the gate ask for, with a wide margin."""
    block = table_settings()
    block["validate"] = {"min_rows": 100}
    block["train"]["checkpoint"] = None
    block["gate"] = {"margin": 0.1, "slice_margin": 0.2, "bootstrap": 200, **changes}
    block["retrain"] = {"min_new_rows": 50}
    return block


def make(folder: Path) -> Released:
    """Make a project of one model, built and committed, with a key to sign with."""
    project = laid_out(folder, MODEL, settings())
    loans(1500).to_csv(folder / FILES.inbox / "rows.csv", index=False)
    project.build()
    project.commit("Build")
    return project


def laid_out(folder: Path, model: str, block: Mapping[str, Any]) -> Released:
    """Make a project of one model without data, with a key to sign with."""
    project = Released(lay_out(folder, {model: block}).folder, model)
    shutil.copyfile(Path(__file__).parents[2] / "requirements.lock", folder / "requirements.lock")
    project.assay("doctor", "--fix")
    return project
