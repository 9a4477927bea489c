"""The training loop, for any model and any kind of batch.

Reads and writes only the state that a killed training is resumed from, and at its end the training
trace. Built on accelerate: the same code runs on one processor and, under ``accelerate launch`` or
torchrun, on several GPUs. The precision is this loop's own, not accelerate's, which keeps one for a
whole process. Knows nothing of texts or images: what differs comes as the functions of
:class:`TrainingSetup`.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator

from assay import records
from assay.errors import Diverged
from assay.learning.batching import shard
from assay.learning.precision import autocast
from assay.learning.resumption import ResumableState
from assay.learning.state import Position, digest, tensors_of
from assay.progress import Progress, say
from assay.records import Trace, TracePoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from assay.learning.recipe import Recipe
    from assay.learning.run import TrainingRun
    from assay.settings.schema import Optimisation

    Tensors = dict[str, torch.Tensor]

# Steps between two rows of the curve.
LOG_EVERY = 10
# The step of the trace's second point: late enough for the moments to have moved, early enough for
# a replay of seconds.
EARLY = 10


@dataclass(frozen=True)
class Selection:
    """The validation metric that chooses the best epoch, e.g. a macro F1 or a loss."""

    metric: str
    title: str  # as people read it
    higher_is_better: bool = True

    def improves(self, value: float, best: float | None) -> bool:
        """Tell whether ``value`` is better than the best so far; anything is better than None."""
        if best is None:
            return True
        return value > best if self.higher_is_better else value < best


@dataclass(frozen=True)
class TrainingSetup:
    """What a training learns from, its loss, and how it is validated."""

    batches: Callable[[int], list[list[int]]]  # epoch -> batches of row numbers
    collate: Callable[[list[int], int], Tensors]  # row numbers, epoch -> tensors
    loss: Callable[[nn.Module, Tensors], torch.Tensor]  # fp32 scalar, mean over the batch
    validate: Callable[[nn.Module], dict[str, float]]  # validation metrics, by name
    size: Callable[[Tensors], int]  # tokens or images of a batch, for the throughput
    selection: Selection  # which of the validation metrics chooses the best epoch
    # Whether the weights that the training starts from may be the best ones.
    from_good_start: bool = False
    # Batches whose gradients make one step, as if they were one. Where these are several, the loss
    # has to be the mean over what `size` counts: a mean of their losses would not be that.
    accumulate: int = 1


class Training:
    """One training: a model, its setup, and where it stands."""

    def __init__(
        self,
        model: nn.Module,
        setup: TrainingSetup,
        recipe: Recipe,
        settings: Optimisation,
        run: TrainingRun,
    ) -> None:
        """Prepare model and optimiser for the devices at hand; :meth:`run` trains."""
        self._setup, self._recipe, self._settings = setup, recipe, settings
        self._state, self._logger = ResumableState(run.state, run.digest), run.logger
        self._trace, self._on_point = run.trace, run.on_point
        self._accelerator = Accelerator(mixed_precision="no", cpu=not torch.cuda.is_available())
        self._steps_an_epoch = -(-len(self._shard(0)) // setup.accumulate)
        self._steps = self._steps_an_epoch * settings.epochs
        optimiser = recipe.optimiser(model)
        self._full_rates = [float(group["lr"]) for group in optimiser.param_groups]
        self._bare = model
        self._model, self._optimiser = self._accelerator.prepare(model, optimiser)
        self._lookahead = recipe.lookahead(model, self._steps) if recipe.lookahead else None
        self._best: Tensors = {}
        self._at = Position()

    def run(self) -> list[dict[str, float]]:
        """Train to the end, leave the best weights in the model, and return the curve's rows.

        A row holds ``step``, ``epoch``, ``loss``, ``learning_rate``, and after each epoch the
        figures of the validation split. The trace, of one process or of the first of several, has
        a point before the first step, one at step :data:`EARLY`, and one wherever the state is
        saved: every ``checkpoint_every`` steps and after each epoch.

        Raises:
            Diverged: the loss is not finite.

        """
        if not self._resume():
            self._note()
            if self._setup.from_good_start:
                self._validate(epoch=0)
        with Progress("training", self._steps, start=self._at.step) as bar:
            while self._at.epoch < self._settings.epochs and not self._at.finished:
                self._epoch(bar)
        self._bare.load_state_dict(self._best)
        if self._trace and self._accelerator.is_main_process:
            records.write(self._trace, Trace(points=tuple(self._at.trace)))
        return self._at.curve

    def _resume(self) -> bool:
        """Continue an interrupted run; tell whether there was one."""
        found = self._state.load(self._bare, self._optimiser.optimizer)
        if found is None:
            return False
        self._at, self._best, slow = found
        if self._lookahead:
            self._lookahead.load(slow)
        say(f"training resumes at step {self._at.step} of an interrupted run")
        return True

    def _epoch(self, bar: Progress) -> None:
        self._model.train()
        clock, size = time.monotonic(), 0
        batches = self._shard(self._at.epoch)
        for first in range(self._at.batch, len(batches), self._setup.accumulate):
            group = batches[first : first + self._setup.accumulate]
            own = [self._setup.collate(rows, self._at.epoch) for rows in group]
            self._step(own)
            size += sum(map(self._setup.size, own))
            bar.advance(note=f"loss {self._at.pending[-1]:.3f}")
            if self._at.step % LOG_EVERY == 0:
                self._log(size / (time.monotonic() - clock))
                clock, size = time.monotonic(), 0
            # The last step of an epoch has one point, behind the validation.
            traced = self._at.batch < len(batches)
            if self._at.step % self._settings.checkpoint_every == 0:
                self._note(save=True, traced=traced)
            elif self._at.step == EARLY and traced:
                self._note()
        if self._at.pending:
            # What is left over, so that a short training has a curve too.
            self._log(size / max(time.monotonic() - clock, 1e-9))
        self._validate(self._at.epoch + 1)
        self._at.epoch, self._at.batch = self._at.epoch + 1, 0
        self._note(save=True)

    def _step(self, batches: Sequence[Tensors]) -> None:
        """Update the weights once, by the gradients of all of ``batches``."""
        share = self._share()
        for group, rate in zip(self._optimiser.param_groups, self._full_rates, strict=True):
            group["lr"] = rate * share
        parts = zip(batches, self._parts(batches), strict=True)
        value = sum(
            (self._backward(batch, part, last=batch is batches[-1]) for batch, part in parts), 0.0
        )
        if self._settings.clip_norm:
            self._accelerator.clip_grad_norm_(self._model.parameters(), self._settings.clip_norm)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._at.pending.append(value)
        self._at.step += 1
        self._at.batch += len(batches)
        if self._lookahead:
            self._lookahead.after_step(self._at.step)

    def _parts(self, batches: Sequence[Tensors]) -> list[float]:
        """Return which part of a step's loss each batch has: that of its tokens in all of them.

        Gradients are averaged over processes, so that the parts of all add up to how many there
        are.
        """
        if self._setup.accumulate == 1:
            return [1.0]
        sizes = [self._setup.size(batch) for batch in batches]
        accelerator: Any = self._accelerator
        whole = accelerator.reduce(torch.tensor(sum(sizes), device=accelerator.device))
        return [size * accelerator.num_processes / int(whole) for size in sizes]

    def _backward(self, batch: Tensors, part: float, *, last: bool) -> float:
        """Add ``part`` of a batch's gradient to what is there; return as much of its loss.

        Raises:
            Diverged: the loss is not finite.

        """
        on_device = {name: value.to(self._accelerator.device) for name, value in batch.items()}
        # Processes exchange gradients once a step.
        with nullcontext() if last else self._accelerator.no_sync(self._model):
            with self._autocast():
                loss = self._setup.loss(self._model, on_device)
            value = float(loss.detach())
            if value != value or abs(value) == float("inf"):
                raise Diverged(
                    f"the loss became {value} at step {self._at.step + 1}",
                    expected="a finite loss",
                    cure="lower train.learning_rate in params.yaml, or set train.precision to fp32",
                )
            self._accelerator.backward(loss * part)
        return value * part

    def _autocast(self) -> torch.autocast:
        return autocast(self._settings.precision, self._accelerator.device.type)

    def _share(self) -> float:
        return self._recipe.schedule(self._at.step, self._steps)

    def _log(self, per_second: float) -> None:
        pending, self._at.pending = self._at.pending, []
        row = {
            "step": self._at.step,
            "epoch": round(self._at.step / self._steps_an_epoch, 4),
            "loss": round(sum(pending) / len(pending), 6),
            "learning_rate": float(f"{self._settings.learning_rate * self._share():.6g}"),
        }
        self._at.curve.append(row)
        # The throughput varies from run to run: it goes to the logger, not into the curve.
        self._logger.log(self._at.step, {**row, "items_per_second": per_second})

    def _validate(self, epoch: int) -> None:
        """Measure the validation split after an epoch; keep the weights if they are the best."""
        self._model.eval()
        with torch.inference_mode(), self._autocast():
            scores = self._setup.validate(self._bare)
        self._at.curve.append({"step": self._at.step, "epoch": float(epoch), **_rounded(scores)})
        self._logger.log(self._at.step, scores)
        selection = self._setup.selection
        score = scores[selection.metric]
        if selection.improves(score, self._at.best_score):
            self._at.best_score, self._at.epochs_without_gain = score, 0
            self._best = {k: v.detach().cpu().clone() for k, v in self._bare.state_dict().items()}
        else:
            self._at.epochs_without_gain += 1
        self._at.finished = self._at.epochs_without_gain >= self._settings.patience
        say(f"epoch {epoch}: validation {selection.title} {score:.4f}")

    def _note(self, *, save: bool = False, traced: bool = True) -> None:
        """Digest the training's state once, for the trace and for the state that is saved."""
        if not self._accelerator.is_main_process:
            return
        slow = self._lookahead.slow if self._lookahead else {}
        tensors = tensors_of(self._bare, self._optimiser.optimizer, self._best, slow)
        point = TracePoint(step=self._at.step, sha256=digest(tensors, self._at))
        if traced:
            self._at.trace.append(point)
        if save:
            self._state.save(tensors, self._at, point.sha256)
        if traced and self._on_point:
            self._on_point(point)

    def _shard(self, epoch: int) -> list[list[int]]:
        accelerator: Any = self._accelerator
        batches = self._setup.batches(epoch)
        return shard(batches, accelerator.process_index, accelerator.num_processes)


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in scores.items()}
