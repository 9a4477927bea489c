"""Several batches make one step as if they were one, however many rows each of them has."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from assay import records
from assay.errors import Diverged
from assay.learning.recipe import Recipe
from assay.records import Trace
from tests.learning import made, ranks

if TYPE_CHECKING:
    from assay.learning.loop import Training, TrainingSetup

pytestmark = pytest.mark.processor

TOGETHER = 4
# Of sixteen batches, so different that a mean of their means is another gradient.
SIZES = (1, 40, 2, 17, 3, 3, 60, 1, 9, 2, 30, 4, 1, 1, 50, 6)
ROWS = np.array_split(np.arange(made.ROWS), np.cumsum(SIZES)[:-1])


def _batches(together: int) -> list[list[int]]:
    """Return the rows of so many batches as one batch each."""
    starts = range(0, len(ROWS), together)
    return [np.concatenate(ROWS[first : first + together]).tolist() for first in starts]


def _setup(together: int = 1, accumulate: int = 1, **changes: Any) -> TrainingSetup:
    settings = made.settings()
    setup = dataclasses.replace(made.setup(settings), batches=lambda _epoch: _batches(together))
    return dataclasses.replace(setup, accumulate=accumulate, **changes)


def _plain(folder: Path, setup: TrainingSetup) -> tuple[torch.nn.Module, Training]:
    """Return a training without dropout by gradient descent, which hides no factor."""
    updates = Recipe(lambda model: torch.optim.SGD(model.parameters(), lr=0.5), lambda *_: 1.0)
    settings = made.settings(clip_norm=0, precision="fp32")
    model, training = made.training(folder, settings, setup, updates=updates)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    return model, training


def _trained(folder: Path, setup: TrainingSetup) -> dict[str, torch.Tensor]:
    model, training = _plain(folder, setup)
    training.run()
    return model.state_dict()


def _curve(folder: Path, setup: TrainingSetup) -> list[dict[str, float]]:
    return _plain(folder, setup)[1].run()


def _apart(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_batches_make_the_step_of_one_batch_that_holds_all_their_rows(tmp_path: Path) -> None:
    whole = _trained(tmp_path / "whole", _setup(TOGETHER))
    parts = _trained(tmp_path / "parts", _setup(accumulate=TOGETHER))
    assert _apart(whole, parts) < 1e-5
    # Where each batch weighs as much as any other, it is a mean of means.
    means = _trained(tmp_path / "means", _setup(accumulate=TOGETHER, size=lambda _: 1))
    assert _apart(whole, means) > 1e-2


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 16), (3, 6), (4, 4), (100, 1)])
def test_the_last_step_of_an_epoch_has_the_batches_that_are_left(
    tmp_path: Path, accumulate: int, steps: int
) -> None:
    _, training = made.training(tmp_path, made.settings(), _setup(accumulate=accumulate))
    rows = training.run()
    validated = [row["step"] for row in rows if "validation_macro_f1" in row]
    assert validated == [steps, 2 * steps, 3 * steps]
    logged = [row for row in rows if "loss" in row]
    assert logged[-1]["epoch"] == 3
    assert logged[-1]["learning_rate"] == 0


def test_the_loss_of_a_step_is_the_mean_over_its_rows(tmp_path: Path) -> None:
    losses = []
    for name, setup in (("whole", _setup(TOGETHER)), ("parts", _setup(accumulate=TOGETHER))):
        losses.append([row["loss"] for row in _curve(tmp_path / name, setup) if "loss" in row])
    assert losses[1] == pytest.approx(losses[0], abs=1e-5)
    means = _curve(tmp_path / "means", _setup(accumulate=TOGETHER, size=lambda _: 1))
    assert means[0]["loss"] != pytest.approx(losses[0][0], abs=1e-3)


class Killed(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("batch", [1, 6, 17, 30])
def test_a_training_that_was_killed_between_two_batches_of_a_step_ends_in_the_same_bits(
    tmp_path: Path, batch: int
) -> None:
    settings = made.settings(checkpoint_every=1)
    count = 0

    def loss(model: torch.nn.Module, rows: dict[str, torch.Tensor]) -> torch.Tensor:
        nonlocal count
        count += 1
        if count > batch:
            raise Killed
        return made.loss(model, rows)

    whole, training = made.training(tmp_path / "whole", settings, _setup(accumulate=TOGETHER))
    expected = training.run()
    killed = _setup(accumulate=TOGETHER, loss=loss)
    _, training = made.training(tmp_path / "killed", settings, killed)
    with pytest.raises(Killed):
        training.run()
    model, training = made.training(tmp_path / "killed", settings, _setup(accumulate=TOGETHER))
    assert training.run() == expected
    assert made.same(model.state_dict(), whole.state_dict())
    traces = [
        records.read(tmp_path / name / "trace.json", Trace).points for name in ("killed", "whole")
    ]
    assert traces[0] == traces[1]


def test_a_loss_that_is_no_number_is_found_in_every_batch_of_a_step(tmp_path: Path) -> None:
    def loss(model: torch.nn.Module, rows: dict[str, torch.Tensor]) -> torch.Tensor:
        broken = len(rows["labels"]) == SIZES[3]
        return made.loss(model, rows) * (float("nan") if broken else 1.0)

    setup = _setup(accumulate=TOGETHER, loss=loss)
    _, training = made.training(tmp_path, made.settings(), setup)
    with pytest.raises(Diverged, match="at step 1"):
        training.run()


def two_processes(folder: str) -> None:
    """Train in one of two processes, and write the network: what torchrun is asked for."""
    found = _trained(Path(folder) / "state", _setup(accumulate=TOGETHER // 2))
    torch.save(found, Path(folder) / f"{torch.distributed.get_rank()}.pt")
    torch.distributed.destroy_process_group()


def test_the_batches_of_two_processes_make_one_step_too(
    tmp_path: Path, torchrun: tuple[str, ...]
) -> None:
    one, two = ranks.answers(torchrun, "test_accumulation", tmp_path)
    assert made.same(one, two)
    assert _apart(one, _trained(tmp_path / "whole", _setup(TOGETHER))) < 1e-5
