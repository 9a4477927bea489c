from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.applications.customer_service.serving import service
from tests.applications.customer_service.small import COMPANY, lay_out
from tests.made import lay_out_plain

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = lay_out_plain(tmp_path_factory.mktemp("service"), {})
    lay_out(folder)
    return folder


def ask(address: str, **headers: str) -> tuple[int, bytes]:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", "/service/about", headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_it_says_where_it_is_answers_and_ends(project: Path) -> None:
    with service(project, "service.yaml") as address:
        status, body = ask(address)
        assert (status, json.loads(body)["company"]) == (200, COMPANY)
        assert json.loads(body)["agent"] is True
        assert ask(address, host="evil.example")[0] == 403
        assert ask(address, origin="https://evil.example")[0] == 403


def test_a_program_is_told_the_same(project: Path) -> None:
    with service(project, "service.yaml", "--json") as address:
        assert ask(address)[0] == 200


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["nowhere.yaml"], "there is no file nowhere.yaml"),
        (["service.yaml", "--host", "192.0.2.1"], "is open to other machines"),
        (["service.yaml", "--port", "0"], "0 is not in the range"),
    ],
)
def test_wrong_words_are_refused(project: Path, words: list[str], found: str) -> None:
    command = [sys.executable, "-m", "assay", "service", *words]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert found in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_example_company_is_opened_where_no_file_is_named(project: Path) -> None:
    command = [sys.executable, "-m", "assay", "service"]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "examples/customer_service/service.yaml" in answer.stderr
