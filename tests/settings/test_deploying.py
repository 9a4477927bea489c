from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # what Prefect reads with

from assay.errors import SettingsError
from assay.settings import deploying
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ROOT / deploying.DEPLOYMENTS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "prefect.yaml"
    shutil.copyfile(SHIPPED, target)
    return target


def deployments(path: Path) -> list[dict[str, Any]]:
    """Return them as Prefect reads them."""
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text())["deployments"]
    return found


def test_a_block_like_the_shipped_ones_is_added_and_nothing_else_changes(path: Path) -> None:
    assert deploying.add(path, "mine") == "mine"
    assert path.read_text().startswith(SHIPPED.read_text())
    *others, mine = deployments(path)
    assert others == deployments(SHIPPED)
    shipped = others[0]
    assert list(mine) == list(shipped)
    for key in ("entrypoint", "work_pool", "concurrency_limit"):
        assert mine[key] == shipped[key]
    assert mine["parameters"] == {"model": "mine"}
    assert mine["description"] == shipped["description"].replace("opinions", "mine")
    (schedule,) = mine["schedules"]
    assert list(schedule) == list(shipped["schedules"][0])
    assert schedule["active"] is False


def test_comments_of_the_shipped_block_come_along(path: Path) -> None:
    deploying.add(path, "mine")
    added = path.read_text().removeprefix(SHIPPED.read_text())
    assert "# A second retraining waits for the first." in added
    assert "# true, then `make up`, and it runs by itself" in added


def test_each_has_an_hour_of_its_own(path: Path) -> None:
    for number in range(5):
        deploying.add(path, f"model-{number}")
    models = [one for one in deployments(path) if "model" in one["parameters"]]
    crons = [one["schedules"][0]["cron"] for one in models]
    assert len(set(crons)) == 7
    assert all(re.fullmatch(r"0 \d+ \* \* 1", cron) for cron in crons)


def test_a_model_that_has_one_keeps_it(path: Path) -> None:
    renamed = path.read_text().replace("- name: fashion", "- name: clothes")
    path.write_text(renamed)
    assert deploying.add(path, "fashion") == "clothes"
    assert path.read_text() == renamed
    assert deploying.known(path) == {"opinions": "opinions", "fashion": "clothes"}


def test_where_no_file_is_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    deploying.check(path, "mine")
    assert deploying.add(path, "mine") is None
    assert deploying.known(path) == {}
    assert not path.exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: a", "name: a\n\ndeployments:\n  BLOCK"),
        ("deployments: []\npull: []\n", "deployments:\n  BLOCK\n\npull: []\n"),
        ("deployments:  # none\n# yet\n", "deployments:  # none\n# yet\n  BLOCK"),
        ("deployments:\n- name: x\n", "deployments:\n- name: x\n\nBLOCK"),
        (
            "deployments:\n    - name: x  # y\n\n# of pull\npull: []\n",
            "deployments:\n    - name: x  # y\n\n    BLOCK\n\n# of pull\npull: []\n",
        ),
    ],
)
def test_a_block_finds_its_place_in_any_file(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(before)
    assert deploying.add(path, "mine") == "mine"
    above, below = after.split("BLOCK")
    text = path.read_text()
    assert text.startswith(f"{above}- name: mine\n")
    assert text.endswith(f"and it runs by itself\n{below.removeprefix(chr(10))}")
    assert deployments(path)[-1]["parameters"] == {"model": "mine"}


def test_line_ends_of_the_file_stay(path: Path) -> None:
    before = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(before)
    deploying.add(path, "mine")
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == after.count(b"\r\n")


@pytest.mark.parametrize("name", deploying.NO_TEXT)
def test_a_name_that_yaml_takes_for_something_else_stays_text(path: Path, name: str) -> None:
    assert deploying.add(path, name) == name
    mine = deployments(path)[-1]
    assert (mine["name"], mine["parameters"]["model"]) == (name, name)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("deployments: [", "is not readable YAML"),
        ("", "is not readable YAML"),
        ("deployments: {a: 1}\n", "`deployments` is {'a': 1}"),
        ("deployments: [a]\n", "`deployments` is ['a']"),
        ("deployments: [{name: a}]\n", "no place was found"),
        ("deployments:\n  - name: a\n...\n", "no place was found"),
        ("deployments:\n  - name: mine\n", "a deployment is named 'mine'"),
    ],
)
@pytest.mark.parametrize("call", [deploying.check, deploying.add])
def test_a_file_that_cannot_be_added_to_is_refused_and_left_as_it_is(
    path: Path, content: str, found: str, call: Any
) -> None:
    path.write_text(content)
    with pytest.raises(SettingsError) as refused:
        call(path, "mine")
    assert found in refused.value.found
    assert str(path) in refused.value.found
    assert "deployment" in refused.value.expected
    assert path.read_text() == content
