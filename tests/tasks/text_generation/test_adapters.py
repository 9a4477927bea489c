from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any, get_args

import onnx
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from assay.errors import SettingsError
from assay.files import remove
from assay.paths import STAGES, ModelPaths
from assay.records import Parity, read
from assay.stages.__main__ import main
from assay.tasks import registry
from assay.tasks.text_generation import TEXT_GENERATION, adapters, graph, pretrained, train
from assay.tasks.text_generation.settings import Lora, Matrix, TextGenerationTrain
from tests import blocks, made, trainings
from tests.tasks.text_generation import llama
from tests.tasks.text_generation import project as projects

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_generation.network import Decoder
    from assay.tasks.text_generation.settings import TextGenerationModel

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
SOME = Lora(rank=4, alpha=8, targets=("q_proj", "down_proj"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama as a user brings one."""
    found = tmp_path_factory.mktemp("llama")
    llama.saved(found)
    return found


def _start(folder: Path) -> Decoder:
    chosen = TextGenerationTrain(network="pretrained", checkpoint=str(folder))
    torch.manual_seed(13)
    return pretrained.start(chosen)[0].eval()


def _block(folder: Path, **given: Any) -> dict[str, Any]:
    block = blocks.generator_settings()
    block["export"]["precision"] = "fp32"
    block["train"] = {
        "network": "pretrained",
        "checkpoint": str(folder),
        "lora": {"rank": 4, "alpha": 8},
        "context": 48,
        "epochs": 2,
        "learning_rate": 1e-2,
        "checkpoint_every": 4,
        "threads": 1,
        **given,
    }
    return block


def _settings(folder: Path, **given: Any) -> TextGenerationModel:
    return TEXT_GENERATION.settings.model_validate(_block(folder, **given))


@pytest.mark.parametrize("lora", [SOME, Lora(rank=2), Lora(targets=("k_proj",))])
def test_adapters_alone_are_trained_and_counted(folder: Path, lora: Lora) -> None:
    model = _start(folder)
    expected = adapters.trained(model, lora)
    own = dict(model.named_parameters())
    adapters.add(model, lora)
    trained = {name: one for name, one in model.named_parameters() if one.requires_grad}
    assert sum(one.numel() for one in trained.values()) == expected
    assert not any(weight.requires_grad for weight in own.values())
    # Two blocks, each matrix of which gets two.
    assert len(trained) == 2 * 2 * len(lora.targets)
    for optimiser in ("adamw", "muon"):
        recipe = train.recipe(_settings(folder, optimiser=optimiser).train)
        groups = recipe.optimiser(model).param_groups
        seen = [id(weight) for group in groups for weight in group["params"]]
        assert sorted(seen) == sorted(map(id, trained.values()))


def test_of_a_network_without_adapters_all_weights_are_trained(folder: Path) -> None:
    model = _start(folder)
    assert adapters.trained(model, None) == sum(one.numel() for one in model.parameters())


def test_every_matrix_of_a_block_has_a_name_and_no_other_layer_has(folder: Path) -> None:
    model = _start(folder)
    matrices = {name for name, one in model.blocks.named_modules() if isinstance(one, nn.Linear)}
    names = [name for name, _ in adapters._adapted(model, get_args(Matrix))]
    assert {name.removeprefix("blocks.") for name in names} == matrices
    for target in get_args(Matrix):
        assert len(list(adapters._adapted(model, (target,)))) == 2


def test_they_change_nothing_at_first_and_are_merged_into_what_they_made(folder: Path) -> None:
    model, before = _start(folder), _start(folder)
    ids = torch.arange(40).unsqueeze(0)
    merge = adapters.add(model, SOME)
    with torch.inference_mode():
        assert torch.equal(model(ids), before(ids))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(weight.data, std=0.1)
    with torch.inference_mode():
        adapted = model(ids).clone()
    factors = {name: one.clone() for name, one in model.named_parameters() if "lora_" in name}
    merge()
    assert model.state_dict().keys() == before.state_dict().keys()
    assert not [part for part in model.modules() if "peft" in type(part).__module__]
    with torch.inference_mode():
        assert (adapted - before(ids)).abs().max() > 0.1
        torch.testing.assert_close(model(ids), adapted, rtol=1e-4, atol=1e-4)
    # By hand: W + alpha / rank * B A.
    place = "blocks.0.attention.queries"
    a, b = (factors[f"{place}.lora_{letter}.{adapters.ADAPTER}.weight"] for letter in "AB")
    was = before.get_parameter(f"{place}.weight")
    torch.testing.assert_close(model.get_parameter(f"{place}.weight"), was + 2 * (b @ a))


def test_their_first_values_follow_from_the_seed(folder: Path) -> None:
    found = []
    for seed in (1, 1, 2):
        model = _start(folder)
        torch.manual_seed(seed)
        adapters.add(model, SOME)
        found.append({name: one for name, one in model.named_parameters() if "lora_A" in name})
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    assert not any(torch.equal(found[0][name], found[2][name]) for name in found[0])


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_killed_training_resumes_and_ends_in_the_same_bytes(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    optimiser: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    projects.write()
    model = _settings(folder, optimiser=optimiser, accumulate=2)
    whole = trainings.train(TEXT_GENERATION, model, FILES, "whole")
    remove(FILES.resume)
    assert trainings.train(TEXT_GENERATION, model, FILES, "again") == whole
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        trainings.train(TEXT_GENERATION, model, FILES, "killed", kill_at=10)
    capsys.readouterr()
    assert trainings.train(TEXT_GENERATION, model, FILES, "resumed") == whole
    said = capsys.readouterr().err
    assert "training resumes at step" in said
    start = _start(folder)
    assert f"train: {adapters.trained(start, model.train.lora):,} of " in said
    # What has no adapters is as it came, and the rest has moved.
    ended = load_file(FILES.checkpoint.with_name("whole") / "model.safetensors")
    assert ended.keys() == start.state_dict().keys()
    moved = {name for name, one in start.state_dict().items() if not torch.equal(one, ended[name])}
    assert moved == {f"{name}.weight" for name, _ in adapters._adapted(start, get_args(Matrix))}


@pytest.fixture(scope="module")
def built(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose adapters went through all stages."""
    project = tmp_path_factory.mktemp("adapted") / "project"
    project.mkdir()
    made.lay_out_plain(project, _block(folder), made.texts(200)[["text"]])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
        for stage in STAGES:
            assert main(stage, made.MODEL) == 0, stage
    return project


def test_the_graph_has_no_trace_of_them(
    built: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built)
    found = read(FILES.parity, Parity)
    assert found.validation_max_abs_diff < 1e-3
    assert found.greedy_tokens
    exported = onnx.load(FILES.bundle / "model.onnx")
    never_adapted = graph.graph(_start(folder))
    own, other = ([node.op_type for node in one.graph.node] for one in (exported, never_adapted))
    assert own == other
    names = [
        sorted(one.name for one in each.graph.initializer) for each in (exported, never_adapted)
    ]
    assert names[0] == names[1]


def test_the_report_says_how_many_weights_were_trained(built: Path, folder: Path) -> None:
    page = (built / FILES.report).read_text(encoding="utf-8")
    model = _start(folder)
    count = adapters.trained(model, Lora(rank=4))
    assert f"Low-rank adapters of rank 4 were trained, {count:,} weights" in page
    assert f"of the network's {adapters.trained(model, None):,}" in page


def _refused(folder: Path, tmp_path: Path, **given: Any) -> SettingsError:
    made.lay_out_plain(tmp_path, _block(folder, **given))
    with pytest.raises(SettingsError) as refusal:
        registry.load_model(made.MODEL)
    return refusal.value


@pytest.mark.parametrize(
    ("lora", "key", "expected"),
    [
        ({"rank": 0}, "lora.rank", "greater than or equal to 1"),
        ({"alpha": 0}, "lora.alpha", "greater than or equal to 1"),
        ({"targets": ["q_proj", "c_attn"]}, "lora.targets.1", "'q_proj', 'k_proj', 'v_proj'"),
        ({"targets": []}, "lora.targets", "at least 1 item"),
        ({"rnk": 8}, "lora.rnk", "one of alpha, rank, targets"),
    ],
)
def test_what_cannot_be_adapted_is_refused_with_what_can(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lora: dict[str, Any],
    key: str,
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    refusal = _refused(folder, tmp_path, lora=lora)
    assert f"models.reviews.train.{key}" in refusal.found
    assert expected in str(refusal.expected)


def test_a_network_from_random_weights_has_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refusal = _refused(folder, tmp_path, network="gpt", checkpoint=None)
    assert "train.lora" in refusal.found
    assert "null where train.network is gpt" in str(refusal.expected)


def test_adapters_learn_faster_where_nothing_is_said(folder: Path) -> None:
    block: dict[str, Any] = {"network": "pretrained", "checkpoint": str(folder)}
    assert TextGenerationTrain(**block, lora=Lora()).learning_rate == 5e-4
    assert TextGenerationTrain(**block, lora=None).learning_rate == 5e-5
    assert TextGenerationTrain(**block, lora=Lora(), learning_rate=1e-4).learning_rate == 1e-4


def test_peft_is_imported_by_a_training_with_adapters_alone() -> None:
    program = (
        "import sys\n"
        "from assay.tasks.text_generation import before, train\n"
        "assert 'peft' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
