from __future__ import annotations

import subprocess
import sys

import pytest

from assay.cli import COMMANDS
from tests.cli.command import assay

_HEAVY = (
    "torch transformers tokenizers accelerate mlflow prefect dvc great_expectations pandas "
    "pyarrow onnx onnxruntime sklearn scipy matplotlib numpy pydantic ruamel rich"
)
HEAVY = _HEAVY.split()


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['assay', *{words!r}]\n"
        "from assay.__main__ import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "assert not loaded, loaded\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_help_lists_every_command_and_the_exit_codes() -> None:
    answer = assay("--help")
    assert answer.code == 0
    for name, does in COMMANDS.items():
        assert f"  {name} " in answer.out
        assert does[:40] in answer.out
    assert "2 wrong usage or settings; 3 the data was refused" in answer.out.replace("\n ", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    answer = assay(name, "--help")
    assert answer.code == 0
    assert f"{name} [OPTIONS]" in answer.out
    assert "--json" in answer.out


def test_an_unknown_command_is_wrong_usage() -> None:
    answer = assay("predcit")
    assert answer.code == 2
    assert "No such command 'predcit'" in answer.err
    assert answer.out == ""


def test_outside_a_project_every_command_says_where_to_go(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    for words in (("run", "x"), ("predict", "x", "text"), ("track", "x")):
        answer = assay(*words)
        assert answer.code == 2, words
        assert "change into the folder that you cloned" in answer.err
