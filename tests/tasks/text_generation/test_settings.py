from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.tasks.text_generation.settings import TextGenerationModel, TextGenerationTrain

CHECKPOINT = "somewhere/llama"


def _pretrained(**given: Any) -> TextGenerationTrain:
    return TextGenerationTrain(network="pretrained", checkpoint=CHECKPOINT, **given)


def test_a_network_learns_as_it_does_where_nothing_is_said() -> None:
    fresh, tuned = TextGenerationTrain(), _pretrained()
    assert (fresh.optimiser, fresh.dropout, fresh.learning_rate) == ("muon", 0.1, 3e-3)
    assert (tuned.optimiser, tuned.dropout, tuned.learning_rate) == ("adamw", 0.0, 5e-5)
    assert (fresh.epochs, tuned.epochs) == (10, 2)


def test_what_the_user_says_stands() -> None:
    assert _pretrained(dropout=0.2, epochs=7, context=64).model_dump()["epochs"] == 7
    assert _pretrained(dropout=0.2).dropout == 0.2


def test_a_checkpoint_and_its_network_go_together() -> None:
    with pytest.raises(
        ValidationError, match=r"pretrained where train\.checkpoint names a decoder"
    ):
        TextGenerationTrain(checkpoint=CHECKPOINT)
    with pytest.raises(ValidationError, match=r"gpt where train\.checkpoint is null"):
        TextGenerationTrain(network="pretrained")


@pytest.mark.parametrize(
    "given",
    [{"tokenizer": "bytes"}, {"vocabulary": 500}, {"layers": 2}, {"heads": 8}, {"width": 64}],
)
def test_sizes_that_a_checkpoint_brings_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"train\.network pretrained brings its own"):
        _pretrained(**given)
    own = {name: TextGenerationTrain.model_fields[name].default for name in given}
    assert _pretrained(**own) == _pretrained()


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValidationError, match="network"):
        TextGenerationTrain(network="lstm")  # type: ignore[arg-type]


def test_what_it_learns_is_said() -> None:
    block: dict[str, Any] = {"data": "text", "task": "generation"}
    assert TextGenerationModel(**block).summary == "a language model of bpe"
    tuned = TextGenerationModel(**block, train=_pretrained())
    assert tuned.summary == f"a language model fine-tuned from {CHECKPOINT}"


def test_a_network_from_random_weights_has_nothing_to_forget() -> None:
    block: dict[str, Any] = {
        "data": "text",
        "task": "generation",
        "evaluate": {"also": "wikitext2"},
    }
    with pytest.raises(ValidationError, match=r"also is null where train\.network is gpt"):
        TextGenerationModel(**block)
    assert TextGenerationModel(**block, train=_pretrained()).evaluate.also == "wikitext2"
