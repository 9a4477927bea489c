"""Add a model's block to ``params.yaml``; nothing else in the file changes.

Reads and writes ``params.yaml``, atomically: a block that would not load is never written. Reads
an example to take its block over.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from assay.errors import MissingFile, SettingsError, UsageError
from assay.files import write_text
from assay.settings import reading
from assay.settings.schema import MODEL_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.reading import Kinds
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
    if name in reading.names(path):
        raise UsageError(
            f"there is a model {name!r} already",
            expected="a new name",
            cure=f"choose another, or take `{name}:` out of {path} first",
        )


def add(path: Path, name: str, model: Model, kinds: Kinds) -> None:
    """Append the block.

    The file's own text stays as it is, comments included: the block is written behind it.

    Raises:
        SettingsError: the file would not load with it; nothing was changed.

    """
    text = _with(path, _block(name, model))
    reading.parse(path, text.encode("utf-8"), kinds)
    write_text(path, text)


def add_example(path: Path, name: str, example: Path, kinds: Kinds) -> Model:
    """Append the one block of the file ``example`` under a name of your own.

    Its comments come along; where they cannot (the block is written on one line), it is written
    anew without them.

    Raises:
        MissingFile: there is no such example.
        SettingsError: it is not one model's block, or an unknown key stands in it (the nearest is
            named); nothing was changed.

    """
    if not example.is_file():
        raise MissingFile(
            f"there is no file {example}",
            expected="a file with one model's block, as in examples/",
            cure="ls examples/*.yaml",
        )
    _, model = reading.load_example(example, kinds)
    text = _with(path, _renamed(example.read_bytes().decode("utf-8"), name))
    if not _holds(path, text, name, model, kinds):
        add(path, name, model, kinds)
        return model
    write_text(path, text)
    return model


def _with(path: Path, block: str) -> str:
    text = path.read_bytes().decode("utf-8").rstrip("\r\n")
    return re.sub(r"(?m)^models:[ \t]*\{[ \t]*\}", "models:", text) + "\n\n" + block


def _renamed(example: str, name: str) -> str:
    """Return an example's text as it stands below ``models``, under another name."""
    lines = example.splitlines()
    blocks = YAML().load(example)
    (own,) = blocks
    place, _ = blocks.lc.key(own)
    lines[place] = f"{name}:{lines[place].partition(':')[2]}"
    kept = (line for line in lines if line.rstrip() != "---")
    return "".join(f"  {line}".rstrip() + "\n" for line in kept)


def _holds(path: Path, text: str, name: str, model: Model, kinds: Kinds) -> bool:
    try:
        return reading.parse(path, text.encode("utf-8"), kinds).get(name) == model
    except SettingsError:
        return False


def _block(name: str, model: Model) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump({name: model.model_dump(mode="json", by_alias=True)}, stream)
    return "".join(f"  {line}\n" for line in stream.getvalue().splitlines())
