"""What passes between stages, the command, the flow and MLflow: typed, frozen, one JSON codec.

Reads and writes the JSON files that it is told to, atomically. Nothing else in a project reads the
reports of a stage. A record of another schema version is refused, never guessed at.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    JsonValue,
    ValidationError,
    field_serializer,
    field_validator,
)

from assay.errors import RecordRefused
from assay.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
MEGABYTE = 1e6
SCHEMA_KEY = "schema"


class Record(BaseModel):
    """A result: unknown fields are refused, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


R = TypeVar("R", bound=Record)


class Metric(Record):
    """One figure of a model on its test split, beside the baseline's.

    Attributes:
        name: as programs know it, e.g. ``roc_auc``.
        title: as people read it, e.g. ``ROC-AUC``.
        value: None where the rows leave it undefined.
        low: lower end of the 95 % interval, None where there is no interval.
        high: upper end.
        baseline: the same figure of the baseline.
        difference: value minus baseline, with its paired 95 % interval.
        difference_low: lower end.
        difference_high: upper end.
        higher_is_better: which direction is an improvement.
        decisive: whether it decides which of two models is better.
        headline: whether the command's summary shows it.

    """

    name: str
    title: str
    value: float | None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    higher_is_better: bool = True
    decisive: bool = False
    headline: bool = False


class Evaluation(Record):
    """A bundle measured on its test split (``metrics.json``).

    Attributes:
        data: the modality, e.g. ``text``.
        task: what was learned, e.g. ``classification``.
        rows: of the test split.
        precision: of the graph that was measured, ``fp32`` or ``int8``.
        baseline: what the simple model is, in a few words.
        better: which of the two is ahead beyond chance in the decisive metrics.
        metrics: in the order in which they are shown.

    """

    data: str
    task: str
    rows: int
    precision: str
    baseline: str
    better: Literal["model", "baseline", "neither"]
    metrics: tuple[Metric, ...]

    def metric(self, name: str) -> Metric:
        """Return one metric.

        Raises:
            KeyError: there is none of this name.

        """
        return {metric.name: metric for metric in self.metrics}[name]

    @field_serializer("metrics")
    def _by_name(self, metrics: tuple[Metric, ...]) -> dict[str, dict[str, Any]]:
        # DVC compares nested mappings, and leaves lists out.
        return {metric.name: metric.model_dump(exclude={"name"}) for metric in metrics}

    @field_validator("metrics", mode="before")
    @classmethod
    def _from_mapping(cls, value: object) -> object:
        if isinstance(value, dict):
            return [{"name": name, **fields} for name, fields in value.items()]
        return value


class Candidate(Record):
    """One precision of a graph, as it did on the validation split."""

    score: float
    megabytes: float

    @classmethod
    def measured(cls, score: float, *graphs: bytes) -> Candidate:
        """Return the score of a model with the size of its graphs, rounded."""
        size = sum(map(len, graphs)) / MEGABYTE
        return cls(score=round(score, 6), megabytes=round(size, 3))


class Parity(Record):
    """How the exported graph compares with the network, and which precision is served.

    Attributes:
        metric: the validation metric by which precisions are compared, as people read it.
        fp32: the graph in fp32.
        int8: the quantized graph; None, as all that is said of it, where none is made.
        score_drop: what int8 loses of the metric, or adds to one of which less is better.
        same_prediction_int8: share of validation rows (of a language model: tokens) that int8
            predicts as fp32 does.
        validation_rows: rows of the validation split.
        validation_max_abs_diff: greatest difference of an output between ONNX fp32 and torch.
        grid_max_abs_diff: the same over a grid of input shapes.
        neighbours_max_abs_diff: greatest difference of an int8 output between a row alone and the
            same row in a batch.
        temperature: what the graph divides the network's outputs by, fitted on the validation split
            to calibrate them; 1 where nothing is calibrated. Differences are those of outputs that
            are divided.
        precision: what is served.
        reason: why.
        false_alarm: share of inputs in scope that may be called out of scope; None: none may.
        threshold: the score below which an input is called out of scope; None where no input is.
        greedy_tokens: of a language model, tokens that ONNX and torch chose alike in greedy
            decoding; None of other models.

    """

    metric: str
    fp32: Candidate
    int8: Candidate | None = None
    score_drop: float | None = None
    same_prediction_int8: float | None = None
    validation_rows: int
    validation_max_abs_diff: float
    grid_max_abs_diff: float
    neighbours_max_abs_diff: float | None = None
    temperature: float
    precision: Literal["fp32", "int8"]
    reason: str
    false_alarm: float | None = None
    threshold: float | None = None
    greedy_tokens: int | None = None

    @property
    def served(self) -> Candidate:
        """The graph that is served."""
        return self.int8 if self.int8 and self.precision == "int8" else self.fp32


