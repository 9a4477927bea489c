"""DVC and git: what depends on what, what is stale, and the version of everything.

Reads ``params.yaml``, ``dvc.yaml``, ``dvc.lock`` and the outputs they name. Runs DVC as a child
process, which writes ``dvc.lock``, its cache and, through the stages, every output; writes
``.assay/dvc.lock`` itself, and keeps the last ``dvc.lock`` beside it. Never decides what is
stale: DVC alone does. Two runs never work at the same time, and none outlives the process that
asked for it.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay import errors, quiet
from assay.artifacts import (
    PARAMS,
    PIPELINE_LOCK,
    SCRATCH,
    Artifacts,
    read_json,
    replacing,
    require_project,
)
from assay.progress import say
from assay.settings import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import FileIO

LOCK = SCRATCH / "dvc.lock"
KEPT = SCRATCH / "dvc.lock.kept"
PR_SET_PDEATHSIG = 1
# How long a stage may take to stop by itself before it is stopped by force.
PATIENCE = 10.0


def stages_of(model: str) -> list[str]:
    """Return a model's stages in the order of execution, e.g. ``["ingest@opinions", ...]``.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: ``params.yaml`` or ``dvc.yaml`` cannot be read.

    """
    require_project()
    reading.load_model(PARAMS, model)
    return [stage.addressing for stage in _stages(model)]


def reproduce(
    target: str, *, single: bool = False, on_line: Callable[[str], None] | None = None
) -> None:
    """Bring a stage up to date, and all that it depends on unless ``single``.

    The output goes to the terminal as it comes or, line by line, to ``on_line``. While another
    run works in this project, this one says so once and waits.

    Raises:
        AssayError: what the failed stage itself said: ``DataRefused``, ``OutOfSpace`` ...
        StageFailed: the stage ended without a word; what DVC said, and the last line of output.
        SettingsError: ``params.yaml`` or ``dvc.yaml`` cannot be read.

    """
    require_project()
    # A broken params.yaml is explained in our own words, before DVC stumbles over it.
    reading.load(PARAMS)
    arguments = ["repro", *(["--single-item"] if single else []), target]
    with _alone(" ".join(arguments), on_line or say) as lock:
        refusals = Artifacts("any").refusal("any").parent
        shutil.rmtree(refusals, ignore_errors=True)
        _keep_pipeline_lock()
        failure = _dvc(arguments, lock, on_line)
        if isinstance(failure, errors.OutOfSpace):
            _restore_pipeline_lock()
        for refusal in sorted(refusals.glob("*.json")):
            raise errors.from_dict(read_json(refusal))
        if failure:
            raise failure


def verify_outputs(model: str) -> list[str]:
    """Rehash every output that ``dvc.lock`` names for a model, trusting no cache.

    Returns one finding a line, ``"PATH: missing"`` or ``"PATH: altered"``; none when all is well.
    """
    findings = []
    for name, digest in lock_entries(model).items():
        path = Path(name)
        if not path.exists():
            findings.append(f"{name}: missing")
        elif _digest(path) != digest:
            findings.append(f"{name}: altered")
    return findings


def lock_entries(model: str) -> dict[str, str]:
    """Return the MD5 of each of a model's outputs, as ``dvc.lock`` names it (``.dir`` of folders).

    An output that was never made is left out.
    """
    outputs = [output for stage in _stages(model) for output in stage.outs]
    return {output.def_path: str(output.hash_info.value) for output in outputs if output.hash_info}


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
    with _alone(f"add {path}", say) as lock:
        failure = _dvc(["add", str(path)], lock, lambda _: None)
    if failure:
        raise failure


def commit() -> str | None:
    """Return the hash of the commit that is checked out; None outside git or before the first."""
    return _git("rev-parse", "--verify", "--quiet", "HEAD")


def dirty() -> bool:
    """Return whether a file of the project differs from its commit; False outside git."""
    return bool(_git("status", "--porcelain", "--", "."))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _stages(model: str) -> list[Any]:
    """Return DVC's own stages of one model, each behind those that it depends on."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.repo.reproduce import get_active_graph, plan_repro

    try:
        with Repo(".") as repo:
            graph = repo.index.graph
            own = [stage for stage in graph if stage.addressing.endswith(f"@{model}")]
            return [stage for stage in plan_repro(get_active_graph(graph), own) if stage in own]
    except DvcException as problem:
        raise _explain(_causes(problem)) from problem


def _digest(path: Path) -> str:
    """Return DVC's MD5 of a file or folder.

    A folder's is that of the JSON list of its files' digests and relative paths, with ``.dir``
    (dvc_data.hashfile.tree.Tree.digest).
    """
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file())
        names = sorted((file.relative_to(path).as_posix(), file) for file in files)
        entries = [{"md5": _digest(file), "relpath": name} for name, file in names]
        return hashlib.md5(json.dumps(entries).encode(), usedforsecurity=False).hexdigest() + ".dir"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@contextmanager
