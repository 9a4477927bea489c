"""The locks in git: whole, pinned, by hash; and how they are made of one resolution."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tools import lock

if TYPE_CHECKING:
    from pathlib import Path

LOCKS = (lock.LOCK, lock.CPU, lock.CUDA, lock.AUDIT, lock.MUTANTS, lock.SERVICES, lock.SERVING)
WANTED = lock.ROOT / "tools/serving.in"
HEAVY = {
    "dvc",
    "great-expectations",
    "mlflow",
    "onnxruntime-gpu",
    "prefect",
    "torch",
    "transformers",
}
RESOLVED = """\
nvidia-nccl-cu13==2.29.7 ; sys_platform == 'linux' \\
    --hash=sha256:0a
torch==2.13.0 \\
    --hash=sha256:0b
tritonclient==2.73 \\
    --hash=sha256:0c
"""
CPU = """\
# Where it is from.
torch==2.13.0+cpu ; sys_platform == 'linux' \\
    --hash=sha256:0e \\
    --hash=sha256:0a
"""


def entries(text: str) -> list[tuple[Requirement, list[str]]]:
    lines = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    cut = [entry.split(" \\\n") for entry in lock.ENTRY.split(lines) if entry]
    return [(Requirement(first), rest) for first, *rest in cut]


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_every_release_is_pinned_by_the_hash_of_its_files(file: Path) -> None:
    found = entries(file.read_text(encoding="utf-8"))
    assert found
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        for one in hashes:
            assert re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}\n?", one), (requirement, one)


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = [one for one, _ in entries(lock.LOCK.read_text(encoding="utf-8"))]
    for text in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        wanted = Requirement(text)
        pins = [str(r.specifier)[2:] for r in locked if r.name == canonicalize_name(wanted.name)]
        assert pins, f"{text} is not locked: run make lock"
        assert all(wanted.specifier.contains(pin) for pin in pins), (text, pins)


def test_both_builds_of_torch_are_one_release() -> None:
    both = {r.name: hashes for r, hashes in entries(lock.LOCK.read_text(encoding="utf-8"))}
    ((cpu, hashes),) = entries(lock.CPU.read_text(encoding="utf-8"))
    assert {h.strip() for h in hashes} < {h.strip() for h in both["torch"]}
    assert f"torch{str(cpu.specifier).removesuffix('+cpu')} \\\n" in lock.LOCK.read_text()


def test_cuda_has_a_lock_of_its_own() -> None:
    packages, cuda = lock.split(RESOLVED)
    assert [entry.partition("==")[0] for entry in packages] == ["torch", "tritonclient"]
    assert [entry.partition("==")[0] for entry in cuda] == ["nvidia-nccl-cu13"]
    assert "".join(sorted([*packages, *cuda])) == RESOLVED


def test_hashes_of_the_build_without_cuda_are_added_to_torch_alone() -> None:
    packages, _ = lock.split(RESOLVED)
    torch, other = lock.with_cpu_builds(packages, CPU)
    expected = "".join(f" \\\n    --hash=sha256:{digest}" for digest in ("0a", "0b", "0e"))
    assert torch == f"torch==2.13.0{expected}\n"
    assert other == packages[1]
    assert lock.with_cpu_builds([torch, other], CPU) == [torch, other]


def test_a_tool_beside_the_project_brings_only_what_the_project_lacks() -> None:
    packages, _ = lock.split(RESOLVED)
    more = "torchmetrics==1 \\\n    --hash=sha256:0f\n"
    assert lock.missing(RESOLVED.replace("nvidia", "torch2") + more, packages)[1:] == [more]
    assert lock.missing("".join(packages), packages) == []


def test_what_serves_is_locked_as_the_project_is() -> None:
    there = lock.ENTRY.split(lock.LOCK.read_text(encoding="utf-8"))
    found = lock.ENTRY.split(lock.SERVING.read_text(encoding="utf-8"))
    assert [entry.partition("==")[0] for entry in found if entry not in there] == ["onnxruntime"]
    assert "".join(lock.among("".join(found), there)) == "".join(found)


def test_what_serves_is_of_the_project_and_brings_nothing_that_trains() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    lines = WANTED.read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if not line.startswith("#")]
    locked = {one.name for one, _ in entries(lock.SERVING.read_text(encoding="utf-8"))}
    for one in asked:
        assert canonicalize_name(one.name) in known, one
        assert canonicalize_name(one.name) in locked, f"{one} is not locked: run make lock"
        assert not one.specifier, f"{one}: versions stand in pyproject.toml"
    assert not locked & HEAVY


def test_onnxruntime_serves_without_cuda_on_every_machine() -> None:
    entry = "onnxruntime==1 ; sys_platform != 'linux' \\\n    --hash=sha256:0a\n"
    gpu = "onnxruntime-gpu==1 ; sys_platform == 'linux' \\\n    --hash=sha256:0b\n"
    assert lock.among("onnxruntime==1\n", [entry, gpu]) == [
        "onnxruntime==1 \\\n    --hash=sha256:0a\n"
    ]


@pytest.mark.parametrize("version", ["2.14.0", "2.13.00", "2.13"])
def test_a_build_without_cuda_of_another_release_is_refused(version: str) -> None:
    packages = [f"torch=={version} \\\n    --hash=sha256:0b\n"]
    with pytest.raises(SystemExit, match=rf"requirements-cpu.lock is not of torch=={version}\."):
        lock.with_cpu_builds(packages, CPU)
