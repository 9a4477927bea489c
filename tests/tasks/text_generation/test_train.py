from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

from assay.errors import DataRefused, SettingsError
from assay.files import remove
from assay.learning.muon_adamw import MuonAdamW
from assay.modalities.text import codec
from assay.tasks.text_generation import TEXT_GENERATION, checkpoint, train
from assay.tasks.text_generation.documents import texts_of
from assay.tasks.text_generation.network import Decoder
from assay.tasks.text_generation.packing import PackedTokens
from tests import made, trainings
from tests.tasks.text_generation import project as projects
from tests.tasks.text_generation.project import FILES, settings

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_generation.settings import TextGenerationModel

pytestmark = pytest.mark.processor


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project of two splits alone: 13 steps an epoch."""
    monkeypatch.chdir(tmp_path)
    projects.write()
    FILES.split("test").unlink()


def _train(model: TextGenerationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    return trainings.train(TEXT_GENERATION, model, FILES, name, kill_at)


def _curve(name: str) -> pd.DataFrame:
    table = pd.read_csv(FILES.curve.with_name(f"{name}.csv"))
    return table.dropna(subset="validation_loss").reset_index(drop=True)


@pytest.mark.parametrize("changes", [{}, {"optimiser": "adamw"}, {"tokenizer": "bpe"}])
def test_two_trainings_are_equal_byte_for_byte(changes: dict[str, Any]) -> None:
    model = settings(vocabulary=300, **changes)
    first = _train(model, "one")
    remove(FILES.resume)
    assert _train(model, "two") == first
    remove(FILES.resume)
    assert _train(settings(vocabulary=300, seed=14, **changes), "three")[0] != first[0]


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_a_killed_training_resumes_and_ends_in_the_same_bytes(
    capsys: pytest.CaptureFixture[str], optimiser: str
) -> None:
    # Within the second epoch, whose windows begin elsewhere; dropout needs the random state.
    model = settings(optimiser=optimiser, dropout=0.2, checkpoint_every=4)
    whole = _train(model, "whole")
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=20)
    assert not FILES.checkpoint.with_name("killed").exists()
    capsys.readouterr()
    assert _train(model, "resumed") == whole
    assert "training resumes at step" in capsys.readouterr().err


def test_batches_of_one_step_weigh_as_their_tokens_and_resume_in_the_same_bytes() -> None:
    model = settings(accumulate=3, batch_size=4, dropout=0.2, checkpoint_every=4)
    coded = codec.learned("characters", texts_of(FILES, "train"), 300)
    streams = [
        PackedTokens(texts_of(FILES, name), coded, 48, name) for name in ("train", "validation")
    ]
    setup = train.setup_of(model.train, *streams)
    assert setup.accumulate == 3
    network = Decoder(train.sizes_of(model.train, coded)).eval()
    batches = setup.batches(0)
    one, other = setup.collate(batches[0], 0), setup.collate(batches[1][:1], 0)
    assert setup.size(other) == 48
    both = {"ids": torch.cat([one["ids"], other["ids"]])}
    with torch.inference_mode():
        whole, parts = setup.loss(network, both), [setup.loss(network, own) for own in (one, other)]
    sizes = [setup.size(one), setup.size(other)]
    assert float(whole) == pytest.approx(np.average(parts, weights=sizes), abs=1e-5)

    expected = _train(model, "whole")
    steps = -(-len(batches) // 3)
    assert _curve("whole")["step"].tolist() == [steps, 2 * steps]
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(model, "killed", kill_at=10)
    assert _train(model, "resumed") == expected


@pytest.mark.parametrize("change", ["settings", "rows"])
def test_a_state_of_other_settings_or_data_is_not_resumed(
    capsys: pytest.CaptureFixture[str], change: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(settings(checkpoint_every=4), "killed", kill_at=20)
    changed: dict[str, Any] = {"context": 40} if change == "settings" else {}
    if change == "rows":
        projects.write(train=made.texts(120, seed=8)["text"].tolist())
    _train(settings(checkpoint_every=4, **changed), "other")
    assert "resumes at step" not in capsys.readouterr().err


def test_it_learns_and_keeps_the_epoch_of_least_loss() -> None:
    # So few documents are soon known by heart: later epochs are worse.
    projects.write(train=made.texts(20)["text"].tolist())
    changes: dict[str, Any] = {"width": 96, "batch_size": 2, "dropout": 0, "learning_rate": 3e-3}
    _train(settings(epochs=16, patience=16, precision="fp32", final_rate=1, **changes), "mine")
    curve = _curve("mine")
    folder = FILES.checkpoint.with_name("mine")
    coded = codec.read(folder)
    best = curve.sort_values("validation_loss").iloc[0]
    assert best["validation_loss"] < 0.8 * math.log(coded.size)
    assert best["validation_loss"] < curve["validation_loss"].iloc[-1] - 0.05
    held_out = PackedTokens(texts_of(FILES, "validation"), coded, 48, "validation")
    found = train.scores(checkpoint.read(folder), held_out, 8)
    for name in ("validation_loss", "validation_bits_per_byte"):
        assert found[name] == pytest.approx(best[name], abs=1e-5)


def test_scores_are_nats_of_every_token_and_bits_of_every_byte() -> None:
    texts = texts_of(FILES, "validation")
    coded = codec.learned("bytes", texts, 257)
    torch.manual_seed(0)
    model = Decoder(train.sizes_of(settings().train, coded)).eval()
    held_out = PackedTokens(texts, coded, 48, "validation")
    ids, costs = held_out.ids, []
    for first in range(0, len(ids) - 1, 48):
        window = ids[first : first + 49].unsqueeze(0)
        with torch.inference_mode():
            logits = model(window[:, :-1])[0].double().log_softmax(-1)
        costs += [-float(logits[at, token]) for at, token in enumerate(window[0, 1:])]
    assert len(costs) == len(ids) - 1
    for size in (1, 8, 1000):
        found = train.scores(model, held_out, size)
        assert found["validation_loss"] == pytest.approx(np.mean(costs), abs=1e-5)
        assert found["validation_bits_per_byte"] == pytest.approx(
            np.sum(costs) / math.log(2) / sum(len(text.encode()) for text in texts), abs=1e-4
        )


@pytest.mark.parametrize("tokenizer", ["characters", "bytes", "bpe"])
def test_the_tokenizer_is_learned_from_the_train_split_and_kept(tokenizer: str) -> None:
    projects.write(validation=["汉字 coffee ЖЖ" * 20] * 3)
    _train(settings(tokenizer=tokenizer, vocabulary=290, epochs=1), "mine")
    folder = FILES.checkpoint.with_name("mine")
    kept, model = codec.read(folder), checkpoint.read(folder)
    expected = codec.learned(tokenizer, texts_of(FILES, "train"), 290)  # type: ignore[arg-type]
    assert model.sizes.vocabulary == kept.size == expected.size
    assert kept.encode(["coffee 汉"]) == expected.encode(["coffee 汉"])
    assert (kept.unknown in kept.encode(["汉"])[0]) is (tokenizer == "characters")


def test_the_optimiser_is_the_one_that_the_settings_name() -> None:
    coded = codec.learned("bytes", ["a"], 257)
    for name, kind in (("muon", MuonAdamW), ("adamw", torch.optim.AdamW)):
        chosen = settings(optimiser=name, learning_rate=0.004, warmup=0.1, final_rate=0.2).train
        recipe = train.recipe(chosen)
        optimiser = recipe.optimiser(Decoder(train.sizes_of(chosen, coded)))
        assert type(optimiser) is kind
        assert {group["lr"] for group in optimiser.param_groups} == {0.004}
        assert recipe.schedule(0, 100) == pytest.approx(0.1)
        assert recipe.schedule(100, 100) == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["train", "validation"])
def test_documents_of_no_more_than_one_context_are_refused(name: str) -> None:
    projects.write(**{name: ["short", "too"]})
    with pytest.raises(DataRefused, match=f"the {name} split has .* one context of 48") as refusal:
        _train(settings(), "mine")
    assert "lower train.context" in str(refusal.value.cure)
    assert not FILES.checkpoint.with_name("mine").exists()


def test_sizes_that_no_network_has_are_refused() -> None:
    with pytest.raises(SettingsError, match="width is 36 with 4 heads"):
        _train(settings(width=36, heads=4), "mine")
