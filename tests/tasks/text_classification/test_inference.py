from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from assay.modalities.text.encoding import TOKENIZER, TextEncoder
from assay.tasks.text_classification import inference, network
from tests import made

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from assay.modalities.text.encoding import Encoding

pytestmark = pytest.mark.processor

TEXTS = [*made.texts(20)["text"], "one", "a rather long text " * 10]


@pytest.fixture
def asked(checkpoint: Path) -> tuple[Any, Encoding]:
    model = network.pretrained(checkpoint, made.LABELS, "mean", 0.0).eval()
    return model, TextEncoder(checkpoint / TOKENIZER, 64)(TEXTS)


def _alone(model: Any, encoding: Encoding, row: int) -> dict[str, torch.Tensor]:
    ids = torch.tensor([encoding.ids[row]])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


@pytest.mark.parametrize("size", [1, 4, 64])
def test_logits_come_in_the_rows_order(asked: tuple[Any, Encoding], size: int) -> None:
    model, encoding = asked
    found = inference.logits(model, encoding, size)
    assert found.shape == (len(TEXTS), len(made.LABELS))
    with torch.inference_mode():
        expected = [model(**_alone(model, encoding, row)) for row in range(len(TEXTS))]
    torch.testing.assert_close(found, torch.cat(expected), atol=1e-5, rtol=1e-4)


def test_features_are_what_the_head_reads(asked: tuple[Any, Encoding]) -> None:
    model, encoding = asked
    found = inference.features(model, encoding)
    assert found.shape == (len(TEXTS), model.config.hidden_size)
    assert not found.requires_grad
    with torch.inference_mode():
        torch.testing.assert_close(model.classifier(found), inference.logits(model, encoding))


def test_features_may_be_computed_in_bf16(asked: tuple[Any, Encoding]) -> None:
    model, encoding = asked
    full, half = (inference.features(model, encoding, bf16=bf16) for bf16 in (False, True))
    assert half.dtype == torch.float32
    assert not torch.equal(full, half)
    torch.testing.assert_close(full, half, atol=0.1, rtol=0.1)
