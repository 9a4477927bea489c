"""Read ``params.yaml``, and say what is wrong with it in a user's words.

Reads ``params.yaml``. Writes nothing.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from assay.errors import SettingsError, UnknownModel
from assay.settings.params import BLOCKS, Params

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from assay.settings.schema import Model


def load(path: Path) -> Params:
    """Read and check the whole file.

    Raises:
        SettingsError: not YAML, an unknown key (the nearest valid one is named), a value out of
            its bounds.

    """
    return parse(path, path.read_bytes())


def parse(path: Path, content: bytes) -> Params:
    """Check ``content`` as what stands, or is going to stand, in ``path``.

    Raises:
        SettingsError: as :func:`load`.

    """
    settings = _mapping(path, content)
    try:
        return Params.model_validate(settings)
    except ValidationError as problem:
        raise _explain(path, problem) from problem


def load_example(path: Path) -> tuple[str, Model]:
    """Read a file of one block, as it would stand below ``models``: its name, and its settings.

    Raises:
        SettingsError: as :func:`load`, or not one block.

    """
    blocks = _mapping(path, path.read_bytes())
    if len(blocks) != 1:
        raise SettingsError(
            f"{path} holds {len(blocks)} blocks: {', '.join(map(str, blocks))}",
            expected="one, as it would stand below `models` in params.yaml: a name, and under it "
            "its task, labels and so on",
            cure="take one of examples/, or put the settings under one name",
        )
    (name,) = blocks
    try:
        return name, Params.model_validate({"models": blocks}).models[name]
    except ValidationError as problem:
        raise _explain(path, problem, above="models.") from problem


def load_model(path: Path, name: str) -> Model:
    """Read one model's settings.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: as :func:`load`.

    """
    models = load(path).models
    if name not in models:
        near = difflib.get_close_matches(name, models, n=1)
        raise UnknownModel(
            f"there is no model {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            expected="one of " + ", ".join(sorted(models)),
            cure=f"add it: assay new {name} --task text-classification --data FILE "
            "--text COLUMN --label COLUMN, or with --task image-classification --data FOLDER",
        )
    return models[name]


def _mapping(path: Path, content: bytes) -> dict[Any, Any]:
    try:
        settings = YAML(typ="safe", pure=True).load(content.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError) as problem:
        raise _unreadable(path, " ".join(str(problem).split())) from problem
    if not isinstance(settings, dict):
        raise _unreadable(path, "it is empty, or no mapping")
    return settings


def _unreadable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"{path} is not readable YAML: {why}",
        expected="a mapping: `models` in params.yaml, one model's name in an example",
        cure=f"mend what is named above, or take the last good one: git checkout {path}",
    )


def _explain(path: Path, problem: ValidationError, above: str = "") -> SettingsError:
    """Turn pydantic's first finding into a sentence; ``above`` stands not in the file itself."""
    # A misspelt key is unknown, and the right one missing: the first of these tells more.
    finding = min(problem.errors(), key=lambda one: one["type"] != "extra_forbidden")
    if finding["type"].startswith("union_tag"):
        return _unknown_task(path, finding["loc"], finding["input"], above)
    # Behind `models` and the model's name pydantic notes which task's block it held against.
    location = tuple(part for place, part in enumerate(finding["loc"]) if place != 2)
    where = ".".join(str(part) for part in location).removeprefix(above)
    if finding["type"] == "extra_forbidden":
        key = str(location[-1])
        valid = _valid_keys(finding["loc"])
        near = difflib.get_close_matches(key, valid, n=1, cutoff=0.4)
        return SettingsError(
            f"{path}: unknown key `{where}`",
            expected="one of " + ", ".join(valid),
            cure=f"did you mean `{near[0]}`?" if near else "remove it, or choose one of these",
        )
    found = "missing" if finding["type"] == "missing" else repr(finding["input"])
    return SettingsError(
        f"{path}: `{where}` is {found}",
        expected=finding["msg"].removeprefix("Value error, "),
        cure=f"correct `{where}` in {path}",
    )


def _unknown_task(path: Path, location: tuple[Any, ...], block: Any, above: str) -> SettingsError:
    where = ".".join(str(part) for part in (*location, "task")).removeprefix(above)
    named = isinstance(block, dict) and "task" in block
    found = repr(block["task"]) if named else "missing"
    return SettingsError(
        f"{path}: `{where}` is {found}",
        expected="one of " + ", ".join(repr(task) for task in BLOCKS),
        cure=f"correct `{where}` in {path}",
    )


def _valid_keys(location: tuple[Any, ...]) -> list[str]:
    """Return the keys of the block that holds the last part of ``location``."""
    if len(location) == 1:
        return sorted(_fields(Params))
    _, _, task, *inner = location  # behind `models` and the model's name
    block: type[BaseModel] = BLOCKS[str(task)]
    for part in inner[:-1]:
        kind = _fields(block)[str(part)].annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            block = kind
    return sorted(_fields(block))


def _fields(block: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in block.model_fields.items()}
