from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from assay.errors import SettingsError
from assay.gateways import fetching
from assay.modalities.text import smollm2
from assay.modalities.text.pretrained import locate
from assay.tasks.text_generation import pretrained
from assay.tasks.text_generation.settings import TextGenerationTrain
from tests.tasks.text_generation import llama

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

WEIGHTS = "model.safetensors"


def _logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        found = model(ids)
    return found if isinstance(found, torch.Tensor) else found.logits


def _change(folder: Path, file: str = "config.json", **changed: Any) -> None:
    content = json.loads((folder / file).read_text())
    content.update(changed)
    content = {key: value for key, value in content.items() if value != "absent"}
    (folder / file).write_text(json.dumps(content))


def _refused(folder: Path) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        pretrained.start(_settings(folder))
    assert str(folder) in refused.value.found
    assert refused.value.expected
    assert refused.value.cure
    return refused.value


def _settings(folder: Path, **changed: Any) -> TextGenerationTrain:
    return TextGenerationTrain(network="pretrained", checkpoint=str(folder), **changed)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_logits_are_those_of_transformers(tmp_path: Path, tied: bool, kv_heads: int) -> None:
    other = llama.saved(tmp_path, tie_word_embeddings=tied, num_key_value_heads=kv_heads)
    model, coded = pretrained.start(_settings(tmp_path))
    ids = torch.randint(coded.size, (3, llama.POSITIONS))
    expected = _logits(other, ids)
    assert expected.std() > 0.1
    torch.testing.assert_close(_logits(model.eval(), ids), expected, rtol=1e-5, atol=1e-5)


def test_weights_of_16_bits_and_in_parts_are_read(tmp_path: Path) -> None:
    other = llama.saved(tmp_path)
    whole = load_file(tmp_path / WEIGHTS)
    (tmp_path / WEIGHTS).unlink()
    for part in range(2):
        own = sorted(whole)[part::2]
        save_file(
            {name: whole[name].half() for name in own}, tmp_path / f"model-{part}.safetensors"
        )
    model = pretrained.read(tmp_path, 32).eval()
    assert model.tokens.weight.dtype == torch.float32
    ids = torch.arange(32).unsqueeze(0)
    for weight in other.parameters():
        weight.data = weight.data.half().float()
    torch.testing.assert_close(_logits(model, ids), _logits(other, ids), rtol=1e-5, atol=1e-5)


def test_the_base_of_positions_may_stand_where_older_versions_wrote_it(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    assert pretrained.read(tmp_path, 32).sizes.theta == 500.0
    _change(tmp_path, rope_parameters="absent", rope_theta=700.0)
    assert pretrained.read(tmp_path, 32).sizes.theta == 700.0
    _change(tmp_path, rope_theta="absent")
    assert pretrained.read(tmp_path, 32).sizes.theta == 10_000.0


def test_the_context_is_what_the_network_has_positions_for(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    assert pretrained.read(tmp_path, 16).sizes.context == 16
    assert pretrained.read(tmp_path, 1000).sizes.context == llama.POSITIONS


def test_dropout_is_what_the_settings_say(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    ids = torch.arange(32).unsqueeze(0)
    for dropout, varies in ((0.0, False), (0.2, True)):
        model, _ = pretrained.start(_settings(tmp_path, dropout=dropout))
        assert model.sizes.dropout == dropout
        one, two = (_logits(model.train(), ids) for _ in range(2))
        assert torch.equal(one, two) != varies


def test_mistral_is_llama_where_no_window_limits_it(tmp_path: Path) -> None:
    other = llama.saved(tmp_path)
    _change(tmp_path, model_type="mistral", sliding_window=None)
    model = pretrained.read(tmp_path, 32).eval()
    ids = torch.arange(32).unsqueeze(0)
    torch.testing.assert_close(_logits(model, ids), _logits(other, ids), rtol=1e-5, atol=1e-5)
    _change(tmp_path, sliding_window=16)
    assert "a window of 16 tokens" in _refused(tmp_path).found


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"model_type": "qwen2"}, "is of the kind qwen2"),
        ({"model_type": None}, "is of the kind None"),
        (
            {"rope_parameters": {"rope_type": "linear", "rope_theta": 500.0, "factor": 2.0}},
            "has scaled rotary positions (linear)",
        ),
        (
            {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": "absent"},
            "scaled",
        ),
        ({"attention_bias": True}, "has biases in its attention"),
        ({"mlp_bias": True}, "has biases in its MLP"),
        ({"hidden_act": "gelu"}, "has the activation gelu"),
        ({"head_dim": 16}, "has heads of 16 numbers"),
        ({"hidden_size": 48, "head_dim": 12}, "do not fit its config.json"),
        ({"vocab_size": 100}, "do not fit its config.json"),
        ({"num_hidden_layers": 3}, "do not fit its config.json"),
    ],
)
def test_what_the_network_does_not_compute_is_refused(
    tmp_path: Path, changed: dict[str, Any], found: str
) -> None:
    llama.saved(tmp_path)
    _change(tmp_path, **changed)
    assert found in _refused(tmp_path).found


def test_the_kinds_that_are_known_are_listed(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    _change(tmp_path, model_type="gpt2")
    assert _refused(tmp_path).expected == "one of: llama, mistral"


def test_weights_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    file = tmp_path / WEIGHTS
    file.write_bytes(file.read_bytes()[:-100])
    assert "do not fit its config.json" in _refused(tmp_path).found


def test_pickled_weights_are_no_weights(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    (tmp_path / WEIGHTS).rename(tmp_path / "pytorch_model.bin")
    assert "has no model.safetensors" in _refused(tmp_path).found


def test_the_tokenizer_is_its_own(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    _, coded = pretrained.start(_settings(tmp_path))
    (ids,) = coded.encode([f"ab {llama.END}"])
    assert coded.end not in ids
    assert coded.decode(ids) == f"ab {llama.END}"
    assert coded.decode([coded.end]) == llama.END


def test_a_tokenizer_that_names_no_end_is_refused(tmp_path: Path) -> None:
    llama.saved(tmp_path)
    _change(tmp_path, "tokenizer_config.json", eos_token=None)
    assert "names no eos_token" in _refused(tmp_path).found


def test_a_token_without_an_embedding_is_refused(tmp_path: Path) -> None:
    llama.saved(tmp_path, vocab_size=256)
    assert "has 257 tokens and embeddings for 256" in _refused(tmp_path).found


def test_smollm2_is_read_as_transformers_reads_it() -> None:
    from transformers import AutoModelForCausalLM

    if not (fetching.installed(smollm2.INNER) or fetching.mirrored(f"text/{smollm2.WHEEL}")):
        pytest.skip(f"neither installed nor in the mirror: {smollm2.REQUIREMENT}")
    name = f"package:{smollm2.NAME}"
    model, coded = pretrained.start(_settings(name, context=64))  # type: ignore[arg-type]
    ids = torch.tensor(coded.encode(["The river rises in the hills, and flows through"]))
    expected = _logits(AutoModelForCausalLM.from_pretrained(locate(name)), ids)
    torch.testing.assert_close(_logits(model.eval(), ids), expected, rtol=0, atol=1e-3)
