from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from assay import processor
from assay.errors import ParityFailed
from assay.objectives.classification import precision
from assay.objectives.classification.precision import Graphs, Trial
from assay.records import one_digit
from assay.settings.classification import ClassificationExport

if TYPE_CHECKING:
    from collections.abc import Iterator

    Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.processor


def _settings(**changes: object) -> ClassificationExport:
    return ClassificationExport.model_validate({"max_f1_drop": 0.005, **changes})


def test_int8_is_served_when_it_loses_little() -> None:
    assert precision.choose(_settings(), 0.005, 0.0)[0] == "int8"
    assert precision.choose(_settings(), -0.1, 1e-3)[0] == "int8"


def test_fp32_is_served_when_int8_costs_too_much_or_depends_on_neighbours() -> None:
    assert precision.choose(_settings(), 0.0051, 0.0) == (
        "fp32",
        "int8 costs 0.0051 of validation macro F1 (allowed: 0.005)",
    )
    assert precision.choose(_settings(), 0.0, 1.1e-3)[0] == "fp32"
    chosen, reason = precision.choose(_settings(), 0.0, 0.28)
    assert chosen == "fp32"
    assert reason.startswith("int8 answers depend on their neighbours: a logit moves by 0.28")


@pytest.mark.parametrize("asked", ["fp32", "int8"])
def test_what_is_asked_for_is_served_whatever_it_costs(asked: str) -> None:
    chosen, reason = precision.choose(_settings(precision=asked), 0.9, 0.9)
    assert chosen == asked
    assert "export.precision asks for it" in reason


# What a graph of one matrix answers is known beforehand: a row of one-hot scores gets the class
# that the matrix sends it to. "int8" is another such graph, so that the two differ as told.
RIGHT = np.eye(3, dtype=np.float32)
SWAPPED = RIGHT[[1, 0, 2]]
TRUTH = np.repeat([0, 1, 2], [2, 4, 6])


class OneHot:
    """The rows of a validation split as one-hot scores, by batches, the last one first."""

    def __init__(self, classes: Array) -> None:
        self.scores = RIGHT[classes]

    truncated = 0

    @property
    def unknown(self) -> Array:
        return np.zeros(len(self.scores))

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        for start in reversed(range(0, len(self.scores), size)):
            rows = list(range(start, min(start + size, len(self.scores))))
            yield rows, {"scores": self.scores[rows]}


def graph(matrix: Array, *, neighbours: float = 0.0) -> bytes:
    """Return scores x matrix, plus the batch's mean of the first score times ``neighbours``."""
    kind = TensorProto.FLOAT
    shape: list[str | int | None] = ["rows", 3]
    made = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("MatMul", ["scores", "matrix"], ["own"]),
                helper.make_node("ReduceMean", ["scores", "axes"], ["mean"], keepdims=1),
                helper.make_node("Mul", ["mean", "share"], ["moved"]),
                helper.make_node("Add", ["own", "moved"], ["logits"]),
            ],
            "scores",
            [helper.make_tensor_value_info("scores", kind, shape)],
            [helper.make_tensor_value_info("logits", kind, shape)],
            [
                numpy_helper.from_array(matrix, "matrix"),
                numpy_helper.from_array(np.array([0]), "axes"),
                numpy_helper.from_array(np.array([neighbours], np.float32), "share"),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString())


def trial(seen: Array = TRUTH) -> Trial:
    """Return the comparison on rows of the classes ``seen``, whose labels are :data:`TRUTH`."""
    return Trial(encoded=OneHot(seen), sample=OneHot(seen), labels=TRUTH, classes=3, threads=1)


def test_each_precision_is_measured_on_its_own_graph() -> None:
    graphs = Graphs(graph(RIGHT), graph(SWAPPED))
    parity = trial().compare(graphs, RIGHT[TRUTH], 2.34e-6, _settings())
    assert parity.int8 is not None
    assert (parity.fp32.score, parity.int8.score) == (1.0, 0.333333)
    assert parity.score_drop == 0.666667
    assert parity.same_prediction_int8 == 0.5
    assert parity.precision == "fp32"
    assert parity.reason.startswith("int8 costs 0.6667 of validation macro F1")
    assert parity.metric == "macro F1"
    assert parity.validation_rows == 12
    assert parity.grid_max_abs_diff == 2e-6


def test_int8_that_is_better_by_much_is_no_loss() -> None:
    seen = SWAPPED.argmax(axis=1)[TRUTH]
    graphs = Graphs(graph(RIGHT), graph(SWAPPED))
    parity = trial(seen).compare(graphs, RIGHT[seen], 0.0, _settings())
    assert parity.int8 is not None
    assert (parity.fp32.score, parity.int8.score) == (0.333333, 1.0)
    assert parity.score_drop == -0.666667
    assert parity.precision == "int8"


def test_int8_whose_rows_depend_on_each_other_is_seen_and_not_served() -> None:
    graphs = Graphs(graph(RIGHT), graph(RIGHT, neighbours=0.25))
    parity = trial().compare(graphs, RIGHT[TRUTH], 0.0, _settings())
    assert parity.score_drop == 0
    # A row of class 0 alone is its own mean, 1; among twelve of which two are, the mean is 1/6.
    assert parity.neighbours_max_abs_diff == one_digit(0.25 * 5 / 6)
    assert parity.precision == "fp32"


