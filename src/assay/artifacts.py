"""Every path in a project, written once.

Reads and writes nothing but the files of its own small helpers (an atomic write, a digest).
Paths are relative to the project's root, which is the working folder of every command.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import OutOfSpace, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")
PIPELINE_LOCK = Path("dvc.lock")
INBOX = Path("data/inbox")
DOWNLOADS = Path("data/downloads")
SUITES = Path("expectations")
MLRUNS = Path("mlruns")
# What this machine alone knows (locks, checkpoints of a training that runs, timings): never in
# git, never tracked by DVC.
SCRATCH = Path(".assay")

STAGES = ("ingest", "validate", "split", "train", "export", "evaluate")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Artifacts:
    """The files of one model."""

    model: str

    @property
    def inbox(self) -> Path:
        """Where a user drops new files."""
        return INBOX / self.model

    @property
    def raw(self) -> Path:
        """All rows as they came: id, text or image, label, slice columns."""
        return Path("data/raw") / f"{self.model}.parquet"

    @property
    def splits(self) -> Path:
        """The folder of the three split tables."""
        return Path("data/splits") / self.model

    def split(self, name: str) -> Path:
        """Return the table of one split: ``train``, ``validation`` or ``test``."""
        return self.splits / f"{name}.parquet"

    @property
    def checkpoint(self) -> Path:
        """The trained weights (safetensors), tokenizer and config."""
        return Path("models") / self.model / "checkpoint"

    @property
    def bundle(self) -> Path:
        """What is served: ``model.onnx`` and all it needs."""
        return Path("models") / self.model / "bundle"

    @property
    def reports(self) -> Path:
        """The folder of all reports."""
        return Path("reports") / self.model

    @property
    def validation(self) -> Path:
        """Great Expectations' result."""
        return self.reports / "validation.json"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' page, self-contained."""
        return self.reports / "data_docs"

    @property
    def split_report(self) -> Path:
        """Sizes, balance, what was dropped, leaks."""
        return self.reports / "split.json"

    @property
    def curve(self) -> Path:
        """The training curve, a row a logged step."""
        return self.reports / "training.csv"

    @property
    def parity(self) -> Path:
        """How far ONNX is from torch, and what int8 costs."""
        return self.reports / "parity.json"

    @property
    def metrics(self) -> Path:
        """The test split's figures."""
        return self.reports / "metrics.json"

    @property
    def slices(self) -> Path:
        """The same figures by slice."""
        return self.reports / "slices.csv"

    @property
    def predictions(self) -> Path:
        """The test split's rows with label, prediction and probabilities."""
        return self.reports / "predictions.parquet"

    @property
    def plots(self) -> Path:
        """CSV files that ``dvc plots`` draws."""
        return self.reports / "plots"

    @property
    def tables(self) -> Path:
        """CSV files that the report shows: the classes, and what the task adds."""
        return self.reports / "tables"

    @property
    def pictures(self) -> Path:
        """PNG files for people."""
        return self.reports / "pictures"

    @property
    def report(self) -> Path:
        """The page a person reads first."""
        return self.reports / "report.md"

    @property
    def resume(self) -> Path:
        """The state of a training that is under way."""
        return SCRATCH / "resume" / self.model

    @property
    def timings(self) -> Path:
        """What this machine measured of fp32 and int8: shown, never tracked."""
        return SCRATCH / "timings" / f"{self.model}.json"

    def refusal(self, stage: str) -> Path:
        """Return where a stage's process leaves its refusal for the process that started it."""
        return SCRATCH / "refusals" / f"{stage}@{self.model}.json"


def require_project() -> None:
    """Refuse to work outside a project's root.

    Raises:
        UsageError: ``params.yaml`` or ``dvc.yaml`` is not in the working folder.

    """
    missing = [str(path) for path in (PARAMS, PIPELINE) if not path.is_file()]
    if missing:
        raise UsageError(
            f"this folder holds no {' and no '.join(missing)}",
            expected="an Assay project's root as working folder",
            cure="change into the folder that you cloned, and call assay again",
        )


def sha256(path: Path) -> str:
    """Digest a file, or a folder by its files' sorted relative paths and digests."""
    if path.is_dir():
        inner = sorted(file for file in path.rglob("*") if file.is_file())
        lines = "".join(f"{file.relative_to(path).as_posix()} {sha256(file)}\n" for file in inner)
        return hashlib.sha256(lines.encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(*parts: str) -> str:
    """Return one SHA-256 for several strings."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def code_digest() -> str:
    """Digest Assay's own source, by which a resumed training knows its own code."""
    package = Path(__file__).parent
    sources = sorted(package.rglob("*.py"))
    return digest_of(*(f"{file.relative_to(package)} {sha256(file)}" for file in sources))


def forget(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    _remove(path)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside ``target``; rename it into place when the block ends well.

    The block writes a file or makes a folder there. Killed at any moment, a file is either what it
    was or the whole new one; a folder too, but for the instant between two renames, when the old
    one stands beside it. A leftover of a killed run is removed first.

    Raises:
        OutOfSpace: the disk filled up; nothing half-written stays, ``target`` is what it was.

    """
    beside = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(beside)
        yield beside
        _rename(beside, target)
    except BaseException as problem:
        _remove(beside)
        if _is_full(problem):
            raise _out_of_space(target) from problem
        raise


def write_text(target: Path, text: str) -> None:
    """Write a text file atomically, UTF-8 with newlines as given."""
    with replacing(target) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(target: Path, content: Any) -> None:
    """Write JSON that is equal for equal content: sorted keys, no NaN, a final newline."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(target, text + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _rename(beside: Path, target: Path) -> None:
    """Put ``beside`` in the place of ``target``; a folder can't be renamed onto what is there."""
    if not (beside.is_dir() or target.is_dir()):
        beside.replace(target)
        return
    old = target.with_name(f".{target.name}.old")
    _remove(old)
    if target.is_symlink() or target.exists():
        target.rename(old)
    beside.rename(target)
    _remove(old)


def _is_full(problem: BaseException) -> bool:
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # Some libraries wrap the system's error into one of their own.
    return "No space left on device" in str(problem)


def _out_of_space(target: Path) -> OutOfSpace:
    existing = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(existing).free / 2**20
    return OutOfSpace(
        f"the disk is full: {os.fspath(target)} could not be written ({free:.0f} MiB are free)",
        expected="room for the data, a checkpoint of three times the model's size, and the bundle",
        cure="free some space (`dvc gc --workspace` removes old versions), then run the same "
        "command again: finished stages are kept",
    )
