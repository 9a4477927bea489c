"""Run DVC: one run at a time, and none that outlives the process that asked for it.

Runs DVC as a child process, which writes ``dvc.lock``, its cache and, through the stages, every
output. Writes ``.assay/dvc.lock`` itself, and keeps the last ``dvc.lock`` beside it. Never decides
what is stale.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assay import children, errors
from assay.files import read_json, replacing
from assay.gateways.versioning import inbox
from assay.gateways.versioning.failures import explain
from assay.paths import PARAMS, PIPELINE_LOCK, SCRATCH, STAGES, ModelPaths, require_project
from assay.progress import say
from assay.settings import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO

LOCK = SCRATCH / "dvc.lock"
KEPT = SCRATCH / "dvc.lock.kept"


def reproduce(
    target: str, *, single: bool = False, on_line: Callable[[str], None] | None = None
) -> None:
    """Bring a stage up to date, and all that it depends on unless ``single``.

    Where that takes in the model's inbox, what lies there is versioned first (``inbox``).

    The output goes to the terminal as it comes or, line by line, to ``on_line``. While another
    run works in this project, this one says so once and waits.

    Raises:
        AssayError: what the failed stage itself said: ``DataRefused``, ``OutOfSpace`` ...
        StageFailed: the stage ended without a word; what DVC said, and the last line of output.
        SettingsError: ``params.yaml`` or ``dvc.yaml`` cannot be read.
        SourceRefused: the model's inbox holds what no file is read from.
        InputRefused: an entry of the inbox is missing, and so is its version.

    """
    from assay.gateways.sources.inbox import files  # which loads pandas

    require_project()
    # What DVC fails at, or waits at for ever, is explained in our own words before it meets it: a
    # params.yaml that is no YAML; a named pipe, or a link that leads nowhere, in the inbox.
    reading.names(PARAMS)
    stage, _, model = target.partition("@")
    files(ModelPaths(model).inbox)
    arguments = ["repro", *(["--single-item"] if single else []), target]
    with alone(" ".join(arguments), on_line or say) as lock:
        if stage == STAGES[0] or not single:
            inbox.synchronize(model, partial(_quietly, lock), on_line or say)
        refusals = ModelPaths("any").refusal("any").parent
        shutil.rmtree(refusals, ignore_errors=True)
        _keep_pipeline_lock()
        failure = _dvc(arguments, lock, on_line)
        if isinstance(failure, errors.OutOfSpace):
            _restore_pipeline_lock()
        for refusal in sorted(refusals.glob("*.json")):
            raise errors.from_dict(read_json(refusal))
        if failure:
            raise failure


def track(path: Path) -> None:
    """Put a user's file under DVC's care (``dvc add``): git then holds its digest alone.

    Raises:
        MissingFile: the path leads nowhere.
        StageFailed: what DVC said.

    """
    if not path.exists():
        raise errors.MissingFile(
            f"{path} does not exist", expected="a file or folder", cure="check the path"
        )
    run(["add", str(path)], f"add {path}")


def run(arguments: list[str], purpose: str) -> None:
    """Run one of DVC's commands, without a word of it, under the project's lock.

    Raises:
        StageFailed: what DVC said.

    """
    with alone(purpose, say) as lock:
        failure = _quietly(lock, arguments)
    if failure:
        raise failure


@contextmanager
def alone(purpose: str, tell: Callable[[str], None] = say) -> Iterator[FileIO]:
    """Hold the project's lock; it is free again when the last holder of the yielded file ends.

    While another run holds it, ``tell`` hears so once, and this one waits.
    """
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+b", buffering=0) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = LOCK.read_text(encoding="utf-8").strip()
            tell(f"another run works in this project ({holder}); waiting for it to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError):  # a note for who waits; a full disk is reported elsewhere
            lock.truncate(0)
            lock.write(f"{purpose}, process {os.getpid()}\n".encode())
        _clear_stale_locks()
        yield lock


def _clear_stale_locks() -> None:
    """Remove DVC's own lock file when it is torn, or names processes that are not DVC's.

    DVC trusts any live process of a recorded number, which in a container is often another one
    with the same number; and a torn file stops it for good. Under our lock no run of ours is
    under way; a ``dvc`` that somebody started by hand is left alone.
    """
    path = Path(".dvc/tmp/rwlock")
    if not path.exists():
        return
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        readers = [entry for entries in held.get("read", {}).values() for entry in entries]
        owners = {int(entry["pid"]) for entry in [*held.get("write", {}).values(), *readers]}
    except (ValueError, KeyError, TypeError, AttributeError):
        owners = set()
    if not any(_is_dvc(owner) for owner in owners):
        path.unlink(missing_ok=True)


def _keep_pipeline_lock() -> None:
    KEPT.unlink(missing_ok=True)
    if PIPELINE_LOCK.exists():
        with replacing(KEPT) as beside:
            shutil.copyfile(PIPELINE_LOCK, beside)


def _restore_pipeline_lock() -> None:
    """Put ``dvc.lock`` back to what it was before the run.

    On a full disk DVC leaves an empty one, or one that names files that never reached its cache.
    Stages that did finish come back from DVC's run cache.
    """
    if KEPT.exists():
        KEPT.replace(PIPELINE_LOCK)
    else:
        PIPELINE_LOCK.unlink(missing_ok=True)


def _is_dvc(process: int) -> bool:
    if not Path("/proc/self").exists():  # not Linux: believe what DVC would believe
        with suppress(ProcessLookupError):
            os.kill(process, 0)
            return True
        return False
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(Path(os.fsdecode(word)).name == "dvc" for word in words)


def _dvc(
    arguments: list[str], lock: FileIO, on_line: Callable[[str], None] | None
) -> errors.AssayError | None:
    """Run DVC to its end; return why it failed, or None."""
    reading_end, writing_end = os.pipe()
    with os.fdopen(reading_end, encoding="utf-8") as reported:
        # The lock is the child's standard input, and so that of every process below it: while
        # one of them lives, whatever became of us, no other run starts.
        child = subprocess.Popen(
            [sys.executable, "-m", "assay.gateways.versioning.child", str(writing_end), *arguments],
            stdin=lock,
            stdout=subprocess.PIPE if on_line else None,
            stderr=subprocess.STDOUT if on_line else None,
            env=_environment(),
            pass_fds=(writing_end,),
            start_new_session=True,  # a group of its own: end_group reaches all of it
            encoding="utf-8",
            errors="replace",
        )
        os.close(writing_end)
        last: deque[str] = deque(maxlen=1)
        try:
            for line in map(str.rstrip, child.stdout or ()):
                if not line.startswith(("ERROR: ", "> ")):  # DVC's own
                    last.append(line)
                if line and on_line:
                    on_line(line)
            code = child.wait()
        except BaseException:
            children.end_group(child)
            raise
        causes = [(kind, text) for kind, text in json.loads(reported.read() or "[]")]
        if code == 0 and not causes:
            return None
        return explain(causes or [("", f"dvc ended with code {code}")], "".join(last))


def _quietly(lock: FileIO, arguments: list[str]) -> errors.AssayError | None:
    return _dvc(arguments, lock, lambda _: None)


def _environment() -> dict[str, str]:
    """Return the child's environment: ``python`` in dvc.yaml is the one that runs here."""
    here = os.fspath(Path(sys.executable).parent)
    return children.environment(
        {
            "PATH": os.pathsep.join([here, os.environ.get("PATH", os.defpath)]),
            # Stages run the code of this folder, wherever the package was installed from.
            "PYTHONPATH": os.pathsep.join(
                [os.fspath(Path("src").absolute()), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            # DVC runs commands in $SHELL. bash turns into the command, so that the stage is DVC's
            # own child and dies with it; Debian's sh stays between, and a stage would not notice.
            "SHELL": shutil.which("bash") or "/bin/sh",
        }
    )
