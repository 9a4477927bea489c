"""The choice of precision: fp32 and int8 on the validation split, one of them is served.

Reads nothing but what it is given. Writes nothing. Both are calibrated first, by the temperature
that fits the logits of fp32 (docs/decisions/0024). int8 ships only when it loses no more than the
settings allow, and when a row's answer does not depend on the rows beside it. Neither a timing nor
the processor decides: the form of int8 is right on all of them (docs/decisions/0014).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import processor
from assay.bundle.classifier import softmax
from assay.bundle.session import Session
from assay.gateways.onnx.scaling import divided
from assay.objectives.classification import agreement, calibration, metrics, scope
from assay.progress import Progress, say
from assay.records import Candidate, Parity, Timings, one_digit

if TYPE_CHECKING:
    from assay.bundle.encoding import Encoded
    from assay.bundle.manifest import Precision
    from assay.settings.classification import ClassificationExport

    Logits = np.ndarray[Any, Any]

BATCH = 32
# Rows of the validation split that fp32 and int8 are timed on, and how often: in turns, and the
# first round warms up.
TIMED_ROWS, ROUNDS = 256, 4
METRIC = "macro F1"
# By how much a logit may move with the rows beside it.
MOST_BY_NEIGHBOURS = 1e-3


@dataclass(frozen=True)
class Graphs:
    """The exported graph in both precisions, as bytes.

    Attributes:
        fp32: as it was traced.
        int8: the quantized one.
        temperature: what both divide the network's logits by.

    """

    fp32: bytes
    int8: bytes
    temperature: float = 1.0

    def of(self, precision: Precision) -> bytes:
        """Return one of them."""
        return self.int8 if precision == "int8" else self.fp32


@dataclass(frozen=True)
class Trial:
    """The validation split, on which precisions are compared.

    Attributes:
        encoded: the rows, ready for a graph.
        sample: the first :data:`TIMED_ROWS` of them.
        labels: class numbers, int64 of shape (rows,).
        classes: how many there are.
        threads: of the sessions.

    """

    encoded: Encoded
    sample: Encoded
    labels: np.ndarray[Any, Any]
    classes: int
    threads: int

    def calibrated(self, graphs: Graphs, settings: ClassificationExport) -> Graphs:
        """Return the graphs with the temperature that fits fp32 on the split, if settings ask so.

        It is fitted on the logits that a client would get: of an image, those averaged over views.
        """
        if settings.calibration == "none":
            return graphs
        found = calibration.fit(self.logits(graphs.fp32, "validation, temperature"), self.labels)
        say(
            f"export: logits are divided by {found.value:g}; validation log loss "
            f"{found.before:.4f} -> {found.after:.4f}"
        )
        small, full = (divided(one, found.value) for one in (graphs.int8, graphs.fp32))
        return Graphs(full, small, found.value)

    def compare(
        self, graphs: Graphs, expected: Logits, largest: float, settings: ClassificationExport
    ) -> Parity:
        """Return the report, whose ``precision`` is what is served.

        ``expected``: torch's fp32 logits of the split, shape (rows, classes), not divided by the
        graphs' temperature; ``largest``: the greatest difference of a served logit over the grid of
        input shapes.

        Raises:
            ParityFailed: a row gets another class from ONNX than from torch.

        """
        expected = expected / graphs.temperature
        full = self.logits(graphs.fp32, "validation, fp32")
        small = self.logits(graphs.int8, "validation, int8")
        agreeing = agreement.same_answers(expected, full)
        scores = self._macro_f1(full), self._macro_f1(small)
        drop = scores[0] - scores[1]
        neighbours = self._moved_by_neighbours(graphs.int8)
        precision, reason = choose(settings, drop, neighbours)
        say(f"export: {precision}, since {reason}")
        return Parity(
            metric=METRIC,
            fp32=Candidate(score=round(scores[0], 6), megabytes=_megabytes(graphs.fp32)),
            int8=Candidate(score=round(scores[1], 6), megabytes=_megabytes(graphs.int8)),
            score_drop=round(drop, 6),
            same_prediction_int8=round(float((full.argmax(1) == small.argmax(1)).mean()), 6),
            validation_rows=agreeing,
            validation_max_abs_diff=one_digit(float(np.abs(expected - full).max())),
            grid_max_abs_diff=one_digit(largest),
            neighbours_max_abs_diff=one_digit(neighbours),
            temperature=graphs.temperature,
            precision=precision,
            reason=reason,
            false_alarm=settings.false_alarm,
            threshold=scope.threshold(
                softmax(small if precision == "int8" else full), settings.false_alarm
            ),
        )

    def timings(self, graphs: Graphs) -> Timings:
        """Time fp32 and int8 in turns; return the median rows a second of each."""
        some = list(self.sample.batches(BATCH))
        count = sum(len(rows) for rows, _ in some)
        sessions = [Session(model, self.threads) for model in (graphs.fp32, graphs.int8)]
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for session, taken in zip(sessions, seconds, strict=True):
                started = time.perf_counter()
                deque(session.run_all(some), maxlen=0)
                taken.append(time.perf_counter() - started)
        fp32, int8 = (count / float(np.median(taken[1:])) for taken in seconds)
        return Timings(
            rows_per_second_fp32=round(fp32, 1),
            rows_per_second_int8=round(int8, 1),
            int8_speedup=round(int8 / fp32, 2),
            provider=sessions[0].provider,
            processor=processor.processor_class(),
            threads=self.threads,
        )

    def logits(self, model: bytes, name: str) -> Logits:
        """Return a graph's float32 logits (rows, classes) of the split."""
        session = Session(model, self.threads)
        answer = np.zeros((len(self.labels), self.classes), dtype=np.float32)
        with Progress(name, len(answer)) as bar:
            for rows, found in session.run_all(self.encoded.batches(BATCH)):
                answer[rows] = found
                bar.advance(len(rows))
        return answer

    def _moved_by_neighbours(self, model: bytes) -> float:
        """Return the greatest difference of a logit between sample rows alone and in batches."""
        session, largest = Session(model, self.threads), 0.0
        singly = session.run_all(self.sample.batches(1))
        alone = {rows[0]: found[0] for rows, found in singly}
        for rows, together in session.run_all(self.sample.batches(BATCH)):
            expected = np.stack([alone[row] for row in rows])
            largest = max(largest, float(np.abs(together - expected).max()))
        return largest

    def _macro_f1(self, logits: Logits) -> float:
        return metrics.macro_f1(self.labels, logits.argmax(axis=1))


def choose(settings: ClassificationExport, drop: float, neighbours: float) -> tuple[Precision, str]:
    """Return the precision to serve and the reason, from facts that do not vary.

    ``drop``: what int8 loses of the validation macro F1; ``neighbours``: by how much a logit moves
    with the rows beside it.
    """
    lost = f"int8 costs {drop:.4f} of validation macro F1 (allowed: {settings.max_f1_drop})"
    if settings.precision != "auto":
        return settings.precision, f"export.precision asks for it; {lost}"
    if drop > settings.max_f1_drop:
        return "fp32", lost
    if neighbours > MOST_BY_NEIGHBOURS:
        return "fp32", (
            f"int8 answers depend on their neighbours: a logit moves by {neighbours:.2g} (allowed: "
            f"{MOST_BY_NEIGHBOURS})"
        )
    return "int8", lost


def _megabytes(model: bytes) -> float:
    return round(len(model) / 1e6, 1)
