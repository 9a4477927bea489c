from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from assay import records
from assay.errors import Diverged
from assay.learning.lookahead import Lookahead
from assay.learning.loop import EARLY, LOG_EVERY, Selection
from assay.learning.muon import Muon
from assay.learning.precision import in_bf16
from assay.learning.recipe import Recipe
from assay.learning.resumption import PREVIOUS, STATE
from assay.records import Trace, TracePoint
from tests.learning import made, ranks

pytestmark = pytest.mark.processor

STEPS_AN_EPOCH = -(-made.ROWS // 8)  # 29, of which 10 is no divisor


class Killed(BaseException):
    """Stands for a process that ends here."""


def _killed_at(step: int) -> Any:
    """Return a loss that ends the training at this step, counted from 0."""
    count = -1

    def loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        nonlocal count
        count += 1
        if count == step:
            raise Killed
        return made.loss(model, batch)

    return loss


def _trace(folder: Path) -> tuple[TracePoint, ...]:
    return records.read(folder / "trace.json", Trace).points


def test_it_learns_and_its_curve_tells_how(tmp_path: Path) -> None:
    settings = made.settings(epochs=4)
    logger = made.Logger()
    model, training = made.training(tmp_path, settings, made.setup(settings), logger)
    rows = training.run()
    assert made.share_right(model.eval())["validation_macro_f1"] > 0.85
    validated = [row for row in rows if "validation_macro_f1" in row]
    logged = [row for row in rows if "loss" in row]
    assert [row["step"] for row in validated] == [STEPS_AN_EPOCH * epoch for epoch in (1, 2, 3, 4)]
    assert [row["epoch"] for row in validated] == [1, 2, 3, 4]
    tens = {step for step in range(1, 4 * STEPS_AN_EPOCH + 1) if step % LOG_EVERY == 0}
    assert {row["step"] for row in logged} == tens | {row["step"] for row in validated}
    assert logged[-1]["loss"] < logged[0]["loss"] / 2
    assert logged[-1]["learning_rate"] == 0
    assert max(row["learning_rate"] for row in logged) <= settings.learning_rate
    assert [step for step, _ in logger.points] == [row["step"] for row in rows]


def test_what_varies_from_run_to_run_goes_to_the_logger_alone(tmp_path: Path) -> None:
    settings = made.settings(epochs=1)
    logger = made.Logger()
    _, training = made.training(tmp_path, settings, made.setup(settings), logger)
    rows = training.run()
    assert any("items_per_second" in figures for _, figures in logger.points)
    assert not any("items_per_second" in row for row in rows)


def test_a_training_of_few_steps_has_a_curve_too(tmp_path: Path) -> None:
    settings = made.settings(epochs=2, batch_size=100)
    _, training = made.training(tmp_path, settings, made.setup(settings))
    assert [row["step"] for row in training.run() if "loss" in row] == [3, 6]


def test_two_trainings_are_equal_bit_for_bit(tmp_path: Path) -> None:
    settings = made.settings()
    found = []
    for name in ("one", "two"):
        model, training = made.training(tmp_path / name, settings, made.setup(settings))
        found.append((training.run(), model.state_dict()))
    assert found[0][0] == found[1][0]
    assert made.same(found[0][1], found[1][1])
    other = made.settings(seed=14)
    model, training = made.training(tmp_path / "three", other, made.setup(other))
    training.run()
    assert not made.same(model.state_dict(), found[0][1])


def test_trainings_of_one_process_may_differ_in_precision(tmp_path: Path) -> None:
    ends = []
    for number, precision in enumerate(("fp32", "bf16", "fp32", "bf16", "auto")):
        settings = made.settings(epochs=1, precision=precision)
        setup = made.setup(settings)
        model, training = made.training(tmp_path / str(number), settings, setup)
        training.run()
        ends.append(model.state_dict())
    assert made.same(ends[0], ends[2])
    assert made.same(ends[1], ends[3])
    assert not made.same(ends[0], ends[1])
    assert made.same(ends[4], ends[1] if in_bf16("auto") else ends[0])
    assert all(weights.dtype == torch.float32 for end in ends for weights in end.values())


@pytest.mark.parametrize(
    "steps",
    [
        (3,),  # before the first state
        (7,),  # right behind one
        (STEPS_AN_EPOCH,),  # the first of the second epoch
        (60, 0, 11, 5),  # again and again, once before anything new was kept
    ],
)
def test_a_training_that_was_killed_ends_in_the_same_bits(
    tmp_path: Path, steps: tuple[int, ...]
) -> None:
    settings = made.settings()
    whole, training = made.training(tmp_path / "whole", settings, made.setup(settings))
    expected = training.run()
    for step in steps:
        killed = made.setup(settings, loss=_killed_at(step))
        _, training = made.training(tmp_path / "killed", settings, killed)
        with pytest.raises(Killed):
            training.run()
    model, training = made.training(tmp_path / "killed", settings, made.setup(settings))
    assert training.run() == expected
    assert made.same(model.state_dict(), whole.state_dict())
    assert _trace(tmp_path / "killed") == _trace(tmp_path / "whole")


@pytest.mark.parametrize("damaged", [(STATE,), (STATE, PREVIOUS)])
def test_a_training_whose_state_rotted_ends_in_the_same_bits(
    tmp_path: Path, damaged: tuple[str, ...]
) -> None:
    settings = made.settings()
    whole, training = made.training(tmp_path / "whole", settings, made.setup(settings))
    expected = training.run()
    _, training = made.training(
        tmp_path / "killed", settings, made.setup(settings, loss=_killed_at(STEPS_AN_EPOCH + 7))
    )
    with pytest.raises(Killed):
        training.run()
    for name in damaged:
        (state,) = (tmp_path / "killed").rglob(name)
        content = bytearray(state.read_bytes())
        content[-5] ^= 1
        state.write_bytes(content)
    model, training = made.training(tmp_path / "killed", settings, made.setup(settings))
    assert training.run() == expected
    assert made.same(model.state_dict(), whole.state_dict())


@pytest.mark.parametrize("steps", [(9,), (36, 3), (60, 0, 11)])
def test_momentum_and_slow_weights_of_a_killed_training_come_back_too(
    tmp_path: Path, steps: tuple[int, ...]
) -> None:
    settings = made.settings()

    def muon(model: torch.nn.Module) -> Muon:
        weights = list(model.parameters())
        filters = {"params": [w for w in weights if w.ndim > 1], "lr": 0.02, "orthogonal": True}
        shifts = {"params": [w for w in weights if w.ndim == 1], "lr": 0.01}
        return Muon([filters, shifts], momentum=0.6)

    updates = Recipe(muon, lambda step, steps: 1 - step / steps, Lookahead)
    whole, training = made.training(
        tmp_path / "whole", settings, made.setup(settings), updates=updates
    )
    expected = training.run()
    for step in steps:
        killed = made.setup(settings, loss=_killed_at(step))
        _, training = made.training(tmp_path / "killed", settings, killed, updates=updates)
        with pytest.raises(Killed):
            training.run()
    model, training = made.training(
        tmp_path / "killed", settings, made.setup(settings), updates=updates
    )
    assert training.run() == expected
    assert made.same(model.state_dict(), whole.state_dict())
    assert _trace(tmp_path / "killed") == _trace(tmp_path / "whole")
    assert expected[-1]["validation_macro_f1"] > 0.7


def test_the_trace_has_each_saved_step_once_and_two_early_ones(tmp_path: Path) -> None:
    # 29 steps an epoch: step 29 is one of those at which the state is saved anyway.
    settings = made.settings(epochs=2, checkpoint_every=29)
    told: list[TracePoint] = []
    _, training = made.training(
        tmp_path, settings, made.setup(settings), on_point=lambda point: told.append(point)
    )
    training.run()
    points = _trace(tmp_path)
    assert [point.step for point in points] == [0, EARLY, 29, 58]
    assert tuple(told) == points
    assert len({point.sha256 for point in points}) == len(points)


def test_a_training_that_was_killed_while_it_validates_has_the_same_trace(tmp_path: Path) -> None:
    settings = made.settings(epochs=2, checkpoint_every=STEPS_AN_EPOCH)
    made.training(tmp_path / "whole", settings, made.setup(settings))[1].run()

    def killed(_model: torch.nn.Module) -> dict[str, float]:
        raise Killed

    setup = made.setup(settings, validate=killed)
    with pytest.raises(Killed):
        made.training(tmp_path / "killed", settings, setup)[1].run()
    made.training(tmp_path / "killed", settings, made.setup(settings))[1].run()
    assert _trace(tmp_path / "killed") == _trace(tmp_path / "whole")


def test_a_point_of_the_trace_covers_the_validation_of_its_epoch(tmp_path: Path) -> None:
    settings = made.settings(epochs=1)
    traces: list[tuple[TracePoint, ...]] = []
    for score in (0.25, 0.5):
        _, validate = _scored(score)
        setup = made.setup(settings, validate=validate)
        made.training(tmp_path / str(score), settings, setup)[1].run()
        traces.append(_trace(tmp_path / str(score)))
    assert traces[0][:-1] == traces[1][:-1]
    assert traces[0][-1].step == traces[1][-1].step == STEPS_AN_EPOCH
    assert traces[0][-1] != traces[1][-1]


def test_another_seed_leaves_another_trace(tmp_path: Path) -> None:
    traces: list[tuple[TracePoint, ...]] = []
    for seed in (13, 13, 14):
        settings = made.settings(epochs=1, seed=seed)
        folder = tmp_path / str(len(traces))
        made.training(folder, settings, made.setup(settings))[1].run()
        traces.append(_trace(folder))
    assert traces[0] == traces[1]
    # The same network here, but batches in another order.
    assert traces[0][0] == traces[2][0]
    assert not set(traces[0][1:]) & set(traces[2][1:])


def test_a_training_of_no_step_has_the_point_that_it_starts_from(tmp_path: Path) -> None:
    settings = made.settings()
    plan = settings.model_copy(update={"epochs": 0})
    setup = dataclasses.replace(made.setup(settings), from_good_start=True)
    made.training(tmp_path, plan, setup)[1].run()
    assert [point.step for point in _trace(tmp_path)] == [0]


def test_what_is_told_of_a_point_may_end_the_training(tmp_path: Path) -> None:
    settings = made.settings()

    def stop(point: TracePoint) -> None:
        if point.step >= EARLY:
            raise Killed

    _, training = made.training(tmp_path, settings, made.setup(settings), on_point=stop)
    with pytest.raises(Killed):
        training.run()
    assert not (tmp_path / "trace.json").exists(), "only a whole training leaves its trace"


def test_a_batch_is_gathered_for_its_epoch(tmp_path: Path) -> None:
    settings = made.settings(epochs=3)
    setup = made.setup(settings)
    epochs: list[int] = []

    def collate(rows: list[int], epoch: int) -> dict[str, torch.Tensor]:
        epochs.append(epoch)
        return setup.collate(rows, epoch)

    _, training = made.training(tmp_path, settings, dataclasses.replace(setup, collate=collate))
    training.run()
    assert epochs == sorted(STEPS_AN_EPOCH * [0, 1, 2])


def test_gradients_are_clipped_unless_the_bound_is_zero(tmp_path: Path) -> None:
    ends = []
    for bound in (0.0, 1e-6, 1e6):
        settings = made.settings(epochs=1, clip_norm=bound)
        model, training = made.training(tmp_path / str(bound), settings, made.setup(settings))
        training.run()
        ends.append(model.state_dict())
    assert made.same(ends[0], ends[2])
    assert not made.same(ends[0], ends[1])


def test_a_finished_training_takes_no_step_more(tmp_path: Path) -> None:
    settings = made.settings()
    first, training = made.training(tmp_path, settings, made.setup(settings))
    rows = training.run()
    second, training = made.training(tmp_path, settings, made.setup(settings, loss=_killed_at(0)))
    assert training.run() == rows
    assert made.same(first.state_dict(), second.state_dict())


def _scored(*scores: float) -> tuple[list[dict[str, torch.Tensor]], Any]:
    """Return a validation with these scores, and where it keeps the networks that it saw."""
    seen: list[dict[str, torch.Tensor]] = []

    def validate(model: torch.nn.Module) -> dict[str, float]:
        assert not model.training
        seen.append({name: value.clone() for name, value in model.state_dict().items()})
        return {"validation_macro_f1": scores[len(seen) - 1]}

    return seen, validate


def test_the_best_epochs_weights_are_kept(tmp_path: Path) -> None:
    settings = made.settings(epochs=4, patience=4)
    seen, validate = _scored(0.2, 0.8, 0.8, 0.3)
    model, training = made.training(tmp_path, settings, made.setup(settings, validate=validate))
    training.run()
    assert made.same(model.state_dict(), seen[1]), "the first of two equal ones"
    assert not made.same(seen[1], seen[2])


def test_it_stops_when_epochs_bring_nothing(tmp_path: Path) -> None:
    settings = made.settings(epochs=9, patience=2)
    seen, validate = _scored(0.2, 0.5, 0.4, 0.6, 0.6, 0.1, 0.9)
    model, training = made.training(tmp_path, settings, made.setup(settings, validate=validate))
    rows = training.run()
    assert len(seen) == 6
    assert rows[-1]["epoch"] == 6
    assert made.same(model.state_dict(), seen[3])


def test_worthless_weights_are_weights_all_the_same(tmp_path: Path) -> None:
    settings = made.settings(epochs=1)
    seen, validate = _scored(0.0)
    model, training = made.training(tmp_path, settings, made.setup(settings, validate=validate))
    training.run()
    assert made.same(model.state_dict(), seen[0])


LOSS = Selection("validation_loss", "loss", higher_is_better=False)


def test_a_loss_can_choose_the_best_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = made.settings(epochs=9, patience=2)
    losses = (0.9, 0.4, 0.4, 0.3, 0.5, 0.3, 0.1)
    seen: list[dict[str, torch.Tensor]] = []

    def validate(model: torch.nn.Module) -> dict[str, float]:
        seen.append({name: value.clone() for name, value in model.state_dict().items()})
        loss = losses[len(seen) - 1]
        # By this metric the worst epoch would be the best one.
        return {"validation_macro_f1": loss, "validation_loss": loss}

    setup = made.setup(settings, validate=validate, selection=LOSS)
    model, training = made.training(tmp_path, settings, setup)
    rows = training.run()
    assert rows[-1]["epoch"] == 6, "two epochs without a lower loss"
    assert made.same(model.state_dict(), seen[3]), "the first of two equal ones"
    assert "epoch 4: validation loss 0.3000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "best", "higher", "lower"),
    [
        (0.0, None, True, True),
        (-1.0, None, True, True),
        (0.6, 0.5, True, False),
        (0.4, 0.5, False, True),
        (0.5, 0.5, False, False),
        (0.1, 0.0, True, False),
    ],
)
def test_a_selection_improves_in_its_own_direction(
    value: float, best: float | None, higher: bool, lower: bool
) -> None:
    assert made.MACRO_F1.improves(value, best) == higher
    assert LOSS.improves(value, best) == lower


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_it_with_a_cure(tmp_path: Path, value: float) -> None:
    settings = made.settings()

    def loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return made.loss(model, batch) * value

    _, training = made.training(tmp_path, settings, made.setup(settings, loss=loss))
    with pytest.raises(Diverged) as refused:
        training.run()
    assert refused.value.found == f"the loss became {value} at step 1"
    assert "train.learning_rate" in refused.value.cure
    assert not (tmp_path / STATE).exists()


def two_processes(folder: str) -> None:
    """Train in one of two processes, and write the network: what torchrun is asked for."""
    settings = made.settings(epochs=2, learning_rate=0.05)
    model, training = made.training(Path(folder) / "state", settings, made.setup(settings))
    rows = training.run()
    rank = torch.distributed.get_rank()
    torch.save({"network": model.state_dict(), "rows": rows}, Path(folder) / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_learn_one_network(tmp_path: Path, torchrun: tuple[str, ...]) -> None:
    one, two = ranks.answers(torchrun, "test_loop", tmp_path)
    assert made.same(one["network"], two["network"])
    half = -(-STEPS_AN_EPOCH // 2)
    points = _trace(tmp_path / "state")
    assert [point.step for point in points] == [0, 7, EARLY, 14, half, 21, 28, 2 * half]
    validated = [row for row in one["rows"] if "validation_macro_f1" in row]
    assert [row["step"] for row in validated] == [half, 2 * half], "each takes half of the batches"
    assert validated[-1]["validation_macro_f1"] > 0.6
