"""The model that another one learns from: found, compared with its digest, and run.

Reads the teacher's block in ``params.yaml``, its checkpoint and its train split; where the folder
lacks these, what ``dvc.lock`` records of them, out of DVC's cache or remote. Writes a temporary
folder alone. Never looks at a row of a validation or test split.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import torch

from assay.errors import DataRefused, InputRefused, SettingsError
from assay.files import digest_of, sha256
from assay.gateways import versioning
from assay.modalities.text import cleaning
from assay.modalities.text.encoding import TOKENIZER, TextEncoder
from assay.paths import PARAMS, ModelPaths
from assay.progress import Progress
from assay.settings import reading
from assay.tasks.text_classification import inference, networks
from assay.tasks.text_classification.settings import TextClassificationModel
from assay.tasks.text_classification.splits import train_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.tasks.text_classification.settings import Distillation

# What of ``train`` decides how a checkpoint answers a text.
READ = {"network", "pooling", "max_length", "long_texts", "width", "buckets"}
KEY = "train.teacher"
KINDS = {"text-classification": TextClassificationModel}


@dataclass(frozen=True)
class Teacher:
    """A trained model of ``params.yaml``.

    Attributes:
        name: of the model.
        settings: its block.
        checkpoint: a folder.
        rows: the table of its train split.

    """

    name: str
    settings: TextClassificationModel
    checkpoint: Path
    rows: Path

    @property
    def digest(self) -> str:
        """Digest what decides its answers, and the rows that it learned from."""
        return digest_of(
            sha256(self.checkpoint),
            "\n".join(self.settings.labels),
            self.settings.train.model_dump_json(include=READ),
            sha256(self.rows),
        )

    def logits(self, texts: list[str]) -> torch.Tensor:
        """Return its logits of texts, float32 (texts, classes), in fp32.

        What is drawn at random afterwards is what would be drawn without it.
        """
        train = self.settings.train
        encode = TextEncoder(self.checkpoint / TOKENIZER, train.max_length, train.tail)
        with torch.random.fork_rng():
            model = networks.trained(self.checkpoint, self.settings)
        if torch.cuda.is_available():
            model.to("cuda")
        with Progress(f"logits of {self.name} on the training texts", len(texts)) as bar:
            return inference.logits(model, encode(texts), progress=bar)


def logits(
    chosen: Distillation, settings: TextClassificationModel, files: ModelPaths
) -> torch.Tensor:
    """Return a model's teacher's logits of its train split's rows, float32 (rows, classes).

    Raises:
        SettingsError, InputRefused: as :func:`require`.
        DataRefused: the teacher learned from rows that are not in this train split.

    """
    with _at_hand(chosen.model) as teacher:
        _require_chosen(teacher, chosen, settings.labels)
        texts = train_texts(files)
        _require_same_rows(teacher, texts, files.model)
        return teacher.logits(texts)


def require(chosen: Distillation, labels: tuple[str, ...]) -> None:
    """Refuse a teacher that is not the one of the settings of a model with these labels.

    Raises:
        SettingsError: it has other labels or another digest, or is no classifier of texts.
        InputRefused: it was not built.

    """
    with _at_hand(chosen.model) as teacher:
        _require_chosen(teacher, chosen, labels)


@contextmanager
def _at_hand(name: str) -> Iterator[Teacher]:
    """Yield the model as it lies in the folder, or as DVC kept it.

    Raises:
        SettingsError: it is no classifier of texts.
        InputRefused: it was not built.

    """
    settings = reading.load_block(PARAMS, name, KINDS)
    files = ModelPaths(name)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, rows = _checkpoint(files, Path(folder)), _rows(files)
        if checkpoint is None or rows is None:
            lacking = files.split("train") if checkpoint else files.checkpoint
            raise InputRefused(
                f"{KEY} names {name}, and there is no {lacking.as_posix()}",
                expected=f"{name}, trained, in this folder or in DVC's cache or remote",
                cure=f"assay run {name}",
            )
        yield Teacher(name, settings, checkpoint, rows)


def _checkpoint(files: ModelPaths, folder: Path) -> Path | None:
    if files.checkpoint.is_dir():
        return files.checkpoint
    recorded = versioning.lock_entries(files.model).get(files.checkpoint.as_posix())
    copied = folder / files.checkpoint.name
    return copied if recorded and versioning.copy(recorded, copied) else None


def _rows(files: ModelPaths) -> Path | None:
    table = files.split("train")
    return table if table.is_file() else versioning.last_version(table, files.model)


def _require_chosen(teacher: Teacher, chosen: Distillation, labels: tuple[str, ...]) -> None:
    if teacher.settings.labels != labels:
        raise SettingsError(
            f"{KEY} names {teacher.name}, whose labels are {', '.join(teacher.settings.labels)}",
            expected="the labels of this model in their order: " + ", ".join(labels),
            cure="give both models the same list, or take another teacher",
        )
    found = teacher.digest
    if chosen.digest != found:
        named = chosen.digest or "missing"
        raise SettingsError(
            f"{KEY}.digest is {named}, and that of {teacher.name} is {found}",
            expected=f"the digest of the {teacher.name} to learn from",
            cure=f"to learn from {teacher.name} as it is now, write `digest: {found}` in "
            f"params.yaml",
        )


def _require_same_rows(teacher: Teacher, texts: list[str], model: str) -> None:
    """Refuse a teacher that may have seen what the student is validated or tested on.

    A split keeps near duplicates on one side. So where each of the teacher's rows is in the
    student's train split, neither a row of the other two nor a near duplicate of one was learned.
    """
    own = set(map(cleaning.normalise, texts))
    learned = pd.read_parquet(teacher.rows, columns=["text"])["text"]
    others = sum(cleaning.normalise(text) not in own for text in learned)
    if others:
        raise DataRefused(
            f"{teacher.name} learned from {others:,} texts that are not in the train split of "
            f"{model}",
            expected="a teacher that learned from rows of the student's train split alone: it must "
            "know nothing of what the student is validated and tested on",
            cure=f"give {teacher.name} and {model} the same source, the same inbox and the same "
            "`split` block in params.yaml",
        )
