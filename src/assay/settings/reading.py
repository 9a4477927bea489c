"""Read ``params.yaml``, and say what is wrong with it in a user's words.

Reads ``params.yaml``, and other files of settings. Writes nothing. Knows no task: which block a
model's ``data`` and ``task`` ask for is told by the caller (``assay.tasks.registry``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from assay.errors import SettingsError, UnknownModel
from assay.settings.block import Block
from assay.settings.schema import MODEL_NAME, Model, Tracking

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pydantic.fields import FieldInfo

B = TypeVar("B", bound=Block)
M = TypeVar("M", bound=Model)

# The block of each kind of model, by name, e.g. ``text-classification``.
Kinds = Mapping[str, type[Model]]
TOP = "models"
TRACKING = "tracking"
AXES = ("data", "task")
HOLDS = "a mapping: `models` in params.yaml, one model's name in an example"


def load(path: Path, kinds: Kinds) -> dict[str, Model]:
    """Read and check the whole file; return its models by name.

    Raises:
        SettingsError: not YAML, an unknown key (the nearest valid one is named), a value out of
            its bounds.

    """
    return parse(path, path.read_bytes(), kinds)


def parse(path: Path, content: bytes, kinds: Kinds) -> dict[str, Model]:
    """Check ``content`` as what stands, or is going to stand, in ``path``.

    Raises:
        SettingsError: as :func:`load`.

    """
    found = mapping(path, content)
    blocks = _models(path, found)
    _tracking(path, found)
    models = {name: _model(path, (TOP, name), block, kinds) for name, block in blocks.items()}
    _require_others(path, models)
    return models


def load_example(path: Path, kinds: Kinds) -> tuple[str, Model]:
    """Read a file of one block, as it would stand below ``models``: its name, and its settings.

    Raises:
        SettingsError: as :func:`load`, or not one block.

    """
    blocks = mapping(path, path.read_bytes())
    if len(blocks) != 1:
        raise SettingsError(
            f"{path} holds {len(blocks)} blocks: {', '.join(map(str, blocks))}",
            expected="one, as it would stand below `models` in params.yaml: a name, and under it "
            "its data, task, labels and so on",
            cure="take one of examples/, or put the settings under one name",
        )
    ((name, block),) = blocks.items()
    _require_name(path, name)
    return name, _model(path, (name,), block, kinds)


def load_model(path: Path, name: str, kinds: Kinds) -> Model:
    """Read one model's settings.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: as :func:`load`.

    """
    models = load(path, kinds)
    _require_known(name, models)
    return models[name]


def load_block(path: Path, name: str, kinds: Mapping[str, type[M]]) -> M:
    """Read one model's settings; the other models' blocks are not looked into.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: as :func:`load`, or a model of none of these kinds.

    """
    blocks = _models(path, mapping(path, path.read_bytes()))
    _require_known(name, blocks)
    return _model(path, (TOP, name), blocks[name], kinds)


def load_one(path: Path, kind: type[B], expected: str) -> B:
    """Read a whole file as one block of settings; ``expected`` says what such a file holds.

    Raises:
        SettingsError: as :func:`load`.

    """
    return _held(path, (), mapping(path, path.read_bytes(), expected), kind)


def load_tracking(path: Path) -> Tracking:
    """Read what a tracking server gets to hold; the models themselves are not looked into.

    Raises:
        SettingsError: as :func:`load`.

    """
    return _tracking(path, mapping(path, path.read_bytes()))


def require_model(path: Path, name: str) -> None:
    """Refuse a name that no block of the file has; the blocks themselves are not looked into.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: the file is not YAML, or no mapping of models.

    """
    _require_known(name, names(path))


def names(path: Path) -> list[str]:
    """Return the models' names; the blocks themselves are not looked into.

    Raises:
        SettingsError: the file is not YAML, or no mapping of models.

    """
    return list(_models(path, mapping(path, path.read_bytes())))


def _require_known(name: str, known: Collection[str]) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    raise UnknownModel(
        f"there is no model {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
        expected="one of " + ", ".join(sorted(known)),
        cure=f"add it: assay new {name} --task TASK --data FILE (assay new --help lists the tasks)",
    )


def _require_others(path: Path, models: Mapping[str, Model]) -> None:
    """Refuse a model that learns from itself, or from none of the file."""
    for name, model in models.items():
        for other in model.learns_from:
            if other == name or other not in models:
                found = "itself" if other == name else f"{other!r}, which is no model of this file"
                others = ", ".join(sorted(models.keys() - {name})) or "there is none"
                raise SettingsError(
                    f"{path}: {name} learns from {found}",
                    expected=f"another model: {others}",
                    cure=f"name one of them in `{TOP}.{name}`, or add it: assay new NAME",
                )


def _models(path: Path, content: dict[Any, Any]) -> dict[str, Any]:
    """Return the blocks below ``models``, their names checked."""
    for key in content:
        if key not in (TOP, TRACKING):
            raise _unknown_key(path, (str(key),), [TOP, TRACKING])
    blocks = content.get(TOP)
    if not isinstance(blocks, dict):
        found = "missing" if TOP not in content else repr(blocks)
        raise SettingsError(
            f"{path}: `{TOP}` is {found}",
            expected="a mapping of models: a name, and under it its settings",
            cure=f"correct `{TOP}` in {path}",
        )
    for name in blocks:
        _require_name(path, name)
    return blocks


def _require_name(path: Path, name: object) -> None:
    if not isinstance(name, str) or not re.fullmatch(MODEL_NAME, name):
        raise SettingsError(
            f"{path}: {name!r} cannot be a model's name",
            expected="a small letter, then small letters, digits, - or _ (63 at most)",
            cure=f"rename it in {path}: it becomes part of file names and commands",
        )


def _tracking(path: Path, content: dict[Any, Any]) -> Tracking:
    return _held(path, (TRACKING,), content.get(TRACKING, {}), Tracking)


def _model(path: Path, where: tuple[str, ...], block: Any, kinds: Mapping[str, type[M]]) -> M:
    """Return one block, held against the settings type that its data and task name."""
    if not isinstance(block, dict):
        raise _wrong(path, where, repr(block), "a mapping of settings")
    values = [block.get(axis) for axis in AXES]
    kind = kinds.get("-".join(map(str, values)))
    if kind is None:
        raise _unknown_kind(path, where, block, kinds)
    return _held(path, where, block, kind)


def _held(path: Path, where: tuple[str, ...], block: Any, kind: type[B]) -> B:
    """Return a block, held against its settings type."""
    if not isinstance(block, dict):
        raise _wrong(path, where, repr(block), "a mapping of settings")
    try:
        return kind.model_validate(block)
    except ValidationError as problem:
        raise _explain(path, where, kind, problem) from problem


def _unknown_kind(
    path: Path, where: tuple[str, ...], block: dict[Any, Any], kinds: Iterable[str]
) -> SettingsError:
    """Name the axis that is missing or wrong."""
    pairs = [tuple(kind.split("-", 1)) for kind in kinds]
    for place, axis in enumerate(AXES):
        valid = list(dict.fromkeys(pair[place] for pair in pairs))
        if block.get(axis) not in valid:
            found = repr(block[axis]) if axis in block else "missing"
            expected = "one of " + ", ".join(map(repr, valid))
            return _wrong(path, (*where, axis), found, expected)
    found = f"{block['task']!r} where data is {block['data']!r}"
    return _wrong(path, (*where, "task"), found, "one of " + ", ".join(kinds))


def _explain(
    path: Path, where: tuple[str, ...], kind: type[Block], problem: ValidationError
) -> SettingsError:
    """Turn pydantic's first finding into a sentence."""
    # A misspelt key is unknown, and the right one missing: the first of these tells more.
    finding = min(problem.errors(), key=lambda one: one["type"] != "extra_forbidden")
    inner = [str(part) for part in finding["loc"]]
    if finding["type"] == "extra_forbidden":
        return _unknown_key(path, (*where, *inner), _valid_keys(kind, inner))
    found = "missing" if finding["type"] == "missing" else repr(finding["input"])
    return _wrong(path, (*where, *inner), found, finding["msg"].removeprefix("Value error, "))