def test_fp32_that_answers_otherwise_than_torch_is_refused() -> None:
    graphs = Graphs(graph(SWAPPED), graph(RIGHT))
    with pytest.raises(ParityFailed, match="6 of 12 validation rows"):
        trial().compare(graphs, RIGHT[TRUTH], 0.0, _settings())


def test_the_greatest_difference_from_torch_is_that_of_fp32() -> None:
    graphs = Graphs(graph(RIGHT), graph(2 * RIGHT))
    expected = RIGHT[TRUTH] + np.array([0.03, -0.04, 0], np.float32)
    parity = trial().compare(graphs, expected, 0.0, _settings())
    assert parity.validation_max_abs_diff == 0.04


def test_the_temperature_of_fp32_divides_both_precisions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Three of twelve rows are labelled otherwise than they look: 3 in 4 is what logits may claim.
    labels = np.where(np.arange(12) % 4 == 3, (TRUTH + 1) % 3, TRUTH)
    split = Trial(encoded=OneHot(TRUTH), sample=OneHot(TRUTH), labels=labels, classes=3, threads=1)
    graphs = split.calibrated(Graphs(graph(9 * RIGHT), graph(3 * RIGHT)), _settings())
    likely = np.exp(9 / graphs.temperature) / (np.exp(9 / graphs.temperature) + 2)
    assert likely == pytest.approx(0.75, abs=0.04), "a share of 1 in 14 is spread over the classes"
    assert f"export: logits are divided by {graphs.temperature:g};" in capsys.readouterr().err
    for content, logit in ((graphs.fp32, 9), (graphs.int8, 3)):
        found = split.logits(content, "a step")
        np.testing.assert_allclose(found, logit * RIGHT[TRUTH] / graphs.temperature, rtol=1e-6)
    parity = split.compare(graphs, 9 * RIGHT[TRUTH], 0.0, _settings())
    assert parity.temperature == graphs.temperature
    assert parity.validation_max_abs_diff < 1e-6, "torch's logits are divided too"


@pytest.mark.parametrize(("precision", "logit"), [("fp32", 1.0), ("int8", 3.0)])
def test_the_threshold_is_that_of_the_graph_that_is_served(precision: str, logit: float) -> None:
    graphs = Graphs(graph(RIGHT), graph(3 * RIGHT))
    settings = _settings(precision=precision, false_alarm=0.4)
    parity = trial().compare(graphs, RIGHT[TRUTH], 0.0, settings)
    # Of each row one logit is as large, the other two are zero.
    expected = np.log(np.exp(logit) + 2) - logit / 3
    assert parity.threshold == pytest.approx(expected, abs=1e-5)
    assert parity.false_alarm == 0.4
    none = trial().compare(graphs, RIGHT[TRUTH], 0.0, _settings(false_alarm=None))
    assert none.threshold is none.false_alarm is None


def test_no_temperature_is_fitted_where_none_is_asked_for() -> None:
    graphs = Graphs(graph(RIGHT), graph(RIGHT))
    assert trial().calibrated(graphs, _settings(calibration="none")) is graphs
    assert trial().compare(graphs, RIGHT[TRUTH], 0.0, _settings()).temperature == 1


def test_the_graph_of_a_precision_is_that_of_its_name() -> None:
    graphs = Graphs(b"fp32", b"int8")
    assert graphs.of("fp32") == b"fp32"
    assert graphs.of("int8") == b"int8"
    assert precision._megabytes(b"\0" * 1_250_000) == 1.2
    assert precision._megabytes(b"\0" * 1_050_000) == 1.1, "a megabyte is a million bytes"


def test_logits_come_in_the_order_of_the_rows_and_the_step_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = np.tile(TRUTH, 4)
    wide = Trial(encoded=OneHot(seen), sample=OneHot(seen), labels=seen, classes=3, threads=1)
    logits = wide.logits(graph(RIGHT), "a step")
    assert logits.dtype == np.float32
    assert np.array_equal(logits, RIGHT[seen])
    assert capsys.readouterr().err.startswith("a step")
    trial().compare(Graphs(graph(RIGHT), graph(RIGHT)), RIGHT[TRUTH], 0.0, _settings())
    shown = capsys.readouterr().err
    assert {"validation, fp32 ...", "validation, int8 ..."} < set(shown.splitlines())


def test_timings_are_medians_of_the_rounds_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Seconds that fp32 and int8 take in turns, by a clock that is read before and after.
    rounds = ((100, 200), (2, 1), (7, 9), (8, 30))
    ticks = np.cumsum([step for pair in rounds for taken in pair for step in (7, taken)])
    clock = iter(ticks.tolist())
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    timings = trial().timings(Graphs(graph(RIGHT), graph(SWAPPED)))
    assert next(clock, None) is None, "each of the four rounds times both"
    assert (timings.rows_per_second_fp32, timings.rows_per_second_int8) == (1.7, 1.3)
    assert timings.int8_speedup == 0.78
    assert timings.threads == 1
    assert timings.provider.endswith("ExecutionProvider")
    assert timings.processor == processor.processor_class()
