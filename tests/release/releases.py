"""A released model in a project of its own, and what its rebuild is held against."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from assay import records
from assay.gateways.versioning.lockfile import md5_of, stages_in
from assay.paths import ModelPaths
from assay.processor import processor_class
from assay.records import Trace
from assay.release.recorded import Recorded
from tests.blocks import table_settings
from tests.conftest import Project, lay_out
from tests.made import loans

MODEL = "loans"
FILES = ModelPaths(MODEL)
WRONG = "f" * 32  # as many zeros are a number in YAML
# Changes the last bits of the weights, as another order of additions would.
OTHER_ROUNDING = (
    "src/assay/learning/optimiser.py",
    r"rates = \{False: learning_rate,",
    "rates = {False: learning_rate * 1.000001,",
)


@dataclass(frozen=True)
class Released:
    """A project whose first generation was built whole, and whose inbox has changed twice since."""

    project: Project
    first: Recorded


def commit(project: Project, message: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (("add", "--all"), ("commit", "-qm", message)):
        done = project.call("git", *who, *words)
        assert done.returncode == 0, done.stderr
    return project.call("git", "rev-parse", "HEAD").stdout.strip()


def generation(project: Project, target: str) -> str:
    """Version the inbox, build, and commit; return the commit."""
    names = sorted(path.name for path in (project.folder / FILES.inbox).glob("*.csv"))
    for words in (("add", *(f"{FILES.inbox}/{name}" for name in names)), ("repro", target)):
        done = project.dvc(*words)
        assert done.returncode == 0, done.stderr + done.stdout
    return commit(project, target)


def three_generations(folder: Path) -> Released:
    """Build a model whole in a new project, then change its inbox twice."""
    block = table_settings()
    # DVC wants each parameter that dvc.yaml names to be there.
    block["validate"] = {"min_rows": 100}
    block["train"]["checkpoint"] = None
    project = lay_out(folder, {MODEL: block})
    inbox = project.folder / FILES.inbox
    loans(300).to_csv(inbox / "rows.csv", index=False)
    found = generation(project, f"evaluate@{MODEL}")
    first = Recorded(
        commit=found,
        lock=(project.folder / "dvc.lock").read_bytes(),
        inbox={f"{FILES.inbox}/rows.csv": md5_of(inbox / "rows.csv")},
        trace=records.read(project.folder / FILES.trace, Trace),
        processor=processor_class(),
        requirements_sha256="",
    )
    loans(200, seed=1).to_csv(inbox / "more.csv", index=False)
    generation(project, f"split@{MODEL}")
    loans(250, seed=2).to_csv(inbox / "rows.csv", index=False)
    for gone in ("more.csv", "more.csv.dvc"):
        (inbox / gone).unlink()
    generation(project, f"split@{MODEL}")
    return Released(project, first)


def digest(recorded: Recorded, path: Path) -> str:
    stages = stages_in(recorded.lock, Path("dvc.yaml").read_bytes(), MODEL)
    wrote = {name: md5 for stage in stages for name, md5 in stage.wrote.items()}
    return wrote[path.as_posix()]


def altered(recorded: Recorded, path: Path) -> Recorded:
    """Return the record with another digest of one output."""
    lock = recorded.lock.replace(digest(recorded, path).encode(), WRONG.encode())
    return replace(recorded, lock=lock)


def variant(released: Released, path: str, pattern: str, better: str) -> Recorded:
    """Return the first release as if it had been made by a commit in which one line differs.

    With no pattern, the file is not there in that commit.
    """
    folder = Path(tempfile.mkdtemp()) / "clone"
    project = released.project
    project.call("git", "worktree", "add", "-q", "--detach", str(folder), released.first.commit)
    try:
        if pattern:
            text, count = re.subn(pattern, better, (folder / path).read_text())
            assert count == 1
            (folder / path).write_text(text)
        else:
            (folder / path).unlink()
        return replace(released.first, commit=commit(Project(folder), "Change a line"))
    finally:
        project.call("git", "worktree", "remove", "--force", str(folder))


def state_of_the_user() -> dict[str, object]:
    """Return all of the user's that a rebuild might touch, time stamps included."""
    own = (Path(".git"), Path(".dvc/tmp"))
    files = {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in sorted(Path().rglob("*"))
        if not any(path.is_relative_to(one) for one in own)
    }
    git = [
        subprocess.run(["git", *words], check=True, capture_output=True).stdout
        for words in (("status", "--porcelain"), ("branch", "--all", "-v"), ("stash", "list"))
    ]
    names = (".git/index", ".git/HEAD", ".git/config")
    return {**files, "git": git, **{name: Path(name).read_bytes() for name in names}}
