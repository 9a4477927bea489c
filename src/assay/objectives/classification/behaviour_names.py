"""Refuse a file of behaviour that names what a model does not have, before it is asked anything.

Reads and writes nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from assay.settings.behaviour import Behaviour

NAME = "expectations/<model>.behaviour.yaml"
KINDS = ((str, "a text"), (bytes, "an image"), (Mapping, "a row of a table"))


def require_known(
    behaviour: Behaviour,
    labels: Sequence[str],
    rows: Sequence[Any],
    transforms: Collection[str],
    source: str,
) -> None:
    """Check labels, transforms and the kind of inputs against what a model has.

    Args:
        behaviour: what is required.
        labels: of the model.
        rows: inputs of the model; with none of them the kind of inputs is not looked at.
        transforms: the names of those of the model's modality.
        source: the file, as a refusal names it.

    Raises:
        SettingsError: the first that is not known, with the valid ones and the nearest.

    """
    for where, label in _labels(behaviour):
        _require(label, labels, f"{source}: `{where}`", "no label of this model")
    for place, transform in enumerate(behaviour.transforms):
        where = f"{source}: `transforms.{place}.name`"
        _require(transform.name, transforms, where, "no transform of this model's data")
    for where, one in _inputs(behaviour) if rows else ():
        if (found := _kind(one)) != (expected := _kind(rows[0])):
            raise SettingsError(
                f"{source}: `{where}` is {found}",
                expected=f"{expected}, as the model's test split holds",
                cure=f"correct `{where}` in {source}, or require a transform of test rows instead",
            )


def _labels(behaviour: Behaviour) -> Iterator[tuple[str, str]]:
    for place, passing in enumerate(behaviour.must_pass):
        yield f"must_pass.{place}.label", passing.label
    for place, moving in enumerate(behaviour.direction):
        yield f"direction.{place}.label", moving.label


def _inputs(behaviour: Behaviour) -> Iterator[tuple[str, Any]]:
    for place, passing in enumerate(behaviour.must_pass):
        yield f"must_pass.{place}.input", passing.input
    for place, alike in enumerate(behaviour.invariance):
        name = "variants" if alike.template is None else "template"
        yield from ((f"invariance.{place}.{name}", one) for one in alike.inputs())
    for place, moving in enumerate(behaviour.direction):
        yield f"direction.{place}.from", moving.before
        yield f"direction.{place}.to", moving.after


def _require(name: str, valid: Collection[str], where: str, what: str) -> None:
    if name in valid:
        return
    near = difflib.get_close_matches(name, valid, n=1)
    raise SettingsError(
        f"{where} is {name!r}, {what}",
        expected="one of " + ", ".join(valid) if valid else "nothing: there is none",
        cure=f"did you mean {near[0]!r}?" if near else "remove it, or choose one of these",
    )


def _kind(value: Any) -> str:
    return next((name for kind, name in KINDS if isinstance(value, kind)), type(value).__name__)
