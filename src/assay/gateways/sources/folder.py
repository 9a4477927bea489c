"""Images in a folder: ``class/name.jpg`` at any depth, and tables that list images.

Reads the folder. Writes nothing. What is neither an image nor a table is left alone, and counted.
Where no labels are wanted, images may lie anywhere, and a folder's name says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import SourceRefused
from assay.gateways import tables
from assay.gateways.sources import inbox, listed
from assay.gateways.sources.images import ImageRow
from assay.settings.labels import cleaned

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from assay.gateways.sources.images import Images

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
# A folder above the classes that bears one of these names says which split its images are of.
SPLITS = {
    **dict.fromkeys(("train", "training", "val", "valid", "validation"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class Contents:
    """What a folder holds: its parts by name, and the files that are none of them."""

    parts: dict[str, Images]
    left_alone: tuple[Path, ...]


class Classes:
    """Image files, each in a folder that bears the name of its class, if that is wanted."""

    columns = ()

    def __init__(self, root: Path, files: list[Path], *, labelled: bool = True) -> None:
        self._root, self._files, self._labelled = root, files, labelled
        given = [_given(root, file, labelled=labelled) for file in files]
        # Without a test folder, `train` is as good a name for a class's parent as any.
        self._given = given if "test" in given else [None] * len(files)

    def __len__(self) -> int:
        return len(self._files)

    def read(self, wanted: Container[int]) -> Iterator[ImageRow]:
        """Yield the wanted files."""
        for place, (file, given) in enumerate(zip(self._files, self._given, strict=True)):
            if place in wanted:
                yield ImageRow(
                    listed.content(file),
                    (cleaned(file.parent.name) or None) if self._labelled else None,
                    path=file.relative_to(self._root).as_posix(),
                    given=given,
                )


def contents(root: Path, columns: listed.Columns) -> Contents:
    """Return the images of a folder, tables first, each read when it is asked for.

    An image that a table lists is not read a second time for the folder that it stands in.

    Raises:
        SourceRefused: a table lacks a column or names a file that is not there; an image lies
            where no folder names its class, and labels are wanted; something is there that
            ``inbox`` refuses.

    """
    files = inbox.files(root)
    listing = [file for file in files if _is_table(file)]
    images = [file for file in files if file.suffix.lower() in SUFFIXES]
    found = {str(file.relative_to(root)): listed.listed(file, columns) for file in listing}
    known = {file for part in found.values() for file in getattr(part, "files", ())}
    loose = [file for file in images if file not in known]
    parts: dict[str, Images] = dict(found)
    labelled = columns.label is not None
    if loose and labelled:
        _refuse_unclassed(root, loose)
    if loose:
        name = "class folders" if labelled else "image files"
        parts[name] = Classes(root, loose, labelled=labelled)
    rest = set(files) - set(listing) - set(images)
    return Contents(parts, tuple(sorted(rest)))


def images(root: Path) -> list[Path]:
    """Return every image file of a folder, at any depth, sorted.

    Raises:
        SourceRefused: something is there that ``inbox`` refuses.

    """
    return [file for file in inbox.files(root) if file.suffix.lower() in SUFFIXES]


def _is_table(file: Path) -> bool:
    return file.name.lower().removesuffix(".gz").endswith(tables.READABLE)


def _given(root: Path, file: Path, *, labelled: bool) -> str | None:
    """Return the split that a folder names: above the class's own, where that is one."""
    above = file.relative_to(root).parts[: -2 if labelled else -1]
    found = [SPLITS[part.lower()] for part in above if part.lower() in SPLITS]
    return found[0] if found else None


def _refuse_unclassed(root: Path, files: list[Path]) -> None:
    lost = [file for file in files if file.parent == root]
    if lost:
        raise SourceRefused(
            f"{len(lost):,} images lie in {root}/ itself, such as {lost[0].name}",
            expected=f"each image in a folder that bears its class's name: {root}/cat/1.jpg",
            cure="move them into such folders, or add a table with the columns image and label",
        )