class Timings(Record):
    """What this machine measured of fp32 and int8: shown and logged, never tracked by DVC.

    ``rows_per_second_*`` count what ``unit`` says: a classifier's rows, a language model's tokens,
    an image generator's images. Figures of int8 are None where no such graph is made.
    """

    rows_per_second_fp32: float
    rows_per_second_int8: float | None = None
    int8_speedup: float | None = None
    provider: str
    processor: str
    threads: int
    unit: Literal["rows", "tokens", "images"] = "rows"

    def served(self, precision: Literal["fp32", "int8"]) -> float:
        """Return how many a second the graph of a precision does."""
        return (precision == "int8" and self.rows_per_second_int8) or self.rows_per_second_fp32


class SplitPart(Record):
    """One split: its rows, and for a classifier the rows of each label."""

    rows: int
    labels: dict[str, int] = {}


class SplitReport(Record):
    """What became of the raw table's rows (``split.json``).

    ``dropped`` counts rows by the kind of defect, a row under each kind that it has; ``any_kind``
    counts each such row once. ``leaks`` counts rows that stand alike in two splits.
    """

    rows: int
    kept: int
    dropped: dict[str, int]
    splits: dict[str, SplitPart]
    leaks: dict[str, int]


class Defect(Record):
    """Rows with one kind of defect: what it means, how many, and a few examples."""

    meaning: str
    rows: int
    dropped: bool
    examples: tuple[str, ...] = ()


class KeptRows(Record):
    """Rows of a class, and those of them that ``split`` keeps."""

    rows: int
    kept: int


class DataSummary(Record):
    """What was found in the raw table, in counts.

    ``classes`` is empty where nothing is classified; a figure whose name begins with "share" is
    shown in per cent; ``notes`` says in sentences what a reader should look at.
    """

    rows: int
    kept: int
    dropped: int
    kinds: dict[str, Defect]
    figures: dict[str, int | float]
    classes: dict[str, KeptRows] = {}
    notes: tuple[str, ...] = ()


class Example(Record):
    """A value that breaks an expectation, shortened, and the number of rows that hold it."""

    value: str
    rows: int


class ExpectationReport(Record):
    """What became of one expectation; ``rows`` is None where it is not about single rows."""

    type: str
    kwargs: dict[str, JsonValue]
    because: str
    next: str
    column: str | None
    success: bool
    observed: JsonValue
    rows: int | None
    examples: tuple[Example, ...]
    problem: str | None


class ValidationReport(Record):
    """The raw table held against its suite (``validation.json``)."""

    suite: str
    success: bool
    evaluated: int
    broken: int
    expectations: tuple[ExpectationReport, ...]
    summary: DataSummary


class TracePoint(Record):
    """A training's state at one step.

    Attributes:
        step: how many steps were taken before it.
        sha256: of weights, moments, random state and position (``assay.learning.state.digest``).

    """

    step: int
    sha256: str


class Trace(Record):
    """A training's state at some of its steps, in their order (``trace.json``)."""

    points: tuple[TracePoint, ...]


def one_digit(value: float) -> float:
    """Round to one digit: the last bits of a difference may depend on the runtime's build."""
    return float(f"{value:.0e}")


def write(path: Path, record: Record) -> None:
    """Write a record as JSON; equal records are equal bytes."""
    content = {SCHEMA_KEY: SCHEMA, **record.model_dump(mode="json")}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path, kind: type[R]) -> R:
    """Read a record of this kind.

    Raises:
        RecordRefused: it is missing, of another schema version, or not such a record.

    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.pop(SCHEMA_KEY, None)
        if version != SCHEMA:
            raise _refused(path, f"its schema version is {version}")
        return kind.model_validate(content)
    except FileNotFoundError as problem:
        raise _refused(path, "it is not there") from problem
    except (ValidationError, ValueError, AttributeError, TypeError) as problem:
        first = str(problem).splitlines()[:3]
        raise _refused(path, " ".join(" ".join(first).split())) from problem


def _refused(path: Path, why: str) -> RecordRefused:
    return RecordRefused(
        f"{path} cannot be read: {why}",
        expected=f"a report of schema version {SCHEMA}, as this version of Assay writes it",
        cure="build the model again: assay run MODEL",
    )
