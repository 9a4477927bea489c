"""Nothing that differs from what the stages wrote reaches the registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.bundle import manifest
from assay.bundle.manifest import MODEL
from assay.errors import BundleRefused, InputRefused
from assay.files import sha256
from assay.gateways.tracking import store
from assay.release.register import register
from assay.release.soundness import require_sound
from tests import locks
from tests.release.test_register import files, template, versions, write_bundle  # noqa: F401

if TYPE_CHECKING:
    from assay.paths import ModelPaths

pytestmark = pytest.mark.xdist_group("mlflow")


def rot(path: Path) -> None:
    """Flip one bit, and keep size and time stamp."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def runs() -> int:
    client = store.connect()
    found = client.get_experiment_by_name("opinions")
    return len(client.search_runs([found.experiment_id])) if found else 0


OUTPUTS = (
    "models/opinions/bundle/model.onnx",
    "models/opinions/checkpoint/model.safetensors",
    "data/splits/opinions/test.parquet",
    "reports/opinions/metrics.json",
    "reports/opinions/report.md",
    "reports/opinions/pictures/confusion.png",
)


def test_what_the_stages_wrote_is_sound(files: ModelPaths) -> None:  # noqa: F811
    require_sound(files)


@pytest.mark.parametrize("path", OUTPUTS)
def test_an_altered_output_is_refused_before_anything_is_logged(
    files: ModelPaths,  # noqa: F811
    path: str,
) -> None:
    rot(Path(path))
    output = path if path.endswith(("json", "md")) else str(Path(path).parent)
    with pytest.raises(InputRefused, match=f"{output}: altered") as refusal:
        register("opinions")
    assert str(refusal.value) == (
        f"opinions is not what its stages wrote: {output}: altered\n"
        "  expected: every output as dvc.lock records it, each made from the others\n"
        "  next: assay run opinions restores what was altered or makes it again, and registers it"
    )
    assert (runs(), versions()) == (0, [])


def test_a_figure_that_was_typed_in_is_refused(files: ModelPaths) -> None:  # noqa: F811
    content = json.loads(files.metrics.read_text())
    content["metrics"]["accuracy"]["value"] = 0.999
    files.metrics.write_text(json.dumps(content))
    with pytest.raises(InputRefused, match=r"metrics\.json: altered"):
        register("opinions")
    assert runs() == 0


def test_figures_of_another_bundle_are_refused(files: ModelPaths) -> None:  # noqa: F811
    """As after `dvc repro export@opinions`: the bundle is new, its evaluation is not."""
    measured = json.loads(Path("dvc.lock").read_text())["stages"]["evaluate@opinions"]
    write_bundle(files, note="Another.")
    locks.record("opinions")
    lock = json.loads(Path("dvc.lock").read_text())
    lock["stages"]["evaluate@opinions"] = measured
    Path("dvc.lock").write_text(json.dumps(lock))
    with pytest.raises(InputRefused, match="evaluate read another models/opinions/bundle"):
        register("opinions")
    assert runs() == 0


def test_a_bundle_of_other_weights_is_refused(files: ModelPaths) -> None:  # noqa: F811
    stated = manifest.read(files.bundle)
    manifest.write(files.bundle, stated.model_copy(update={"made_from": {"weights": "0" * 64}}))
    locks.record("opinions")
    with pytest.raises(InputRefused, match="other weights"):
        register("opinions")


def test_what_no_stage_recorded_is_refused(files: ModelPaths) -> None:  # noqa: F811
    Path("dvc.lock").unlink()
    with pytest.raises(InputRefused, match="models/opinions/bundle: not recorded"):
        register("opinions")


def test_a_bundle_that_does_not_open_is_refused(files: ModelPaths) -> None:  # noqa: F811
    """Recorded as it is, digests and all: nothing but opening it tells."""
    stated = manifest.read(files.bundle)
    (files.bundle / "tokenizer.json").write_text("{}")
    manifest.write(files.bundle, stated)
    locks.record("opinions")
    with pytest.raises(BundleRefused):
        register("opinions")
    assert runs() == 0


def test_two_at_once_register_one_version(files: ModelPaths) -> None:  # noqa: F811
    call = "from assay.release.register import register; print(register('opinions').version)"
    both = [
        subprocess.Popen([sys.executable, "-c", call], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [run.communicate()[0].strip() for run in both] == ["1", "1"]
    assert len(versions()) == 1
    assert runs() == 1
    assert versions()[0].tags["assay.bundle"] == sha256(files.bundle)
    assert (files.bundle / MODEL).is_file()
