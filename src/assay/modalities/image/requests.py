"""Images that ``assay predict`` is asked about: files, a folder, or a table that lists them.

Reads what the user names. Writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, overload

from assay.errors import MissingFile, SourceRefused, UnreadableImage, UsageError
from assay.modalities.image import encoding
from assay.settings.limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from assay.settings.limits import Limits


class Files(Sequence[bytes]):
    """Files that are read when they are asked for: a folder may hold more than memory does."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Files: ...
    def __getitem__(self, place: int | slice) -> bytes | Files:
        from assay.gateways.sources import listed

        if isinstance(place, slice):
            return Files(self._paths[place])
        return listed.content(self._paths[place])


class ImageRequests:
    """Images; satisfies ``assay.modalities.requests.Requests``."""

    noun = "image"
    example = "picture.png"
    unusable = "images can't be read and get no label"
    unreadable = ""

    def __init__(self, column: str, limits: Limits = DEFAULT) -> None:
        """Take the name that the settings give the column of images, and the bounds of a table."""
        self._column, self._limits = column, limits

    def words(self, words: Sequence[str]) -> Files:
        """Return the files that are named, each of which must be an image.

        Raises:
            MissingFile: there is no such file.
            UsageError: it is a folder.
            UnreadableImage: it is no image.

        """
        paths = [Path(word) for word in words]
        for path in paths:
            if path.is_dir():
                raise UsageError(
                    f"{path} is a folder",
                    expected="image files",
                    cure=f"ask about all that it holds: --file {path}",
                )
            if not path.is_file():
                raise MissingFile(
                    f"there is no file {path}",
                    expected=f"an image ({' '.join(encoding.FORMATS)})",
                    cure="check the path (relative paths start where you are)",
                )
        files = Files(paths)
        for path, content in zip(paths, files, strict=True):
            try:
                encoding.loaded(content)
            except UnreadableImage as problem:
                raise UnreadableImage(
                    f"{path} is {problem.found}", expected=problem.expected, cure=problem.cure
                ) from problem
        return files

    def table(self, file: Path, column: str | None) -> tuple[pd.DataFrame, Sequence[bytes]]:
        """Return the images of a folder by their paths, or the rows of a table and their images.

        The column of images comes back as their paths; as the beginning of their SHA-256 where they
        have none.

        Raises:
            MissingFile: nothing is there.
            SourceRefused: it can't be read, holds no image, or names a file that is not there.

        """
        import pandas as pd

        from assay.gateways import tables
        from assay.gateways.sources import listed

        if file.is_dir():
            paths = _images(file)
            return pd.DataFrame({"image": [str(p.relative_to(file)) for p in paths]}), Files(paths)
        rows = tables.read_table(file, self._limits)
        name = tables.column_of(
            file, [str(one) for one in rows.columns], column or self._column, "image"
        )
        if not any(isinstance(cell, bytes | dict) for cell in rows[name]):
            return rows, Files(listed.named_files(file, rows[name].tolist()))
        found = [listed.embedded(cell) for cell in rows[name]]
        names = [path or _digest(content) for content, path in found]
        return rows.assign(**{name: names}), [content for content, _ in found]

    def parts(self, file: Path, column: str | None) -> None:
        """Return nothing: images are read one at a time, their table as a whole."""

    def usable(self, contents: Sequence[bytes]) -> list[bool]:
        """Tell which images decode."""
        with ThreadPoolExecutor(encoding.THREADS) as pool:
            return list(pool.map(_decodes, contents))

    def truncated(self, encoder: Mapping[str, int | tuple[str, ...]]) -> str:
        """Return nothing: of an image the model sees all."""
        return ""

    def occluded(self, content: bytes) -> None:
        """Return nothing: an image has no words."""

    def remark(self, unknown: float) -> str:
        """Return nothing: there is no pixel that a model does not know."""
        return ""


def _images(root: Path) -> list[Path]:
    from assay.gateways.sources import folder

    paths = folder.images(root)
    if not paths:
        raise SourceRefused(
            f"{root}/ holds no image",
            expected=" ".join(folder.SUFFIXES),
            cure="name the folder that holds the images",
        )
    return paths


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _decodes(content: bytes) -> bool:
    try:
        encoding.loaded(content)
    except UnreadableImage:
        return False
    return True
