"""What was written down when a model was released, as far as a rebuild needs it.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import InputRefused
from assay.gateways.versioning import lockfile
from assay.paths import ModelPaths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.gateways.versioning.lockfile import LockedStage
    from assay.records import Trace


@dataclass(frozen=True)
class Recorded:
    """What was written down when a model was released.

    Attributes:
        commit: whose code made it.
        lock: the bytes of the ``dvc.lock`` that held the model's entries then; the commit's own
            may be older.
        inbox: DVC-MD5 of each file and folder of ``data/inbox/<model>/``, by path.
        trace: of the training's state; None where none was kept.
        processor: class on which the bytes were made.
        requirements_sha256: of ``requirements.lock``; empty where the project had none.

    """

    commit: str
    lock: bytes
    inbox: Mapping[str, str]
    trace: Trace | None
    processor: str
    requirements_sha256: str

    def stages(self, model: str, pipeline: bytes) -> list[LockedStage]:
        """Return the model's recorded stages in the order of ``pipeline``, a ``dvc.yaml``.

        Raises:
            InputRefused: no bundle is recorded, so that equal bytes would prove nothing.
            SettingsError: one of the two files is torn.

        """
        found = lockfile.stages_in(self.lock, pipeline, model)
        if not any(ModelPaths(model).bundle.as_posix() in stage.wrote for stage in found):
            raise InputRefused(
                f"the recorded dvc.lock holds no bundle of {model}",
                expected="the entries of every stage of the model, from ingest to evaluate",
                cure="only a model that was built whole can be rebuilt",
            )
        return found
