from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.serving.generating.writer import Limits
from tests.serving.generating import models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assay.bundle.language_model import LanguageModel


@pytest.fixture(scope="session")
def model(checkpoint: Path) -> LanguageModel:
    return models.language_model(checkpoint)


@pytest.fixture(scope="package")
def service(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[models.Service]:
    folder = tmp_path_factory.mktemp("service")
    with models.service(checkpoint, folder, Limits(tokens=models.ENDLESS)) as found:
        yield found
