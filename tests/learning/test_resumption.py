from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from assay.learning.optimiser import adamw
from assay.learning.resumption import PREVIOUS, STATE, ResumableState
from assay.learning.state import Position, digest, tensors_of
from assay.records import TracePoint
from tests.learning import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

AT = Position(
    epoch=1,
    batch=4,
    step=33,
    best_score=0.1 + 0.2,
    epochs_without_gain=1,
    pending=[1 / 3, 0.1],
    curve=[{"step": 30, "loss": 0.123456}],
    trace=[TracePoint(step=0, sha256="a" * 64), TracePoint(step=33, sha256="b" * 64)],
)


def _learned() -> tuple[torch.nn.Module, torch.optim.AdamW]:
    """Return a network and its optimiser after three steps."""
    model = made.network()
    optimiser = adamw(model, 0.01, 0.1)
    for start in (0, 8, 16):
        rows = slice(start, start + 8)
        batch = {"inputs": made.INPUTS[rows], "labels": made.CLASSES[rows]}
        made.loss(model, batch).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
    return model, optimiser


def _kept(
    folder: Path,
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    at: Position,
    name: str = "a",
    **more: dict[str, torch.Tensor],
) -> None:
    tensors = tensors_of(model, optimiser, more.get("best", {}), more.get("slow", {}))
    ResumableState(folder, name).save(tensors, at, digest(tensors, at))


def _save(folder: Path, name: str = "a") -> tuple[torch.nn.Module, torch.optim.AdamW]:
    model, optimiser = _learned()
    best = {name: value + 1 for name, value in model.state_dict().items()}
    slow = {"0.weight": best["0.weight"] * 2}
    _kept(folder, model, optimiser, AT, name, best=best, slow=slow)
    return model, optimiser


def test_all_comes_back_bit_for_bit(tmp_path: Path) -> None:
    model, optimiser = _save(tmp_path)
    drawn = torch.rand(3)
    torch.manual_seed(99)
    other = made.network(seed=5)
    fresh = adamw(other, 0.01, 0.1)
    found = ResumableState(tmp_path, "a").load(other, fresh)
    assert found is not None
    position, best, slow = found
    assert position == AT
    assert made.same(other.state_dict(), model.state_dict())
    assert made.same(best, {name: value + 1 for name, value in model.state_dict().items()})
    assert made.same(slow, {"0.weight": best["0.weight"] * 2})
    assert torch.equal(torch.rand(3), drawn), "the random state is what it was"
    before, after = optimiser.state_dict()["state"], fresh.state_dict()["state"]
    assert before.keys() == after.keys()
    for place in before:
        assert made.same(before[place], after[place])


def test_a_later_state_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    model, optimiser = _save(tmp_path)
    _kept(tmp_path, model, optimiser, Position(step=40))
    found = ResumableState(tmp_path, "a").load(model, optimiser)
    assert found == (Position(step=40), {}, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == [PREVIOUS, STATE]


def _is_ignored(folder: Path, name: str = "a") -> bool:
    """Tell whether nothing is resumed, and the network stays as it was."""
    model = made.network(seed=7)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = ResumableState(folder, name).load(model, adamw(model, 0.01, 0.1))
    assert found is not None or made.same(before, model.state_dict())
    return found is None


def test_nothing_there_is_a_fresh_start(tmp_path: Path) -> None:
    assert _is_ignored(tmp_path / "nowhere")


def test_the_state_of_another_training_is_ignored(tmp_path: Path) -> None:
    _save(tmp_path, "a")
    assert _is_ignored(tmp_path, "b")
    assert not _is_ignored(tmp_path, "a")


@pytest.mark.parametrize("kept", [0, 7, 100, 0.5, -1])
def test_a_torn_state_is_ignored(tmp_path: Path, kept: float) -> None:
    _save(tmp_path)
    content = (tmp_path / STATE).read_bytes()
    end = int(len(content) * kept) if isinstance(kept, float) else kept
    (tmp_path / STATE).write_bytes(content[:end])
    assert _is_ignored(tmp_path)


@pytest.mark.parametrize("place", [3, 60, 400, 0.4, 0.6, -1])
@pytest.mark.parametrize("bit", [0, 7])
def test_a_state_with_one_bit_flipped_is_discarded_for_the_one_before(
    tmp_path: Path, place: float, bit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    model, optimiser = _save(tmp_path)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    _kept(tmp_path, model, optimiser, Position(step=40))
    content = bytearray((tmp_path / STATE).read_bytes())
    content[int(len(content) * place) if isinstance(place, float) else place] ^= 1 << bit
    (tmp_path / STATE).write_bytes(content)
    other = made.network(seed=5)
    found = ResumableState(tmp_path, "a").load(other, adamw(other, 0.01, 0.1))

    assert found is not None
    assert found[0] == AT
    assert made.same(other.state_dict(), weights)
    assert f"{STATE} is damaged: it is discarded" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [PREVIOUS]


def test_with_both_states_damaged_training_starts_from_the_beginning(tmp_path: Path) -> None:
    model, optimiser = _save(tmp_path)
    _kept(tmp_path, model, optimiser, AT)
    for name in (STATE, PREVIOUS):
        content = bytearray((tmp_path / name).read_bytes())
        content[-9] ^= 1
        (tmp_path / name).write_bytes(content)
    assert _is_ignored(tmp_path)
    assert list(tmp_path.iterdir()) == []


def _steps(model: torch.nn.Module, optimiser: torch.optim.Optimizer, seeds: range) -> None:
    for seed in seeds:
        torch.manual_seed(seed)
        for weight in model.parameters():
            # As torch gives it: in the weight's own layout.
            weight.grad = torch.empty_like(weight).copy_(torch.randn(weight.shape))
        optimiser.step()


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_moments_come_back_in_their_weights_layout(tmp_path: Path, kind: str) -> None:
    def start() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = torch.nn.Conv2d(4, 8, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if kind == "adamw":
            return model, adamw(model, 0.01, 0.1)
        return model, torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)

    whole, optimiser = start()
    _steps(whole, optimiser, range(2))
    _kept(tmp_path, whole, optimiser, AT)
    _steps(whole, optimiser, range(2, 4))
    model, optimiser = start()
    assert ResumableState(tmp_path, "a").load(model, optimiser)
    _steps(model, optimiser, range(2, 4))
    assert made.same(model.state_dict(), whole.state_dict())


def test_a_state_of_an_earlier_version_is_discarded(tmp_path: Path) -> None:
    _save(tmp_path)
    with safe_open(tmp_path / STATE, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        metadata = stored.metadata()
    at = json.loads(metadata["position"])
    del at["trace"]
    save_file(tensors, tmp_path / STATE, metadata=metadata | {"position": json.dumps(at)})
    assert _is_ignored(tmp_path)
    assert list(tmp_path.iterdir()) == []
