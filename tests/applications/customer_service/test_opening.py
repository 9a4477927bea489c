from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from assay.applications.customer_service.opening import open_dialogue
from assay.applications.customer_service.turn import State
from assay.errors import NoRelease, SettingsError, SourceRefused, UsageError
from tests import made
from tests.applications.customer_service.test_settings import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def project(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with a built model ``reviews``, and the example's files."""
    folder = tmp_path / "project"
    shutil.copytree(made.built(checkpoint), folder)
    for name in ("service.yaml", "knowledge.csv"):
        shutil.copyfile(EXAMPLE.parent / name, folder / name)
    monkeypatch.chdir(folder)
    # The example's Chinese model has the name of the tests' own.
    return change(
        folder / "service.yaml", lambda content: content["sentiment"]["zh"].update(model="hotels")
    )


def change(path: Path, how: Change) -> Path:
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    how(content)
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)
    return path


def test_without_its_models_the_example_starts_and_says_so(project: Path) -> None:
    dialogue = open_dialogue(project)
    assert [note.partition(",")[0] for note in dialogue.notes] == [
        "there is no model intents yet",
        "there is no model opinions yet",
        "there is no model hotels yet",
    ]
    assert dialogue.turn("How can I pay?", State())[0].kind == "answer"
    dialogue.close()


def test_a_model_that_was_never_released_is_the_workspaces(project: Path) -> None:
    change(project, lambda content: content["sentiment"]["en"].update(model="reviews"))
    turn, _ = open_dialogue(project).turn("How can I pay?", State())
    assert turn.versions == {"reviews": "workspace"}


def test_a_required_model_that_is_not_there_is_refused(project: Path) -> None:
    change(project, lambda content: content["intent"].update(required=True))
    with pytest.raises(NoRelease, match="intents has neither a champion nor a bundle"):
        open_dialogue(project)


def test_labels_that_are_none_of_the_models_are_refused(project: Path) -> None:
    change(project, lambda content: content["intent"].update(model="reviews"))
    with pytest.raises(SettingsError, match="names 'talk_to_person'"):
        open_dialogue(project)
    change(project, lambda content: content.update(intent=None))
    moods = {"negative": "angry", "positive": "happy"}
    change(project, lambda content: content["sentiment"]["en"].update(model="reviews", moods=moods))
    with pytest.raises(SettingsError, match="does not say what 'neutral' stands for"):
        open_dialogue(project)


def test_a_model_of_another_kind_is_refused(project: Path) -> None:
    change(project, lambda content: content.update(language_model={"model": "reviews"}))
    with pytest.raises(UsageError, match="the model reviews opens as Classifier"):
        open_dialogue(project)


def test_a_language_without_an_entry_is_refused(project: Path) -> None:
    knowledge = project.parent / "knowledge.csv"
    lines = knowledge.read_text(encoding="utf-8").splitlines(keepends=True)
    knowledge.write_text("".join(line for line in lines if ",zh," not in line), encoding="utf-8")
    with pytest.raises(SourceRefused, match="has no entry in zh"):
        open_dialogue(project)


def test_a_turn_with_a_real_model_loads_no_torch(project: Path) -> None:
    change(project, lambda content: content["sentiment"]["en"].update(model="reviews"))
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from assay.applications.customer_service.opening import open_dialogue\n"
        "from assay.applications.customer_service.turn import State\n"
        "turn, _ = open_dialogue(Path('service.yaml')).turn('How can I pay?', State())\n"
        "assert turn.versions == {'reviews': 'workspace'}, turn\n"
        "print(sorted({'torch', 'transformers', 'mlflow', 'dvc'} & sys.modules.keys()))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=project.parent, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
