"""What decides a training's bytes, as one digest.

Reads the splits, a pretrained checkpoint, Assay's own source and the processor's class. Writes
nothing. A killed training is resumed, and its MLflow run continued, only under an equal digest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from assay import processor, ranks
from assay.files import digest_of, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.paths import ModelPaths
    from assay.settings.schema import Optimisation

PACKAGE = Path(__file__).parents[1]


def training_digest(
    settings: Optimisation,
    targets: Iterable[str],
    files: ModelPaths,
    checkpoint: Path | str | None,
) -> str:
    """Digest settings, what is learned, both splits, pretrained checkpoint, code and machine.

    ``targets`` are the classes, in their order; ``checkpoint`` is a folder, None for random
    weights.
    """
    source = Path(checkpoint) if checkpoint else None
    return digest_of(
        settings.model_dump_json(),
        "\n".join(targets),
        sha256(files.split("train")),
        sha256(files.split("validation")),
        sha256(source) if source and source.is_dir() else "",
        code_digest(),
        processor.processor_class(),
        torch.__version__,
        f"{ranks.world_size()} processes",
    )


def code_digest() -> str:
    """Digest Assay's own source."""
    sources = sorted(PACKAGE.rglob("*.py"))
    return digest_of(*(f"{file.relative_to(PACKAGE)} {sha256(file)}" for file in sources))
