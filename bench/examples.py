"""The models of ``examples/`` in one throw-away project, each from its seeds.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from assay.progress import Progress
from bench import project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.project import Project

EXAMPLES = Path("examples")


class Measured(Protocol):
    """What was measured of a model from one seed."""

    @property
    def name(self) -> str:
        """The model's, in tables."""

    @property
    def note(self) -> str:
        """What the progress says of it."""


Found = TypeVar("Found", bound=Measured)


@dataclass(frozen=True)
class Size:
    """How much is measured: the seeds of each model, and changes to its settings by block."""

    seeds: Mapping[str, Sequence[int]]
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def each(title: str, size: Size, measured: Callable[[Project, str, int], Found]) -> list[Found]:
    """Measure every model from each of its seeds, one after another.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    paths = [EXAMPLES / f"{name}.yaml" for name in size.seeds if name != project.MODEL]
    order = [(name, seed) for name, seeds in size.seeds.items() for seed in seeds]
    found: list[Found] = []
    with tempfile.TemporaryDirectory() as scratch, Progress(title, len(order)) as bar:
        built = project.from_examples(
            Path(scratch) / "project", *paths, stage_command="python -m bench.stopwatch"
        )
        for name, seed in order:
            project.change(built, name, size.changes)
            found.append(measured(built, name, seed))
            bar.advance(note=f"{name} {found[-1].note}")
    return found


def lines(
    found: Sequence[Found],
    line: Callable[[Found], list[str]],
    mean: Callable[[str, Sequence[Found]], list[str]],
) -> list[list[str]]:
    """Return a table's line for each run, and the mean of those that differ by their seed alone."""
    shown = []
    for name in dict.fromkeys(one.name for one in found):
        own = [one for one in found if one.name == name]
        shown += [line(one) for one in own]
        shown += [mean(name, own)] if len(own) > 1 else []
    return shown
