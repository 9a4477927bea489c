from __future__ import annotations

import copy
import dataclasses
import hashlib
from typing import TYPE_CHECKING

import pytest
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from assay.tasks.text_generation.network import DEVIATION, Decoder
from assay.tasks.text_generation.pretrained import ours
from assay.tasks.text_generation.sizes import Sizes
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from typing import Any

    from assay.tasks.text_generation.layers import Cache

pytestmark = pytest.mark.processor

TOKENS = made.ids(made.TEXT)


def _digest(model: Decoder) -> str:
    parts = [value.numpy().tobytes() for value in model.state_dict().values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _read(
    model: Decoder, ids: list[list[int]], past: list[Cache], padding: torch.Tensor | None = None
) -> tuple[torch.Tensor, list[Cache]]:
    """Return logits of all of ``ids`` behind what is cached, and the caches."""
    tokens = torch.tensor(ids)
    total = past[0].key.shape[2] + tokens.shape[1]
    mask = torch.ones((len(ids), total), dtype=torch.int64)
    if padding is not None:
        mask[:, : padding.shape[1]] = padding
    with torch.inference_mode():
        return model.cached(tokens, mask, torch.arange(tokens.shape[1]), past)


def _whole(model: Decoder, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(torch.tensor([ids]))
        return found


def test_a_later_token_changes_no_earlier_logit() -> None:
    model = made.decoder()
    ids = TOKENS[:60]
    before = _whole(model, ids)
    for place in (1, 30, 59):
        other = list(ids)
        other[place] = (other[place] + 1) % len(made.LETTERS)
        after = _whole(model, other)
        torch.testing.assert_close(after[:, :place], before[:, :place], rtol=0, atol=1e-5)
        assert (after[:, place] - before[:, place]).abs().max() > 0.01


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kv_heads", [None, 1, 2])
@pytest.mark.parametrize("steps", [[40], [1] * 40, [7, 1, 30, 2]])
def test_reading_with_a_cache_is_reading_at_once(
    tied: bool, kv_heads: int | None, steps: list[int]
) -> None:
    torch.manual_seed(4)
    model = Decoder(Sizes(50, 2, 4, 32, 64, tied=tied, kv_heads=kv_heads)).eval()
    rows = torch.randint(50, (3, 40)).tolist()
    with torch.inference_mode():
        expected = model(torch.tensor(rows))
    past, found, begin = model.empty(3), [], 0
    for step in steps:
        logits, past = _read(model, [row[begin : begin + step] for row in rows], past)
        found.append(logits)
        begin += step
    torch.testing.assert_close(torch.cat(found, dim=1), expected, rtol=0, atol=1e-5)


def test_of_a_trained_decoder_too() -> None:
    # In double precision: its larger logits differ by more in single on some processors.
    model = copy.deepcopy(made.decoder()).double()
    past, ids = model.empty(1), TOKENS[: made.CONTEXT]
    logits, past = _read(model, [ids[:150]], past)
    rest, past = _read(model, [ids[150:]], past)
    found = torch.cat([logits, rest], dim=1)
    torch.testing.assert_close(found, _whole(model, ids), rtol=0, atol=1e-10)
    assert past[0].key.shape == (1, 2, made.CONTEXT, 16)


def test_padding_on_the_left_changes_nothing() -> None:
    model = made.decoder()
    short, long = TOKENS[100:130], TOKENS[200:250]
    padding = torch.ones((2, 50), dtype=torch.int64)
    padding[0, :20] = 0
    # What stands in the padding is of no account.
    logits, past = _read(model, [[3] * 20 + short, long], model.empty(2), padding)
    torch.testing.assert_close(logits[0, 20:], _whole(model, short)[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(logits[1], _whole(model, long)[0], rtol=0, atol=1e-5)
    following = TOKENS[130:131]
    logits, _ = _read(model, [following, following], past, padding)
    expected = _whole(model, short + following)[0, -1]
    torch.testing.assert_close(logits[0, -1], expected, rtol=0, atol=1e-5)


def test_only_the_wanted_logits_are_returned() -> None:
    model = made.decoder()
    ids = torch.tensor([TOKENS[:20]])
    with torch.inference_mode():
        every = model(ids)
        found, _ = model.cached(ids, torch.ones_like(ids), torch.tensor([19, 4]), model.empty(1))
    torch.testing.assert_close(found, every[:, [19, 4]], rtol=0, atol=1e-5)


def test_fresh_weights_are_those_of_the_seed() -> None:
    digests = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        digests.append(_digest(Decoder(made.SIZES)))
    assert digests[0] == digests[1] != digests[2]


def test_what_is_added_to_the_states_begins_small() -> None:
    torch.manual_seed(6)
    weights = Decoder(Sizes(300, 8, 4, 128, 16)).state_dict()
    assert weights["tokens.weight"].std() == pytest.approx(DEVIATION, rel=0.05)
    for name in ("attention.output", "mlp.down"):
        found = weights[f"blocks.3.{name}.weight"].std()
        assert found == pytest.approx(DEVIATION / 4, rel=0.05)
    assert (weights["norm.weight"] == 1).all()


def test_a_tied_head_is_the_table_of_embeddings() -> None:
    tied, own = (Decoder(dataclasses.replace(made.SIZES, tied=tied)) for tied in (True, False))
    more = made.SIZES.vocabulary * made.SIZES.width
    assert (
        sum(p.numel() for p in own.parameters()) - sum(p.numel() for p in tied.parameters()) == more
    )
    ids = torch.tensor([[1, 2, 3]])
    tied.eval()
    before = tied(ids)
    with torch.no_grad():
        tied.tokens.weight[7] += 1
    assert not torch.equal(tied(ids)[..., 7], before[..., 7])


def test_dropout_is_for_training_alone() -> None:
    model = Decoder(made.SIZES).train()
    ids = torch.tensor([TOKENS[:20]])
    assert not torch.equal(model(ids), model(ids))
    model.eval()
    assert torch.equal(model(ids), model(ids))


def test_it_learns() -> None:
    """What the text costs, in nats a token: a guess costs ln of the letters."""
    known = torch.tensor(TOKENS[: made.CONTEXT])
    with torch.inference_mode():
        logits = made.decoder()(known[None, :-1])[0]
    cost = float(functional.cross_entropy(logits, known[1:]))
    assert cost < 0.6 * torch.tensor(len(made.LETTERS)).log()


def test_it_computes_what_llama_does() -> None:
    """With the weights of transformers' own network, in which another hand wrote the layers."""
    sizes = Sizes(60, 2, 4, 32, 64, kv_heads=2, hidden=48, tied=False, theta=500.0)
    torch.manual_seed(8)
    other: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=sizes.vocabulary,
            hidden_size=sizes.width,
            intermediate_size=sizes.inner,
            num_hidden_layers=sizes.layers,
            num_attention_heads=sizes.heads,
            num_key_value_heads=sizes.key_heads,
            max_position_embeddings=sizes.context,
            rms_norm_eps=sizes.epsilon,
            rope_parameters={"rope_type": "default", "rope_theta": sizes.theta},
            initializer_range=0.2,
            tie_word_embeddings=False,
        )
    )
    other.eval()
    model = Decoder(sizes).eval()
    model.load_state_dict({ours(name): value for name, value in other.state_dict().items()})
    ids = torch.randint(sizes.vocabulary, (2, 50))
    with torch.inference_mode():
        torch.testing.assert_close(model(ids), other(ids).logits, rtol=1e-5, atol=1e-5)
