"""The logits of a teacher on the training texts, computed once a training.

Reads and writes those of a training that runs, beside that training's state: one that is killed
and resumed does not compute them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from assay import ranks
from assay.files import replacing
from assay.tasks.text_classification import teacher

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from assay.learning.run import TrainingRun
    from assay.paths import ModelPaths
    from assay.tasks.text_classification.settings import TextClassificationModel

FILE = "teacher_logits.safetensors"
LOGITS = "logits"


def computed_once(
    settings: TextClassificationModel, files: ModelPaths, run: TrainingRun
) -> torch.Tensor | None:
    """Return the teacher's logits of the train split, float32 (rows, classes); None without one.

    Where this very training was killed before, they are those that it had computed.

    Raises:
        SettingsError, InputRefused, DataRefused: as :func:`teacher.logits`.

    """
    if settings.train.teacher is None:
        return None
    kept = run.state / FILE
    found = _kept(kept, run.digest)
    if found is None:
        found = teacher.logits(settings.train.teacher, settings, files)
        if ranks.is_first():
            with replacing(kept) as beside:
                save_file({LOGITS: found}, beside, metadata={"digest": run.digest})
    return found


def _kept(file: Path, digest: str) -> torch.Tensor | None:
    try:
        with safe_open(file, framework="pt") as stored:
            if stored.metadata() != {"digest": digest}:
                return None
            found: torch.Tensor = stored.get_tensor(LOGITS)
            return found
    except (FileNotFoundError, SafetensorError):
        return None
