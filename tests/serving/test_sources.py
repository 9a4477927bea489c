"""Which models are served where none is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.serving import sources
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (made.built, [made.MODEL]),
        (made.built_generator, [made.MODEL]),
        (made.built_image_generator, [made.MODEL]),
    ],
)
def test_what_was_built_and_can_be_served(
    build: Callable[[Path], Path],
    names: list[str],
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(build(checkpoint))
    assert sources.built() == names
    assert sources.released() == []
