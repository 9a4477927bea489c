"""The images: pinned, of hashed files alone, for a user without rights, from what git has."""

from __future__ import annotations

import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.deploy.found import DEPLOY, checked, health_check, instructions, last, start_command

if TYPE_CHECKING:
    from pathlib import Path

SERVING, TRAINING, PROJECT = (
    DEPLOY / name for name in ("Dockerfile", "Dockerfile.train", "Dockerfile.project")
)
FILES = (SERVING, TRAINING, PROJECT)
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def test_hadolint_finds_nothing() -> None:
    checked("hadolint", *FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_built_on_is_pinned_by_its_digest(file: Path) -> None:
    stages: set[str] = {"${SERVING}"}  # the image of the first file
    for one in instructions(file):
        if one.name == "FROM":
            image, *name = one.value.split()
            assert image in stages or DIGEST.search(image), one.value
            stages.update(name[1:])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_is_installed_but_by_its_hash(file: Path) -> None:
    for run in (one.value for one in instructions(file) if one.name == "RUN"):
        for command in re.findall(r"pip (?:--python \S+ )?(?:install|wheel) .*?(?=&&|$)", run):
            local = re.search(r"(wheels/\S+|--editable \.|--wheel-dir wheels \.) ?$", command)
            assert "--no-deps" in command, command
            assert "--require-hashes" in command or local, command


@pytest.mark.parametrize("file", [SERVING, TRAINING], ids=lambda file: file.name)
def test_the_user_of_an_image_has_a_number_and_no_rights(file: Path) -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last(file, "USER").value)
    assert last(file, "STOPSIGNAL").value == "SIGTERM"


def test_every_image_serves_by_the_same_port() -> None:
    port = last(SERVING, "EXPOSE").value
    assert start_command()[-1] == port
    assert f"'127.0.0.1', {port}" in health_check()[-1]


@pytest.mark.parametrize(
    ("file", "ignored"),
    [
        (SERVING, ROOT / ".dockerignore"),
        (TRAINING, ROOT / ".dockerignore"),
        (PROJECT, DEPLOY / "Dockerfile.project.dockerignore"),
    ],
    ids=lambda file: file.name,
)
def test_what_is_copied_is_let_in_and_nothing_else(file: Path, ignored: Path) -> None:
    lines = [line for line in ignored.read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line[0] == "!"}
    for one in instructions(file):
        if one.name == "COPY" and not one.value.startswith("--from="):
            sources = one.value.split()[:-1]
            assert let_in.issuperset(sources), one.value
            assert all((ROOT / source).exists() for source in sources if source != "releases")


def test_a_wheel_of_the_project_has_every_file_that_git_has(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {line.removeprefix("src/") for line in tracked.stdout.splitlines()}
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())
