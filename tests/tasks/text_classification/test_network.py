from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from assay.errors import SettingsError
from assay.files import sha256
from assay.learning import seeding
from assay.learning.probe import Probe
from assay.modalities.text.encoding import TOKENIZER
from assay.tasks.text_classification import network

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_classification.settings import Pooling

pytestmark = pytest.mark.processor

LABELS = ("bad", "fair", "good", "superb")
INPUTS = {
    "input_ids": torch.tensor([[101, 2307, 102, 0], [101, 2204, 3185, 102]]),
    "attention_mask": torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]),
}
BATCH = INPUTS | {"labels": torch.tensor([0, 3])}

each_pooling = pytest.mark.parametrize("pooling", ["mean", "cls"])


def _save(model: network.TextClassifier, checkpoint: Path, target: Path) -> None:
    network.save(model, (checkpoint / TOKENIZER).read_text(), checkpoint, target)


@each_pooling
def test_it_gets_a_head_for_its_labels(checkpoint: Path, pooling: Pooling) -> None:
    model = network.pretrained(checkpoint, LABELS, pooling, 0.25)
    assert model.config.id2label == dict(enumerate(LABELS))
    assert model.config.hidden_dropout_prob == model.config.attention_probs_dropout_prob == 0.25
    assert model(**INPUTS).shape == (2, 4)
    assert {value.dtype for value in model.parameters()} == {torch.float32}


@each_pooling
def test_the_loss_is_the_batchs_mean_cross_entropy(checkpoint: Path, pooling: Pooling) -> None:
    model = network.pretrained(checkpoint, LABELS, pooling, 0.0).eval()
    with torch.inference_mode():
        found = network.loss(model, BATCH)
        wrong = -model(**INPUTS).log_softmax(dim=1)[[0, 1], [0, 3]].mean()
    torch.testing.assert_close(found, wrong)


def test_rows_of_a_class_may_count_more(checkpoint: Path) -> None:
    model = network.pretrained(checkpoint, LABELS, "mean", 0.0).eval()
    weights = torch.tensor([3.0, 1.0, 1.0, 0.0])
    with torch.inference_mode():
        found = network.loss(model, BATCH, weights)
        expected = -model(**INPUTS).log_softmax(dim=1)[0, 0]
    torch.testing.assert_close(found, expected)


@each_pooling
def test_what_is_saved_comes_back_and_is_equal_byte_for_byte(
    checkpoint: Path, tmp_path: Path, pooling: Pooling
) -> None:
    seeding.make_deterministic(1, 1)
    model = network.pretrained(checkpoint, LABELS, pooling, 0.1)
    for name in ("one", "two"):
        _save(model, checkpoint, tmp_path / name)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    again = network.trained(tmp_path / "one", LABELS, pooling)
    assert again.config.id2label == model.config.id2label
    assert again.state_dict().keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    with torch.inference_mode():
        assert torch.equal(again(**INPUTS), model.eval()(**INPUTS))


def test_transformers_reads_what_is_saved(checkpoint: Path, tmp_path: Path) -> None:
    model = network.pretrained(checkpoint, LABELS, "cls", 0.0).eval()
    _save(model, checkpoint, tmp_path / "saved")
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    with torch.inference_mode():
        torch.testing.assert_close(theirs(**INPUTS).logits, model(**INPUTS))


def test_what_is_saved_names_no_folder_and_pickles_nothing(
    checkpoint: Path, tmp_path: Path
) -> None:
    _save(network.pretrained(checkpoint, LABELS, "mean", 0.1), checkpoint, tmp_path / "saved")
    names = {path.name for path in (tmp_path / "saved").iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert str(checkpoint).encode() not in (tmp_path / "saved/config.json").read_bytes()


def test_without_a_pooler_cls_reads_the_first_state(checkpoint: Path, tmp_path: Path) -> None:
    _save(network.pretrained(checkpoint, LABELS, "mean", 0.0), checkpoint, tmp_path / "saved")
    model = network.pretrained(tmp_path / "saved", LABELS, "cls", 0.0).eval()
    with torch.inference_mode():
        states = model.encoder(**INPUTS).last_hidden_state
        assert torch.equal(model.pooled(**INPUTS), states[:, 0])


def test_texts_longer_than_its_positions_are_refused(checkpoint: Path) -> None:
    model = network.pretrained(checkpoint, LABELS, "mean", 0.1)  # 160 positions
    network.require_length(model, 160)
    with pytest.raises(SettingsError, match="161, and the checkpoint has 160 positions") as refused:
        network.require_length(model, 161)
    assert refused.value.expected == "at most 160"
    model.config.max_position_embeddings = 157
    with pytest.raises(SettingsError, match="157 positions") as refused:
        network.require_length(model, 155)  # padded to 160
    assert refused.value.expected == "at most 152"


def test_the_mean_leaves_padding_out(checkpoint: Path) -> None:
    model = network.pretrained(checkpoint, LABELS, "mean", 0.0).eval()
    with torch.inference_mode():
        both = model.pooled(**INPUTS)
        alone = model.pooled(**{name: value[:1, :3] for name, value in INPUTS.items()})
        states = model.encoder(**INPUTS).last_hidden_state
    torch.testing.assert_close(both[:1], alone)
    torch.testing.assert_close(both[1], states[1].mean(0))


@each_pooling
def test_a_probe_becomes_the_head(checkpoint: Path, pooling: Pooling) -> None:
    model = network.pretrained(checkpoint, LABELS, pooling, 0.0).eval()
    seeding.make_deterministic(4, 1)
    width = model.config.hidden_size
    probe = Probe(torch.randn(len(LABELS), width), torch.randn(len(LABELS)))
    network.set_head(model, probe.weight, probe.bias)
    with torch.inference_mode():
        torch.testing.assert_close(model(**INPUTS), probe.logits(model.pooled(**INPUTS)))


def test_frozen_embeddings_do_not_learn(checkpoint: Path) -> None:
    model = network.pretrained(checkpoint, LABELS, "mean", 0.0)
    network.freeze_embeddings(model)
    network.loss(model, BATCH).backward()  # type: ignore[no-untyped-call]
    learned = {name for name, value in model.named_parameters() if value.grad is not None}
    assert not [name for name in learned if "embeddings" in name]
    assert "classifier.weight" in learned
