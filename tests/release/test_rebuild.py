"""A released model is built again from its commit: with real git, DVC, stages and processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assay.errors import InputRefused, UsageError
from assay.gateways.versioning.lockfile import md5_of, stages_in
from assay.gateways.versioning.worktree import PREFIX
from assay.paths import STAGES, ModelPaths
from assay.processor import processor_class
from assay.release.outcome import EXIT_CODES, Outcome
from assay.release.rebuild import PROVES, Recorded, rebuild
from tests.conftest import Project, lay_out
from tests.gateways.versioning.made import alive, until
from tests.made import loans, table_settings

pytestmark = pytest.mark.processor

MODEL = "loans"
FILES = ModelPaths(MODEL)
OTHER = "GenuineIntel avx2"
WRONG = "f" * 32  # as many zeros are a number in YAML


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


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    block = table_settings()
    # DVC wants each parameter that dvc.yaml names to be there.
    block["validate"] = {"min_rows": 100}
    block["train"]["checkpoint"] = None
    project = lay_out(tmp_path_factory.mktemp("released") / "a project", {MODEL: block})
    inbox = project.folder / FILES.inbox
    loans(300).to_csv(inbox / "rows.csv", index=False)
    found = generation(project, f"evaluate@{MODEL}")
    first = Recorded(
        commit=found,
        lock=(project.folder / "dvc.lock").read_bytes(),
        inbox={f"{FILES.inbox}/rows.csv": md5_of(inbox / "rows.csv")},
        trace=None,
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


@pytest.fixture(autouse=True)
def inside(released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the project, with a temporary folder of the test's own."""
    monkeypatch.chdir(released.project.folder)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def rebuilt(recorded: Recorded, *, quick: bool = False) -> Outcome:
    lines: list[str] = []
    return rebuild(MODEL, recorded, quick=quick, tell=lines.append)


def digest(recorded: Recorded, path: Path) -> str:
    stages = stages_in(recorded.lock, Path("dvc.yaml").read_bytes(), MODEL)
    wrote = {name: md5 for stage in stages for name, md5 in stage.wrote.items()}
    return wrote[path.as_posix()]


def altered(recorded: Recorded, path: Path) -> Recorded:
    """Return the record with another digest of one output."""
    lock = recorded.lock.replace(digest(recorded, path).encode(), WRONG.encode())
    return replace(recorded, lock=lock)


def variant(released: Released, path: str, pattern: str, better: str) -> Recorded:
    """Return the first release as if it had been made by a commit in which one line differs."""
    folder = Path(tempfile.mkdtemp()) / "clone"
    project = released.project
    project.call("git", "worktree", "add", "-q", "--detach", str(folder), released.first.commit)
    try:
        text, count = re.subn(pattern, better, (folder / path).read_text())
        assert count == 1
        (folder / path).write_text(text)
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


def test_the_first_of_three_generations_is_rebuilt_and_the_user_notices_nothing(
    released: Released,
) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text() + "# not committed\n")
    Path("untracked").write_text("mine")
    dvc = released.project.dvc("status", "--json").stdout
    before = state_of_the_user()
    outcome = rebuilt(released.first)
    assert state_of_the_user() == before
    assert released.project.dvc("status", "--json").stdout == dvc
    assert (outcome.result, outcome.exit_code) == ("bit_exact", 0)
    assert [stage.stage for stage in outcome.stages] == list(STAGES)
    assert all(stage.repeated and not stage.differences for stage in outcome.stages)
    compared = {path for stage in outcome.stages for path in stage.outputs}
    assert {FILES.raw.as_posix(), FILES.bundle.as_posix(), FILES.metrics.as_posix()} < compared
    assert outcome.notes == ()
    assert outcome.commit == released.first.commit
    assert list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")) == []


def test_another_generations_rows_are_not_the_first(released: Released) -> None:
    second = {f"{FILES.inbox}/rows.csv": md5_of(FILES.inbox / "rows.csv")}
    outcome = rebuilt(replace(released.first, inbox=second))
    assert (outcome.result, outcome.stage, outcome.exit_code) == ("failed", "ingest", 3)
    assert outcome.expected == digest(released.first, FILES.raw)


def test_a_digest_that_was_altered_fails_at_its_stage(released: Released) -> None:
    outcome = rebuilt(altered(released.first, FILES.split_report))
    assert (outcome.result, outcome.stage) == ("failed", "split")
    assert (outcome.path, outcome.expected) == (FILES.split_report.as_posix(), WRONG)
    assert outcome.found == digest(released.first, FILES.split_report)
    assert [stage.stage for stage in outcome.stages] == ["ingest", "validate", "split"]


# Changes the last bits of the weights, as another order of additions would.
OTHER_ROUNDING = (
    "src/assay/learning/optimiser.py",
    r"rates = \{False: learning_rate,",
    "rates = {False: learning_rate * 1.000001,",
)


