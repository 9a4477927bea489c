"""A released model is built again from its commit: with real git, DVC, stages and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import InputRefused, UsageError
from assay.gateways.versioning.lockfile import md5_of
from assay.gateways.versioning.worktree import PREFIX
from assay.paths import STAGES
from assay.processor import processor_class
from assay.records import Trace, TracePoint
from assay.release.outcome import EXIT_CODES, Outcome
from assay.release.rebuild import PROVES, Recorded, rebuild
from tests.gateways.versioning.made import alive, until
from tests.made import OTHER_PROCESSOR
from tests.release.releases import (
    FILES,
    MODEL,
    OTHER_ROUNDING,
    WRONG,
    Released,
    altered,
    digest,
    state_of_the_user,
    three_generations,
    variant,
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    return three_generations(tmp_path_factory.mktemp("released") / "a project")


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


def trace_of(released: Released) -> Trace:
    assert released.first.trace
    return released.first.trace


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
        "    from assay.gateways.fetching import http_download\n"
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
    outcome = rebuilt(replace(variant(released, *OTHER_ROUNDING), processor=OTHER_PROCESSOR))
    assert (outcome.result, outcome.stage) == ("within_tolerance", None)
    assert (outcome.processor, outcome.recorded_processor) == (processor_class(), OTHER_PROCESSOR)
    differing = [stage.stage for stage in outcome.stages if stage.differences]
    assert differing[0] == "train"
    assert set(differing) <= {"train", "export", "evaluate"}


def test_on_another_class_too_the_rows_must_be_the_same(released: Released) -> None:
    outcome = rebuilt(replace(altered(released.first, FILES.raw), processor=OTHER_PROCESSOR))
    assert (outcome.result, outcome.stage) == ("failed", "ingest")


def test_the_same_training_is_equal_so_far(released: Released) -> None:
    before = state_of_the_user()
    outcome = rebuilt(released.first, quick=True)
    assert state_of_the_user() == before
    assert (outcome.result, outcome.exit_code) == ("equal_so_far", 0)
    assert trace_of(released).points[-1].step == outcome.step
    assert outcome.step is not None
    assert outcome.step > 10


def test_another_training_differs_at_a_step(released: Released) -> None:
    other = variant(released, *OTHER_ROUNDING)
    outcome = rebuilt(other, quick=True)
    assert (outcome.result, outcome.stage, outcome.exit_code) == ("failed", "train", 3)
    known = {point.step: point.sha256 for point in trace_of(released).points}
    assert outcome.step is not None
    assert (outcome.step > 0, known[outcome.step]) == (True, outcome.expected)
    assert len(outcome.found or "") == 64
    assert outcome.found != outcome.expected
    with pytest.raises(UsageError, match="another class of processor"):
        rebuilt(replace(other, processor=OTHER_PROCESSOR), quick=True)


def test_a_training_that_ends_too_early_differs(released: Released) -> None:
    points = trace_of(released).points
    longer = Trace(points=(*points, TracePoint(step=10**6, sha256="a" * 64)))
    outcome = rebuilt(replace(released.first, trace=longer), quick=True)
    assert (outcome.result, outcome.step) == ("failed", 10**6)
    assert (outcome.expected, outcome.found) == ("a" * 64, "no such point")


def test_a_training_that_fails_is_told_with_what_it_said(released: Released) -> None:
    broken = variant(released, "src/assay/learning/optimiser.py", "    rates = .*", "    1 / 0")
    outcome = rebuilt(broken, quick=True)
    assert (outcome.result, outcome.stage, outcome.step) == ("failed", "train", 0)
    assert "ZeroDivisionError" in (outcome.found or "")


def test_a_commit_that_knows_no_replay_is_refused(released: Released) -> None:
    old = variant(released, "src/assay/release/replay.py", "", "")
    with pytest.raises(UsageError, match="cannot replay"):
        rebuilt(old, quick=True)


def test_without_a_trace_there_is_no_quick_rebuild(released: Released) -> None:
    for none in (None, Trace(points=())):
        with pytest.raises(UsageError, match="no trace"):
            rebuilt(replace(released.first, trace=none), quick=True)


def test_what_it_proves_is_one_paragraph() -> None:
    assert "\n" not in PROVES
    assert "data" in PROVES
    assert EXIT_CODES == {"bit_exact": 0, "equal_so_far": 0, "within_tolerance": 0, "failed": 3}
