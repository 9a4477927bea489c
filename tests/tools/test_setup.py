"""`make` sets the environment up from files with the hashes of the locks, and from no other.

The real Makefile, venv and pip, on a project of four packages whose wheels lie in a folder.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# Builds the project's editable wheel, so that the test needs no package from elsewhere.
BACKEND = f"""
import zipfile

WHEEL = {WHEEL!r}
METADATA = "Metadata-Version: 2.1\\nName: assay\\nVersion: 1\\n"

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "assay-1-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        for part, text in (("METADATA", METADATA), ("WHEEL", WHEEL), ("RECORD", "")):
            wheel.writestr("assay-1.dist-info/" + part, text)
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def wheel(folder: Path, name: str, version: str, *, code: str = "", requires: str = "") -> str:
    """Write a wheel; return its entry for a lock."""
    stem = f"{name}-{version}"
    file = folder / f"{stem}-py3-none-any.whl"
    about = f"{stem}.dist-info"
    wanted = f"Requires-Dist: {requires}\n" if requires else ""
    parts = {
        f"{name}.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wanted}",
        f"{about}/WHEEL": WHEEL,
    }
    with zipfile.ZipFile(file, "w") as archive:
        record = []
        for path, text in parts.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            record.append(f"{path},sha256={digest.rstrip('=')},{len(text.encode())}")
        archive.writestr(f"{about}/RECORD", "\n".join([*record, f"{about}/RECORD,,"]))
    return (
        f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"
    )


class Fresh:
    """A clone with its locks, and the folder that is its package index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a clone"
        self.index = folder / "index"
        self.folder.mkdir()
        self.index.mkdir()
        shutil.copyfile(ROOT / "Makefile", self.folder / "Makefile")
        (self.folder / "pyproject.toml").write_text(PYPROJECT)
        (self.folder / "backend.py").write_text(BACKEND)
        setuptools = wheel(self.index, "setuptools", "84")
        torch = wheel(self.index, "torch", "2", requires="nvidia_cublas==1")
        other = wheel(self.index, "other", "1")
        cuda = wheel(self.index, "nvidia_cublas", "1")
        without = wheel(self.index, "torch", "2+cpu")
        self.write("requirements.lock", other + setuptools + torch)
        self.write("requirements-cuda.lock", cuda)
        self.write("requirements-cpu.lock", without)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def make(self) -> subprocess.CompletedProcess[str]:
        mine = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "MAKE", "PYTHON"))}
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_NO_CACHE_DIR": "1"}
        return subprocess.run(
            ["make", f"PYTHON={sys.executable}", ".venv/ready"],
            cwd=self.folder,
            env={**mine, **pip, "PIP_FIND_LINKS": self.index.as_uri()},
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> set[str]:
        found = self.folder.glob(".venv/lib/python*/site-packages/*.dist-info")
        return {one.name.removesuffix(".dist-info") for one in found if "pip-" not in one.name}


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    return Fresh(tmp_path)


def test_torch_without_cuda_where_pip_finds_it(fresh: Fresh) -> None:
    done = fresh.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"assay-1", "other-1", "setuptools-84", "torch-2+cpu"} == fresh.installed()
    assert (fresh.folder / ".venv/ready").is_file()


def test_torch_and_cuda_from_an_index_that_has_no_other_build(fresh: Fresh) -> None:
    (fresh.index / "torch-2+cpu-py3-none-any.whl").unlink()
    done = fresh.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"torch-2", "nvidia_cublas-1"} < fresh.installed()


@pytest.mark.parametrize("altered", ["setuptools-84", "torch-2+cpu", "other-1"])
def test_an_altered_file_is_refused(fresh: Fresh, altered: str) -> None:
    name, version = altered.split("-")
    wheel(fresh.index, name, version, code="print('not what was locked')")
    done = fresh.make()
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert altered not in fresh.installed()
    assert not (fresh.folder / ".venv/ready").exists()


def test_what_no_lock_names_is_neither_installed_nor_overlooked(fresh: Fresh) -> None:
    wheel(fresh.index, "stowaway", "1")
    other = wheel(fresh.index, "other", "1", requires="stowaway")
    lock = (fresh.folder / "requirements.lock").read_text()
    fresh.write("requirements.lock", other + lock[lock.index("setuptools==") :])
    done = fresh.make()
    assert done.returncode != 0
    assert "other 1 requires stowaway, which is not installed" in done.stdout
    assert "stowaway-1" not in fresh.installed()
    assert not (fresh.folder / ".venv/ready").exists()
