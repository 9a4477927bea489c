from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from assay.paths import ModelPaths
from assay.tasks.text_classification.settings import TextClassificationModel
from assay.tasks.text_classification.splits import Splits, train_texts
from assay.tasks.text_classification.start import Start
from bench import tuning
from tests import made
from tests.conftest import settings

if TYPE_CHECKING:
    from pathlib import Path

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Path
) -> TextClassificationModel:
    """Return settings whose splits are in the working folder."""
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name, rows, seed in (("train", 120, 1), ("validation", 45, 2)):
        made.texts(rows, seed).to_parquet(FILES.split(name))
    block = settings(checkpoint, train__epochs=1, train__learning_rate=1e-2)
    return TextClassificationModel.model_validate(block)


def test_places_are_spread_evenly_and_each_is_there() -> None:
    assert tuning.places(9, 3) == [0, 4, 8]
    assert tuning.places(3, 100) == [0, 1, 2]


def test_some_rows_keep_their_own_tokens_and_labels(model: TextClassificationModel) -> None:
    start = Start.chosen(model, train_texts(FILES))
    whole = Splits.of(model, FILES, start.tokenizer).train
    some = tuning.spread(whole, 30)
    kept = tuning.places(120, 30)
    assert some.encoding.ids == [whole.encoding.ids[place] for place in kept]
    assert some.labels.tolist() == whole.labels[kept].tolist()
    assert some.targets.tolist() == whole.targets[kept].tolist()


def test_no_seed_is_worse_than_the_probe_and_a_given_encoder_is_what_is_tuned(
    model: TextClassificationModel,
) -> None:
    start = Start.chosen(model, train_texts(FILES))
    splits = Splits.of(model, FILES, start.tokenizer)
    own = tuning.fine_tuned(start, splits, model, (13, 14), None)
    assert list(own.tuned) == [13, 14]
    assert min(one.macro_f1 for one in own.tuned.values()) >= own.probe.macro_f1
    weights = start.network(model).encoder.state_dict()
    assert tuning.fine_tuned(start, splits, model, (13, 14), weights) == own
    other = {name: value + 1 for name, value in weights.items()}
    found = tuning._model(start, model, other).encoder.state_dict()
    assert all(torch.equal(found[name], other[name]) for name in other)
