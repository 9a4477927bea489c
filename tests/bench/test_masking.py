from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

from assay.errors import SettingsError
from assay.modalities.text.encoding import TOKENIZER
from assay.tasks.text_classification import network
from assay.tasks.text_classification.settings import TextClassificationModel
from bench import masking
from tests.bench.made import rows_of_text
from tests.conftest import settings

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.processor

TEXTS = rows_of_text(400)["text"].tolist()
ALL = list(range(len(TEXTS)))


def _masking(checkpoint: Path, seed: int = 13) -> masking.Masking:
    tokenizer = (checkpoint / TOKENIZER).read_text(encoding="utf-8")
    return masking.Masking(tokenizer, TEXTS, 64, seed)


def _encoder(checkpoint: Path) -> Any:
    torch.manual_seed(0)
    return network.pretrained(checkpoint, ("a", "b"), "mean", 0.0).encoder


def test_a_share_of_the_texts_own_tokens_is_asked_for(checkpoint: Path) -> None:
    made = _masking(checkpoint)
    batch = made.collate(ALL, 0)
    words = sum(len(text.split()) for text in TEXTS)  # the tokenizer knows each whole
    assert len(batch["places"]) == round(0.15 * words)
    before = made.collate(ALL, 1)
    whole = batch["input_ids"].flatten().clone()
    whole[batch["places"]] = batch["labels"]
    again = before["input_ids"].flatten().clone()
    again[before["places"]] = before["labels"]
    assert torch.equal(whole, again), "what is asked for is what stood there"
    assert not set(batch["labels"].tolist()) & {101, 102}, "no [CLS] and no [SEP]"
    assert batch["attention_mask"].flatten()[batch["places"]].all(), "no padding"


def test_of_the_tokens_most_are_hidden_some_replaced_some_left(checkpoint: Path) -> None:
    made = _masking(checkpoint)
    shown, labels = [], []
    for epoch in range(10):
        batch = made.collate(ALL, epoch)
        shown.append(batch["input_ids"].flatten()[batch["places"]].numpy())
        labels.append(batch["labels"].numpy())
    found, asked = np.concatenate(shown), np.concatenate(labels)
    hidden, left = found == 103, found == asked
    assert hidden.mean() == pytest.approx(0.8, abs=0.03)
    assert left.mean() == pytest.approx(0.1, abs=0.03)
    assert (~hidden & ~left).mean() == pytest.approx(0.1, abs=0.03)


def test_what_is_hidden_follows_from_seed_and_pass_alone(checkpoint: Path) -> None:
    first = _masking(checkpoint).collate(ALL, 0)
    again = _masking(checkpoint).collate(ALL, 0)
    assert all(torch.equal(first[name], again[name]) for name in first)
    for other in (_masking(checkpoint).collate(ALL, 1), _masking(checkpoint, 14).collate(ALL, 0)):
        assert not torch.equal(first["places"], other["places"])


def test_the_logits_are_those_of_the_places_by_the_word_embeddings(checkpoint: Path) -> None:
    model = masking.MaskedLanguageModel(_encoder(checkpoint)).eval()
    batch = _masking(checkpoint).collate([0, 5, 9], 0)
    with torch.no_grad():
        found = model(batch["input_ids"], batch["attention_mask"], batch["places"])
        states = model.encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
        changed = model.head.norm(torch.nn.functional.gelu(model.head.dense(states)))
        table = model.encoder.get_input_embeddings().weight
        every = (changed @ table.T + model.head.bias).flatten(0, 1)
    assert torch.allclose(found, every[batch["places"]], atol=1e-6)
    own = {id(parameter) for parameter in model.parameters()}
    assert id(table) in own and len(own) == len(list(model.encoder.parameters())) + 5


def test_the_encoder_learns_and_two_trainings_are_equal(checkpoint: Path) -> None:
    chosen = TextClassificationModel.model_validate(settings(checkpoint)).train
    tokenizer = (checkpoint / TOKENIZER).read_text(encoding="utf-8")
    start = _encoder(checkpoint).state_dict()
    encoders = [_encoder(checkpoint) for _ in range(2)]
    first, second = (masking.learn(one, tokenizer, TEXTS, chosen, 2) for one in encoders)
    assert first == second
    assert first.after < first.before - 0.2
    one, two = (encoder.state_dict() for encoder in encoders)
    assert all(torch.equal(one[name], two[name]) for name in one)
    word = "embeddings.word_embeddings.weight"
    assert not torch.equal(one[word], start[word])


def test_a_tokenizer_that_hides_nothing_is_refused() -> None:
    plain = Tokenizer(models.WordLevel({"good": 0}))
    with pytest.raises(SettingsError, match="hides no tokens") as caught:
        masking.Masking(plain.to_str(), ["good"], 8, 13)
    assert "train.checkpoint" in str(caught.value)
