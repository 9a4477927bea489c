"""Add a model's block to ``params.yaml``; nothing else in the file changes.

Reads and writes ``params.yaml``, atomically: a block that would not load is never written.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from assay.artifacts import write_text
from assay.errors import UsageError
from assay.settings import reading
from assay.settings.schema import MODEL_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.schema import Model


def check_name(path: Path, name: str) -> None:
    """Refuse a name that is taken, or unfit for file names and shell commands.

    Raises:
        UsageError: says which.

    """
    if not re.fullmatch(MODEL_NAME, name):
        raise UsageError(
            f"{name!r} cannot be a model's name",
            expected="a small letter, then small letters, digits, - or _ (63 at most)",
            cure="choose such a name: it becomes part of file names and addresses",
        )
    if name in reading.load(path).models:
        raise UsageError(
            f"there is a model {name!r} already",
            expected="a new name",
            cure=f"choose another, or take `{name}:` out of {path} first",
        )


def add(path: Path, name: str, model: Model) -> None:
    """Append the block.

    The file's own text stays as it is, comments included: the block is written behind it.

    Raises:
        SettingsError: the file would not load with it; nothing was changed.

    """
    before = path.read_bytes().decode("utf-8")
    text = before.rstrip("\r\n") + "\n\n" + _block(name, model)
    reading.parse(path, text.encode("utf-8"))
    write_text(path, text)


def _block(name: str, model: Model) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump({name: model.model_dump(mode="json", by_alias=True)}, stream)
    return "".join(f"  {line}\n" for line in stream.getvalue().splitlines())
