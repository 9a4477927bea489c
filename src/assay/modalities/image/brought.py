"""What a user brings for a new model of images: a folder or a table, and what its images are like.

Reads the folder or table, and the headers of some images. Writes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from assay.errors import DataRefused, MissingFile, UnreadableImage
from assay.gateways.sources import folder
from assay.gateways.sources.inbox import require_own
from assay.gateways.sources.listed import Joined, listed
from assay.modalities.image import encoding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.gateways.sources.images import Images
    from assay.gateways.sources.listed import Columns

# Images whose headers are looked at.
SAMPLE = 2000
GREY = ("1", "L", "LA", "La")


@dataclass(frozen=True)
class Seen:
    """What was found in the images.

    Attributes:
        labels: how many bear each label.
        sides: the shorter side of each image of a sample, in pixels.
        coloured: whether some have more than grey.
        unreadable: how many of the sample can't be read.
        examined: how large the sample is.
        in_test: images that stand in a test folder.

    """

    labels: Counter[str]
    sides: list[int]
    coloured: bool
    unreadable: int
    examined: int
    in_test: int

    def side(self, known: Sequence[int]) -> int:
        """Return the largest of these sides that half of the images reach; else the first."""
        usual = median(self.sides) if self.sides else known[0]
        return max((side for side in known if side <= usual), default=known[0])

    def notes(self, most_broken: float) -> list[str]:
        """Return what a user should know: a given test split, and images that can't be read.

        ``most_broken`` is the share of these that ``validate`` allows.
        """
        notes = []
        if self.in_test:
            notes.append(
                f"{self.in_test:,} images stand in a test folder: they are the test split, and "
                "split.test is ignored"
            )
        if self.unreadable:
            notes.append(
                f"{self.unreadable:,} of {self.examined:,} images looked at can't be read; "
                f"`validate` allows {most_broken:.0%}"
            )
        return notes


def found(data: Path, columns: Columns) -> Images:
    """Return the images of a folder, or of a table that holds them.

    Raises:
        MissingFile: there is nothing at ``data``.
        SourceRefused: a column is missing, a table names a file that is not there, an image has no
            class folder where labels are wanted.
        DataRefused: a table names image files, which would not be copied with it.

    """
    require_own(data)
    if data.is_dir():
        return Joined(list(folder.contents(data, columns).parts.values()))
    if not data.is_file():
        raise MissingFile(
            f"there is nothing at {data}",
            expected="a folder of class folders, or a table of images"
            if columns.label
            else "a folder or a table of images",
            cure="check the path (relative paths start where you are)",
        )
    table = listed(data, columns)
    if getattr(table, "files", None):
        raise DataRefused(
            f"{data} names image files, which would not be copied with it",
            expected="the folder that holds the table and its images",
            cure=f"--data {data.parent}",
        )
    return table


def examined(images: Images) -> Seen:
    """Count labels of all images, and look at the headers of some, evenly spread."""
    labels: Counter[str] = Counter()
    sides: list[int] = []
    modes: set[str] = set()
    unreadable = looked = in_test = 0
    every = max(1, len(images) // SAMPLE)
    for place, row in enumerate(images.read(range(len(images)))):
        labels.update([row.label] if row.label else [])
        in_test += row.given == "test"
        if place % every:
            continue
        looked += 1
        try:
            header = encoding.opened(row.image)
        except UnreadableImage:
            unreadable += 1
            continue
        sides.append(min(header.size))
        modes.add(header.mode)
    return Seen(labels, sides, not modes <= set(GREY), unreadable, looked, in_test)


def between(least: int, wanted: int, most: int) -> int:
    """Return the number nearest to ``wanted`` within both bounds."""
    return min(most, max(least, wanted))
