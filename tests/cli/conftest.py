from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import made

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def built_texts(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in the project whose one model of texts went through all stages; it is only looked at."""
    folder = made.built(checkpoint)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def built_generator(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in the project of a language model that went through all stages; it is only looked at."""
    folder = made.built_generator(checkpoint)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def built_image_generator(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in the project of an image generator that went through all stages; to look at only."""
    folder = made.built_image_generator(checkpoint)
    monkeypatch.chdir(folder)
    return folder
