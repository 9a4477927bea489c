from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.bundle import manifest
from assay.paths import ModelPaths
from assay.tasks.bundles import open_bundle
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assay.bundle.opened import Opened

pytestmark = pytest.mark.processor


@pytest.mark.parametrize("build", [made.built, made.built_generator])
def test_every_bundle_says_what_it_is_and_runs_on(
    checkpoint: Path, build: Callable[[Path], Path]
) -> None:
    folder = build(checkpoint) / ModelPaths(made.MODEL).bundle
    opened: Opened = open_bundle(folder)
    assert opened.manifest == manifest.read(folder)
    assert opened.precision in ("fp32", "int8")
    assert opened.provider == "CPUExecutionProvider"