def _wrong(path: Path, where: Iterable[str], found: str, expected: str) -> SettingsError:
    key = ".".join(where)
    return SettingsError(
        f"{path}: `{key}` is {found}", expected=expected, cure=f"correct `{key}` in {path}"
    )


def _unknown_key(path: Path, where: tuple[str, ...], valid: list[str]) -> SettingsError:
    near = difflib.get_close_matches(where[-1], valid, n=1, cutoff=0.4)
    return SettingsError(
        f"{path}: unknown key `{'.'.join(where)}`",
        expected="one of " + ", ".join(valid),
        cure=f"did you mean `{near[0]}`?" if near else "remove it, or choose one of these",
    )


def mapping(path: Path, content: bytes, expected: str = HOLDS) -> dict[Any, Any]:
    """Read YAML that holds a mapping; ``path`` and ``expected`` are what a refusal names.

    Raises:
        SettingsError: it is no YAML, or no mapping.

    """
    try:
        settings = YAML(typ="safe", pure=True).load(content.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError) as problem:
        raise _unreadable(path, " ".join(str(problem).split()), expected) from problem
    if not isinstance(settings, dict):
        raise _unreadable(path, "it is empty, or no mapping", expected)
    return settings


def _unreadable(path: Path, why: str, expected: str) -> SettingsError:
    return SettingsError(
        f"{path} is not readable YAML: {why}",
        expected=expected,
        cure=f"mend what is named above, or take the last good one: git checkout {path}",
    )


def _valid_keys(kind: type[Block], inner: list[str]) -> list[str]:
    """Return the keys of the block that holds the last part of ``inner``."""
    block: type[BaseModel] = kind
    for part in inner[:-1]:
        # A place in a list is no key: the list's name has led to its blocks already.
        if part in (fields := _fields(block)):
            block = _block_within(fields[part].annotation) or block
    return sorted(_fields(block))


def _block_within(annotation: Any) -> type[BaseModel] | None:
    """Return the block that a key holds, itself or in a tuple."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _fields(block: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in block.model_fields.items()}