def _alone(purpose: str, tell: Callable[[str], None]) -> Iterator[FileIO]:
    """Hold the project's lock; it is free again when the last holder of the yielded file ends."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+b", buffering=0) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = LOCK.read_text(encoding="utf-8").strip()
            tell(f"another run works in this project ({holder}); waiting for it to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError):  # a courtesy to who waits; a full disk is told of elsewhere
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
    ear, mouth = os.pipe()
    with os.fdopen(ear, encoding="utf-8") as heard:
        # The lock is the child's standard input, and so that of every process below it: while
        # one of them lives, whatever became of us, no other run starts.
        child = subprocess.Popen(
            [sys.executable, "-m", "assay.gateways.versioning", str(mouth), *arguments],
            stdin=lock,
            stdout=subprocess.PIPE if on_line else None,
            stderr=subprocess.STDOUT if on_line else None,
            env=_environment(),
            pass_fds=(mouth,),
            start_new_session=True,  # a group of its own: _end reaches all of it
            encoding="utf-8",
            errors="replace",
        )
        os.close(mouth)
        last: deque[str] = deque(maxlen=1)
        try:
            for line in map(str.rstrip, child.stdout or ()):
                if not line.startswith(("ERROR: ", "> ")):  # DVC's own
                    last.append(line)
                if line and on_line:
                    on_line(line)
            code = child.wait()
        except BaseException:
            _end(child)
            raise
        causes = [(kind, text) for kind, text in json.loads(heard.read() or "[]")]
        if code == 0 and not causes:
            return None
        return _explain(causes or [("", f"dvc ended with code {code}")], "".join(last))


def _environment() -> dict[str, str]:
    """Return the child's environment: ``python`` in dvc.yaml is the one that runs here."""
    here = os.fspath(Path(sys.executable).parent)
    return {
        **quiet.QUIET,
        **os.environ,
        "PATH": os.pathsep.join([here, os.environ.get("PATH", os.defpath)]),
        # DVC runs commands in $SHELL. bash turns into the command, so that the stage is DVC's own
        # child and dies with it; Debian's sh stays between them, and a stage would not notice.
        "SHELL": shutil.which("bash") or "/bin/sh",
        "PYTHONUNBUFFERED": "1",
        "ASSAY_PARENT": str(os.getpid()),
    }


def _end(child: subprocess.Popen[str]) -> None:
    """End DVC and its stage: by Ctrl-C, so that they clean up, and then by force."""
    for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
            return


# What DVC's errors mean to a user: parts of its class names, our class, and the cure.
_MEANINGS: tuple[tuple[tuple[str, ...], type[errors.AssayError], str], ...] = (
    (
        ("YAML", "Format", "Parse", "Resolve", "Cyclic", "Duplication", "Overlapping"),
        errors.SettingsError,
        "mend the file; what changed: git diff dvc.yaml dvc.lock params.yaml",
    ),
    (("LockError",), errors.StageFailed, "wait until the other dvc command has ended"),
    (
        ("NotDvcRepoError",),
        errors.UsageError,
        "work in the folder that you cloned, with all that is in it",
    ),
    (
        ("SCMError",),
        errors.UsageError,
        "DVC works inside git: git init && git add . && git commit -m first",
    ),
    (("StageNotFound",), errors.UsageError, "these exist: dvc stage list --name-only"),
    (
        ("MissingDataSource", "FileNotFound"),
        errors.StageFailed,
        "make what is missing first: dvc repro makes everything",
    ),
)


def _explain(causes: list[tuple[str, str]], last: str = "") -> errors.AssayError:
    """Turn DVC's chain of errors (class and text, outermost first) into one of ours."""
    found = ": ".join(dict.fromkeys(" ".join(text.split()) for _, text in causes if text))
    if "No space left on device" in found + last or shutil.disk_usage(".").free < 2**20:
        return errors.OutOfSpace(
            f"the disk is full ({found})",
            expected="room for every output twice: in the workspace and in DVC's cache",
            cure="free some space (`dvc gc --workspace` removes old versions), then run the same "
            "command again: finished stages are kept",
        )
    for names, kind, cure in _MEANINGS:
        if any(name in cause for name in names for cause, _ in causes):
            return kind(found, cure=cure)
    if found.endswith((", exited with -9", ", exited with 137")):
        return errors.StageFailed(
            found,
            expected="a stage that runs to its end",
            cure="it was killed, most often for want of memory: a smaller batch_size or "
            "max_length needs less",
        )
    return errors.StageFailed(
        f"{found}: {last}" if last else found,
        cure="the stage's own lines above tell more; what earlier stages made is kept",
    )


def _causes(problem: BaseException | None) -> list[tuple[str, str]]:
    causes = []
    while problem:
        causes.append((type(problem).__name__, str(problem)))
        problem = problem.__cause__
    return causes


class _Ear(logging.Handler):
    """Keeps the errors that DVC logs: it shows them and returns a number.

    At times it returns 0 all the same, as when a folder's file did not fit into its cache.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message and the chain of errors behind it."""
        problem = record.exc_info[1] if record.exc_info else None
        self.heard = [("", record.getMessage()), *_causes(problem)]


def _be_dvc(mouth: int, arguments: Iterable[str]) -> int:
    """Run DVC's command line in this process, which dies with the one that started it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(os.environ["ASSAY_PARENT"]):
            return 1  # it died before we asked
    from dvc.cli import main

    ear = _Ear()
    for name in ("dvc", "dvc_data", "dvc_objects"):
        logging.getLogger(name).addHandler(ear)
    code = int(main(list(arguments)))
    with suppress(BrokenPipeError), os.fdopen(mouth, "w", encoding="utf-8") as said:
        # Short of what a pipe holds: nobody reads it before this process has ended.
        json.dump([(kind, text[:2000]) for kind, text in ear.heard[:8]], said)
    return code


if __name__ == "__main__":
    sys.exit(_be_dvc(int(sys.argv[1]), sys.argv[2:]))
