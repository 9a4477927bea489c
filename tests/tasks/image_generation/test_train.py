from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import torch

from assay.files import remove
from assay.tasks.image_generation import IMAGE_GENERATION, checkpoint, pixels, train
from assay.tasks.image_generation.network import build
from tests import trainings
from tests.tasks.image_generation import project as projects
from tests.tasks.image_generation.project import FILES, settings

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_generation.settings import ImageGenerationModel

pytestmark = pytest.mark.processor


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project of two splits alone: 8 steps an epoch."""
    monkeypatch.chdir(tmp_path)
    projects.write()
    FILES.split("test").unlink()


def _train(model: ImageGenerationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    return trainings.train(IMAGE_GENERATION, model, FILES, name, kill_at)


def _images(name: str) -> torch.Tensor:
    return torch.from_numpy(pixels.of_split(FILES, name, settings().train))


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"likelihood": "bernoulli", "beta_epochs": 1},
        {"network": "mlp", "free_bits": 0.1, "precision": "bf16"},
    ],
)
def test_two_trainings_are_equal_and_a_killed_one_ends_in_the_same_bytes(
    capsys: pytest.CaptureFixture[str], recipe: dict[str, Any]
) -> None:
    model = settings(**recipe)
    first = _train(model, "one")
    remove(FILES.resume)
    assert _train(model, "two") == first
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=10)
    capsys.readouterr()
    assert _train(model, "resumed") == first
    assert "training resumes at step 8 of an interrupted run" in capsys.readouterr().err
    remove(FILES.resume)


def test_the_best_epoch_by_its_negative_elbo_is_kept() -> None:
    model = settings(epochs=6, learning_rate=0.01)
    _train(model, "mine")
    curve = pd.read_csv(FILES.curve.with_name("mine.csv")).dropna(subset="validation_loss")
    assert curve["validation_loss"].iloc[-1] < curve["validation_loss"].iloc[0] - 5
    parts = curve["validation_reconstruction"] + curve["validation_divergence"]
    assert (parts - curve["validation_loss"]).abs().max() < 1e-4
    kept = checkpoint.read(FILES.checkpoint.with_name("mine"))
    found = train.scores(kept, _images("validation"), model.train)
    assert found["validation_loss"] == pytest.approx(curve["validation_loss"].min(), abs=1e-3)


def test_validation_noise_is_the_same_after_every_epoch() -> None:
    chosen = settings(likelihood="bernoulli").train
    first, again = (list(train.held_out(_images("validation"), chosen)) for _ in range(2))
    for (seen, noise), (other, same) in zip(first, again, strict=True):
        assert torch.equal(seen, other)
        assert torch.equal(noise, same)
        assert set(seen.flatten().tolist()) == {0, 255}


def test_a_batch_is_what_its_rows_and_epoch_say() -> None:
    chosen = settings(likelihood="bernoulli", beta=2.0, beta_epochs=4).train
    setup = train.setup(chosen, _images("train"), _images("validation"))
    together, alone = setup.collate([5, 9, 3], 1), setup.collate([9], 1)
    for name in ("pixels", "noise"):
        assert torch.equal(together[name][1:2], alone[name])
        assert not torch.equal(alone[name], setup.collate([9], 2)[name])
    assert float(together["beta"]) == 0.5
    assert float(setup.collate([9], 7)["beta"]) == 2.0
    assert setup.size(together) == 3
    assert sorted(row for batch in setup.batches(0) for row in batch) == list(range(160))


def test_the_schedule_is_the_one_that_the_settings_name() -> None:
    chosen = settings(learning_rate=0.004, warmup=0.1, final_rate=0.2).train
    recipe = train.recipe(chosen)
    optimiser = recipe.optimiser(build(train.sizes_of(chosen)))
    assert {group["lr"] for group in optimiser.param_groups} == {0.004}
    assert recipe.schedule(0, 100) == pytest.approx(0.1)
    assert recipe.schedule(100, 100) == pytest.approx(0.2)
