"""How the results of a run over mutants are read, counted and shown."""

from __future__ import annotations

import tomllib

import pytest

from tests.conftest import ROOT
from tools import mutants

# Lines that `mutmut results --all True` printed, one of each kind.
RESULTS = """
    assay.files.x_sha256__mutmut_1: killed
    assay.files.x__is_full__mutmut_2: survived
    assay.files.x_remove__mutmut_3: timeout
    assay.objectives.classification.precision.xǁTrialǁtimings__mutmut_57: no tests
"""


def test_results_are_read_by_module() -> None:
    found = mutants.read(RESULTS)
    assert {module: len(states) for module, states in found.items()} == {
        "assay.files": 3,
        "assay.objectives.classification.precision": 1,
    }
    assert found["assay.files"]["x__is_full__mutmut_2"] == "survived"


def test_what_no_test_reaches_was_not_noticed() -> None:
    found = mutants.read(RESULTS)
    assert mutants.share(found) == 0.25
    assert mutants.share({}) == 0
    assert mutants.share({"module": {}}) == 0
    assert mutants.table(found) == [
        "| module | mutants | noticed | share |",
        "| --- | ---: | ---: | ---: |",
        "| assay.files | 3 | 1 | 33.3% |",
        "| assay.objectives.classification.precision | 1 | 0 | 0.0% |",
        "| all | 4 | 1 | 25.0% |",
        "",
        "assay.files.x__is_full__mutmut_2: survived",
        "assay.files.x_remove__mutmut_3: timeout",
        "assay.objectives.classification.precision.xǁTrialǁtimings__mutmut_57: no tests",
    ]


def test_files_are_chosen_by_a_part_of_their_name() -> None:
    assert "assay.files" in mutants.chosen([])
    some = mutants.chosen(["split", "precision"])
    assert "assay.modalities.text.split" in some
    assert "assay.objectives.classification.precision" in some
    assert "assay.files" not in some
    with pytest.raises(SystemExit, match="only_mutate holds nowhere"):
        mutants.chosen(["nowhere"])


def test_every_file_and_test_of_the_setting_is_there() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for key in ("only_mutate", "pytest_add_cli_args_test_selection"):
        for name in settings["tool"]["mutmut"][key]:
            assert (ROOT / name).exists(), name
