from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from assay import cores

if TYPE_CHECKING:
    from pathlib import Path


def control_groups(folder: Path, lines: str, files: dict[str, str]) -> int:
    """Return what is found where ``lines`` name the process's groups and ``files`` bound them."""
    for name, content in files.items():
        (folder / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "groups" / name).write_text(content)
    (folder / "own").write_text(lines)
    return cores.usable(folder / "groups", folder / "own")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a machine of eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("200000 100000\n", 2), ("150000 100000\n", 2), ("5000 100000\n", 1), ("max 100000\n", 8)],
)
def test_a_quota_bounds_the_cores(tmp_path: Path, quota: str, expected: int) -> None:
    assert control_groups(tmp_path, "0::/a/b\n", {"a/b/cpu.max": quota}) == expected


def test_the_tightest_group_around_counts(tmp_path: Path) -> None:
    files = {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}
    assert control_groups(tmp_path, "0::/a/b\n", files) == 3


def test_a_container_finds_its_own_group_at_the_root(tmp_path: Path) -> None:
    assert control_groups(tmp_path, "0::/not/here\n", {"cpu.max": "100000 100000\n"}) == 1


def test_control_groups_of_version_1_are_read(tmp_path: Path) -> None:
    lines = "5:memory:/m\n4:cpu,cpuacct:/a\n0::/\n"
    files = {"cpu,cpuacct/a/cpu.cfs_quota_us": "400000\n"}
    files["cpu,cpuacct/a/cpu.cfs_period_us"] = "100000\n"
    assert control_groups(tmp_path, lines, files) == 4
    files["cpu,cpuacct/a/cpu.cfs_quota_us"] = "-1\n"
    assert control_groups(tmp_path, lines, files) == 8


def test_a_quota_above_the_affinity_adds_no_core(tmp_path: Path) -> None:
    assert control_groups(tmp_path, "0::/\n", {"cpu.max": "6400000 100000\n"}) == 8


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert cores.usable(tmp_path / "none", tmp_path / "none") == 8


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="there is no affinity here")
def test_a_process_that_is_held_to_one_core_finds_one() -> None:
    script = (
        "import os; from assay import cores; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(cores.usable())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "1\n"
