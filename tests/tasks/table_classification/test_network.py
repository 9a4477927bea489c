from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn import functional

from assay.errors import SettingsError
from assay.files import sha256
from assay.learning.weights import CONFIG, WEIGHTS
from assay.tasks.table_classification import network
from tests.tasks.table_classification.made import fitted, people, settings, shape

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

LABELS = {2: ["a", "b"], 3: ["a", "b", "c"]}
KNOWN = {"z": ["p", "q"], "b": []}


def _rows(numbers: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    values = torch.randn(6, numbers)
    if numbers:
        values[0, 0] = torch.nan
    return values, torch.zeros(6, columns, dtype=torch.int64)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("numbers", "known"), [(["x"], {}), ([], {"z": ["p"]}), (["x", "y"], KNOWN)]
)
def test_there_is_a_logit_for_each_class(
    numbers: list[str], known: dict[str, list[str]], classes: int
) -> None:
    model = network.Mlp(shape(numbers, known, labels=LABELS[classes])).eval()
    found = model(*_rows(len(numbers), len(known)))
    assert found.shape == (6, classes)
    assert torch.isfinite(found).all()


def test_two_classes_have_one_logit_and_its_loss_is_the_cross_entropy_of_both() -> None:
    model = network.Mlp(shape(["x"], {})).eval()
    numbers, codes = _rows(1, 0)
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    logits = model(numbers, codes)
    assert not logits[:, 0].any()
    found = network.loss(model, {"numbers": numbers, "codes": codes, "labels": labels})
    torch.testing.assert_close(found, functional.cross_entropy(logits, labels))


def test_three_classes_learn_by_cross_entropy() -> None:
    model = network.Mlp(shape(["x"], {}, labels=LABELS[3])).eval()
    numbers, codes = _rows(1, 0)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    found = network.loss(model, {"numbers": numbers, "codes": codes, "labels": labels})
    torch.testing.assert_close(found, functional.cross_entropy(model(numbers, codes), labels))


def test_a_saved_network_answers_alike_and_equal_weights_are_equal_bytes(tmp_path: Path) -> None:
    model = fitted(people(200), settings())
    for name in ("one", "two"):
        network.save(model, tmp_path / name)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    loaded = network.load(tmp_path / "one")
    assert loaded.shape == model.shape
    assert list(loaded.shape.vocabularies) == list(model.shape.vocabularies), "order is kept"
    numbers, codes = _rows(3, 3)
    torch.testing.assert_close(loaded(numbers, codes), model(numbers, codes), rtol=0, atol=0)
    assert not loaded.training


@pytest.mark.parametrize("spoil", ["gone", "json", "shape", "weights", "list"])
def test_a_spoiled_checkpoint_is_refused(tmp_path: Path, spoil: str) -> None:
    folder = tmp_path / "checkpoint"
    network.save(network.Mlp(shape(["x"], KNOWN)), folder)
    config = folder / CONFIG
    if spoil == "gone":
        config.unlink()
    elif spoil == "json":
        config.write_text("{")
    elif spoil == "list":
        config.write_text("[]")
    elif spoil == "weights":
        (folder / WEIGHTS).write_bytes(b"short")
    else:
        config.write_text(json.dumps(json.loads(config.read_text()) | {"hidden": 9}))
    with pytest.raises(SettingsError, match="is no checkpoint of a table network"):
        network.load(folder)