def test_another_line_of_code_fails_where_it_works(released: Released) -> None:
    outcome = rebuilt(variant(released, *OTHER_ROUNDING))
    assert (outcome.result, outcome.stage) == ("failed", "train")
    assert outcome.path == FILES.checkpoint.as_posix()
    assert outcome.expected == digest(released.first, FILES.checkpoint)
    assert outcome.found not in (None, outcome.expected)
    assert outcome.found.endswith(".dir")
    assert "export" not in [stage.stage for stage in outcome.stages]


def test_a_stage_that_fails_is_named_with_what_it_said(released: Released) -> None:
    broken = variant(
        released, "src/assay/stages/split.py", r"    records\.write\(.*", "    raise OSError('no')"
    )
    outcome = rebuilt(broken)
    assert (outcome.result, outcome.stage) == ("failed", "split")
    assert "OSError: no" in (outcome.found or "")
    assert not outcome.stages[-1].ended


def test_a_source_that_is_not_reached_is_taken_as_recorded(released: Released) -> None:
    offline = variant(
        released,
        "src/assay/stages/ingest.py",
        r"    with replacing\(files\.raw\) as beside:",
        "    from pathlib import Path\n"
        "    from assay.gateways.sources.fetching import http_download\n"
        '    http_download("http://127.0.0.1:9/rows.csv", Path("data/rows.csv"))\n'
        r"\g<0>",
    )
    outcome = rebuilt(altered(offline, FILES.validation))
    assert [stage.repeated for stage in outcome.stages] == [False, True]
    assert outcome.stages[0].differences == ()
    assert (outcome.result, outcome.stage) == ("failed", "validate")
    assert "ingest was not repeated" in outcome.notes[0]
    assert "could not be fetched" in outcome.notes[0]


def test_rows_that_no_cache_holds_stop_the_rebuild(released: Released) -> None:
    lost = replace(released.first, inbox={f"{FILES.inbox}/rows.csv": "0" * 32})
    with pytest.raises(InputRefused, match="neither DVC's cache nor a remote"):
        rebuilt(lost)


def test_a_changed_lock_of_requirements_is_told(released: Released) -> None:
    recorded = replace(altered(released.first, FILES.raw), requirements_sha256="1" * 64)
    assert "not the one that was recorded" in rebuilt(recorded).notes[0]


def test_an_unknown_commit_is_refused(released: Released) -> None:
    with pytest.raises(UsageError, match="git knows no commit"):
        rebuilt(replace(released.first, commit="0" * 40))


RUN = """
import sys, pickle
from assay.release.rebuild import Recorded, rebuild
from assay.processor import processor_class
lock, commit, path, md5 = open(sys.argv[1], "rb").read(), *sys.argv[2:]
recorded = Recorded(commit, lock, {path: md5}, None, processor_class(), "")
rebuild("loans", recorded, quick=False, tell=lambda line: print(line, flush=True))
"""


def test_a_killed_rebuild_leaves_no_process_and_the_next_removes_its_worktree(
    released: Released, tmp_path: Path
) -> None:
    (tmp_path / "lock").write_bytes(released.first.lock)
    entries = [part for entry in released.first.inbox.items() for part in entry]
    words = [str(tmp_path / "lock"), released.first.commit, *entries]
    with subprocess.Popen(
        [sys.executable, "-c", RUN, *words], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        next(line for line in run.stdout if line.startswith("ingest:"))
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        until(lambda: not children.exists() or children.read_text().strip() != "")
        stage = int(children.read_text().split()[0])
        os.kill(run.pid, signal.SIGKILL)
    until(lambda: not alive(stage))
    assert len(list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))) == 1
    rebuilt(altered(released.first, FILES.raw))
    assert list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")) == []
    assert PREFIX not in released.project.call("git", "worktree", "list").stdout


def test_on_another_class_of_processor_answers_are_compared(released: Released) -> None:
    outcome = rebuilt(replace(variant(released, *OTHER_ROUNDING), processor=OTHER))
    assert (outcome.result, outcome.stage) == ("within_tolerance", None)
    assert (outcome.processor, outcome.recorded_processor) == (processor_class(), OTHER)
    differing = [stage.stage for stage in outcome.stages if stage.differences]
    assert differing[0] == "train"
    assert set(differing) <= {"train", "export", "evaluate"}


def test_on_another_class_too_the_rows_must_be_the_same(released: Released) -> None:
    outcome = rebuilt(replace(altered(released.first, FILES.raw), processor=OTHER))
    assert (outcome.result, outcome.stage) == ("failed", "ingest")


def test_without_a_trace_there_is_no_quick_rebuild(released: Released) -> None:
    with pytest.raises(UsageError, match="no trace"):
        rebuilt(released.first, quick=True)


def test_what_it_proves_is_one_paragraph() -> None:
    assert "\n" not in PROVES
    assert "data" in PROVES
    assert EXIT_CODES == {"bit_exact": 0, "equal_so_far": 0, "within_tolerance": 0, "failed": 3}
