"""Every path in a project, written once.

Reads and writes nothing. Paths are relative to the project's root, which is the working folder
of every command.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from assay.errors import UsageError

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")
PIPELINE_LOCK = Path("dvc.lock")
INBOX = Path("data/inbox")
DOWNLOADS = Path("data/downloads")
SUITES = Path("expectations")
MLRUNS = Path("mlruns")
# What was released, in git: certificates, signatures, the ledger, public keys.
RELEASES = Path("releases")
LEDGER = RELEASES / "ledger.jsonl"
# What this machine alone knows (locks, checkpoints of a training that runs, timings): never in
# git, never tracked by DVC.
SCRATCH = Path(".assay")
# What the server knows of its clients: their tokens' digests, and what they asked for.
TOKENS = SCRATCH / "serving/tokens.json"
AUDIT = SCRATCH / "serving/audit.jsonl"

# Names another folder for what this user's projects share.
CACHE = "ASSAY_CACHE"

STAGES = ("ingest", "validate", "split", "train", "export", "evaluate")
SPLITS = ("train", "validation", "test")


def user_cache() -> Path:
    """Return the folder of what this user's projects share: pretrained encoders."""
    return Path(os.environ.get(CACHE) or platformdirs.user_cache_path("assay")).absolute()


@dataclass(frozen=True)
class ModelPaths:
    """The files of one model."""

    model: str

    @property
    def inbox(self) -> Path:
        """Where a user drops new files."""
        return INBOX / self.model

    @property
    def raw(self) -> Path:
        """All rows as they came: an id, the content, what is learned of it, slice columns."""
        return Path("data/raw") / f"{self.model}.parquet"

    @property
    def splits(self) -> Path:
        """The folder of the three split tables."""
        return Path("data/splits") / self.model

    def split(self, name: str) -> Path:
        """Return the table of one split: ``train``, ``validation`` or ``test``."""
        return self.splits / f"{name}.parquet"

    @property
    def assignment(self) -> Path:
        """The record of which split each row was ever assigned to."""
        return self.splits / "assignment.parquet"

    @property
    def checkpoint(self) -> Path:
        """The trained weights (safetensors), tokenizer and config."""
        return Path("models") / self.model / "checkpoint"

    @property
    def trace(self) -> Path:
        """The digests of the training's state at some of its steps."""
        return Path("models") / self.model / "trace.json"

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
    def predictions(self) -> Path:
        """The test split's rows with what the bundle answers to each."""
        return self.reports / "predictions.parquet"

    @property
    def plots(self) -> Path:
        """CSV files that ``dvc plots`` draws."""
        return self.reports / "plots"

    @property
    def tables(self) -> Path:
        """CSV files that the report shows."""
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
    def behaviour(self) -> Path:
        """What the model must do, whatever its metrics: the gate asks it."""
        return SUITES / f"{self.model}.behaviour.yaml"

    @property
    def suspects(self) -> Path:
        """New rows whose labels the champion speaks against, the worst first."""
        return SCRATCH / "gate" / self.model / "suspicious.csv"

    @property
    def resume(self) -> Path:
        """The state of a training that is under way."""
        return SCRATCH / "resume" / self.model

    @property
    def timings(self) -> Path:
        """What this machine measured of fp32 and int8: shown, never tracked."""
        return SCRATCH / "timings" / f"{self.model}.json"

    @property
    def served_predictions(self) -> Path:
        """Rows that the server answered, masked, where it was told to keep some."""
        return SCRATCH / "serving/predictions" / self.model

    @property
    def shadow(self) -> Path:
        """What a challenger answered beside the champion, in counts."""
        return SCRATCH / "serving/shadow" / f"{self.model}.jsonl"

    def refusal(self, stage: str) -> Path:
        """Return where a stage's process leaves its refusal for the process that started it."""
        return SCRATCH / "refusals" / f"{stage}@{self.model}.json"


@dataclass(frozen=True)
class ReleasePaths:
    """The files of one release of one model; all but the bundle are in git."""

    model: str
    version: int

    @property
    def folder(self) -> Path:
        """All of it."""
        return RELEASES / self.model / str(self.version)

    @property
    def bundle(self) -> Path:
        """The bundle as it was released: what is served."""
        return self.folder / "bundle"

    @property
    def signature(self) -> Path:
        """OpenSSF's signature of every file of the bundle."""
        return self.folder / "model.sig"

    @property
    def certificate(self) -> Path:
        """What the release was made from."""
        return self.folder / "certificate.json"


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
