"""What is old and named by nothing is removed, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assay.gateways import versioning
from assay.paths import LEDGER
from tests.release.project import FILES, Released

if TYPE_CHECKING:
    from collections.abc import Callable


def test_pruning_never_removes_what_a_ledger_entry_names(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    project.set("gate", floors={"accuracy": 0.999})
    project.promote(code=4)
    cache = project.folder / ".dvc/cache/files/md5"
    junk = cache / "00" / ("0" * 30)
    junk.parent.mkdir(parents=True, exist_ok=True)
    junk.write_bytes(b"nobody names this")
    # As if nothing were committed any more: the ledger and the certificates alone hold it.
    shutil.rmtree(project.folder / ".git")
    assert project.call("git", "init", "--quiet").returncode == 0
    (project.folder / "dvc.lock").unlink()
    for path in cache.rglob("*"):
        os.utime(path, (0, 0))
    before = {path for path in cache.rglob("*") if path.is_file()}
    program = "from assay.release.pruning import prune; print(prune(30))"
    done = project.call(sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    after = {path for path in cache.rglob("*") if path.is_file()}
    assert junk in before - after
    for folder in (project.release(1).bundle, Path("models"), FILES.raw, Path("data/splits")):
        shutil.rmtree(project.folder / folder, ignore_errors=True)
    restored = project.predict()
    assert "was restored from DVC" in restored.stderr
    rows = project.folder / FILES.inbox / "rows.csv"
    named = json.loads((project.folder / LEDGER).read_text().splitlines()[-1])["event"]["tested"]
    assert any(path.name == named[2:] for path in after)
    digest = versioning.md5_of(rows)
    assert cache / digest[:2] / digest[2:] in after
