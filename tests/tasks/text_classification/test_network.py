from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import torch

from assay.errors import SettingsError
from assay.files import read_json, sha256, write_json
from assay.learning import seeding
from assay.learning.probe import Probe
from assay.tasks.text_classification import network

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_classification.settings import Pooling

pytestmark = pytest.mark.processor

LABELS = ("bad", "fair", "good", "superb")
BATCH = {
    "input_ids": torch.tensor([[101, 2307, 102, 0], [101, 2204, 3185, 102]]),
    "attention_mask": torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]),
    "labels": torch.tensor([0, 3]),
}

each_pooling = pytest.mark.parametrize("pooling", ["mean", "cls"])


@each_pooling
def test_it_gets_a_head_for_its_labels(checkpoint: Path, pooling: Pooling) -> None:
    model = network.load(checkpoint, LABELS, pooling, 0.25, new_head=True)
    assert model.config.id2label == dict(enumerate(LABELS))
    assert model.config.hidden_dropout_prob == model.config.attention_probs_dropout_prob == 0.25
    logits = model(input_ids=BATCH["input_ids"], attention_mask=BATCH["attention_mask"]).logits
    assert logits.shape == (2, 4)
    assert {value.dtype for value in model.parameters()} == {torch.float32}


@each_pooling
def test_the_loss_is_the_batchs_mean_cross_entropy(checkpoint: Path, pooling: Pooling) -> None:
    model = network.load(checkpoint, LABELS, pooling, 0.0, new_head=True).eval()
    with torch.inference_mode():
        found = network.loss(model, BATCH)
        logits = model(input_ids=BATCH["input_ids"], attention_mask=BATCH["attention_mask"]).logits
        wrong = -logits.log_softmax(dim=1)[[0, 1], [0, 3]].mean()
    torch.testing.assert_close(found, wrong)


@each_pooling
def test_what_is_saved_comes_back_and_is_equal_byte_for_byte(
    checkpoint: Path, tmp_path: Path, pooling: Pooling
) -> None:
    seeding.make_deterministic(1, 1)
    model = network.load(checkpoint, LABELS, pooling, 0.1, new_head=True)
    for name in ("one", "two"):
        network.save(model, checkpoint, tmp_path / name)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    again = network.load(tmp_path / "one", LABELS, pooling, 0.1)
    assert again.config.id2label == model.config.id2label
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    network.save(again, tmp_path / "one", tmp_path / "three")
    assert sha256(tmp_path / "three") == sha256(tmp_path / "one")


def test_what_is_saved_names_no_folder_and_pickles_nothing(
    checkpoint: Path, tmp_path: Path
) -> None:
    network.save(
        network.load(checkpoint, LABELS, "mean", 0.1, new_head=True), checkpoint, tmp_path / "saved"
    )
    names = {path.name for path in (tmp_path / "saved").iterdir()}
    assert names == {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
    }  # fmt: skip
    assert str(checkpoint).encode() not in (tmp_path / "saved/config.json").read_bytes()


def test_another_kind_of_network_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    config = read_json(other / "config.json")
    write_json(other / "config.json", config | {"model_type": "roberta"})
    with pytest.raises(SettingsError, match="is a 'roberta' network") as refused:
        network.load(other, LABELS, "mean", 0.1)
    assert "bert-base-chinese" in refused.value.cure


def test_texts_longer_than_its_positions_are_refused(checkpoint: Path) -> None:
    model = network.load(checkpoint, LABELS, "mean", 0.1, new_head=True)  # 160 positions
    network.require_length(model, 160)
    with pytest.raises(SettingsError, match="161, and the checkpoint has 160 positions") as refused:
        network.require_length(model, 161)
    assert refused.value.expected == "at most 160"
    model.config.max_position_embeddings = 157
    with pytest.raises(SettingsError, match="157 positions") as refused:
        network.require_length(model, 155)  # padded to 160
    assert refused.value.expected == "at most 152"


def test_the_mean_leaves_padding_out(checkpoint: Path) -> None:
    model = network.load(checkpoint, LABELS, "mean", 0.0, new_head=True).eval()
    inputs = {name: BATCH[name] for name in network.INPUTS}
    with torch.inference_mode():
        both = network.features(model, inputs)
        alone = network.features(model, {k: v[:1, :3] for k, v in inputs.items()})
        states = model.bert(**inputs).last_hidden_state
    torch.testing.assert_close(both[:1], alone)
    torch.testing.assert_close(both[1], states[1].mean(0))


@each_pooling
def test_a_probe_becomes_the_head(checkpoint: Path, pooling: Pooling) -> None:
    model = network.load(checkpoint, LABELS, pooling, 0.0, new_head=True).eval()
    seeding.make_deterministic(4, 1)
    width = model.config.hidden_size
    probe = Probe(torch.randn(len(LABELS), width), torch.randn(len(LABELS)))
    network.set_head(model, probe.weight, probe.bias)
    with torch.inference_mode():
        expected = probe.logits(network.features(model, BATCH))
        found = model(**{name: BATCH[name] for name in network.INPUTS}).logits
    torch.testing.assert_close(found, expected)


def test_frozen_embeddings_do_not_learn(checkpoint: Path) -> None:
    model = network.load(checkpoint, LABELS, "mean", 0.0, new_head=True)
    network.freeze_embeddings(model)
    network.loss(model, BATCH).backward()  # type: ignore[no-untyped-call]
    learned = {name for name, value in model.named_parameters() if value.grad is not None}
    assert not [name for name in learned if "embeddings" in name]
    assert "classifier.weight" in learned
