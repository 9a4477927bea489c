"""Images that a table lists: their bytes in a Parquet column, or their paths in any table.

Reads the tables and the files that they name, one image at a time. Writes nothing.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from assay.errors import SourceRefused
from assay.gateways import tables
from assay.gateways.bounds import Bounds
from assay.gateways.sources import plain
from assay.gateways.sources.images import ImageRow
from assay.settings.labels import cleaned
from assay.settings.limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from assay.gateways.sources.images import Images
    from assay.settings.limits import Limits

# Rows of a Parquet file that are in memory at a time.
CHUNK = 256
# Hugging Face writes an image as {bytes, path}; either may be null.
BYTES, PATH = "bytes", "path"
GIVEN_COLUMN, GIVEN = "given", ("train", "test")
# Larger files are no images, but something that was named like one.
MOST_BYTES = 64 * 2**20
SHOWN = 3


@dataclass(frozen=True)
class Columns:
    """What the settings call the columns of a table, and how large it may be.

    ``label`` None: labels are not wanted, and no column of them is looked for.
    """

    image: str = "image"
    label: str | None = "label"
    others: tuple[str, ...] = ()
    limits: Limits = DEFAULT


class Embedded:
    """A Parquet file with the bytes of its images, read piece by piece."""

    def __init__(
        self,
        path: Path,
        columns: Columns | None = None,
        *,
        given: str | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        self._path, self._given = path, given
        schema = _schema(path)
        wanted = columns or Columns(image="img")
        self._bounds = Bounds(path, wanted.limits)
        self._bounds.require_shape(0, len(schema.names))
        self._image = tables.column_of(path, schema.names, wanted.image, "image")
        self._label = _label_column(path, schema.names, wanted)
        self.columns = tuple(name for name in wanted.others if name in schema.names)
        self._texts = ([self._label] if self._label else []) + list(self.columns)
        _require_plain(path, schema, self._texts)
        # A number may stand for a class whose name the file's own notes hold.
        self._classes = tuple(classes) or _class_names(schema, self._label)
        self._own_split = GIVEN_COLUMN in schema.names
        self._rows: int = parquet.read_metadata(path).num_rows

    def __len__(self) -> int:
        return self._rows

    def read(self, wanted: Container[int]) -> Iterator[ImageRow]:
        """Yield the wanted rows.

        Raises:
            SourceRefused: a cell of the image column holds no bytes, or far too many for an image;
                another cell is longer than the limits.

        """
        names = [self._image, *self._texts]
        names += [GIVEN_COLUMN] if self._own_split else []
        place = 0
        with parquet.ParquetFile(self._path) as file:
            for chunk in file.iter_batches(CHUNK, columns=list(dict.fromkeys(names))):
                for row in chunk.to_pylist():
                    if place in wanted:
                        yield self._picture(row, place)
                    place += 1

    def _picture(self, row: Mapping[str, Any], place: int) -> ImageRow:
        content, path = embedded(row[self._image])
        if not isinstance(content, bytes):
            raise SourceRefused(
                f"row {place + 1:,} of {self._path} holds {type(content).__name__}, no bytes",
                expected=f"the bytes of an image file in the column {self._image!r}",
                cure="name the right column: ingest.image in params.yaml",
            )
        if len(content) > MOST_BYTES:
            raise _too_large(f"row {place + 1:,} of {self._path}", len(content))
        self._bounds.require_row(place + 1, {name: _text(row[name]) for name in self._texts})
        return ImageRow(
            content,
            self._named(row[self._label]) if self._label else None,
            path=path,
            given=self._given or (_given(row[GIVEN_COLUMN]) if self._own_split else None),
            columns={name: _text(row[name]) for name in self.columns},
        )

    def _named(self, label: Any) -> str | None:
        if isinstance(label, int) and 0 <= label < len(self._classes):
            return _label(self._classes[label])
        return _label(label)


class Named:
    """A table whose cells are paths of image files, relative to the table's folder."""

    def __init__(self, path: Path, columns: Columns) -> None:
        table = tables.read_table(path, columns.limits)
        names = [str(name) for name in table.columns]
        image = tables.column_of(path, names, columns.image, "image")
        label = _label_column(path, names, columns)
        self.columns = tuple(name for name in columns.others if name in names)
        split = [GIVEN_COLUMN] if GIVEN_COLUMN in names else []
        texts = ([label] if label else []) + list(self.columns)
        plain.require_plain(path, table, [image, *texts, *split])
        self._table, self._folder = path, path.parent
        self._paths = [None if pd.isna(cell) else str(cell) for cell in table[image]]
        self._labels = [_label(cell) for cell in table[label]] if label else None
        self._others = {name: [_text(cell) for cell in table[name]] for name in self.columns}
        self._given = [_given(cell) for cell in table[GIVEN_COLUMN]] if split else None
        self.files = named_files(path, self._paths)
        _refuse_outside(path, self._paths, self.files)

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, wanted: Container[int]) -> Iterator[ImageRow]:
        """Yield the wanted rows."""
        for place, (path, file) in enumerate(zip(self._paths, self.files, strict=True)):
            if place in wanted:
                yield ImageRow(
                    content(file),
                    self._labels[place] if self._labels else None,
                    path=path,
                    given=self._given[place] if self._given else None,
                    columns={name: cells[place] for name, cells in self._others.items()},
                )


class Joined:
    """Several parts, one behind the other."""

    def __init__(self, parts: Sequence[Images]) -> None:
        self._parts = parts
        self.columns = tuple(dict.fromkeys(name for part in parts for name in part.columns))

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def read(self, wanted: Container[int]) -> Iterator[ImageRow]:
        """Yield the wanted images of every part."""
        start = 0
        for part in self._parts:
            yield from part.read(_Shifted(wanted, start))
            start += len(part)


class _Shifted:
    """The places of one part among those of all."""

    def __init__(self, wanted: Container[int], start: int) -> None:
        self._wanted, self._start = wanted, start

    def __contains__(self, place: object) -> bool:
        return isinstance(place, int) and place + self._start in self._wanted


def listed(path: Path, columns: Columns) -> Embedded | Named:
    """Return the images of a table, by what its image column holds: bytes, or paths.

    Raises:
        SourceRefused: a column is missing, a file that it names is not there, or it can't be read.

    """
    return Embedded(path, columns) if _holds_bytes(path, columns) else Named(path, columns)


def embedded(cell: Any) -> tuple[bytes, str | None]:
    """Return the bytes of a cell, and the path that may stand beside them.

    An empty cell holds no bytes: a broken image, which `validate` counts.
    """
    if isinstance(cell, dict):
        return cell.get(BYTES) or b"", cell.get(PATH)
    return (b"" if cell is None or cell != cell else cell), None


def named_files(table: Path, paths: Sequence[str | None]) -> list[Path]:
    """Return the files that a table names, relative to its folder.

    Raises:
        SourceRefused: one of them is not there.

    """
    files = [table.parent / (path if isinstance(path, str) else "") for path in paths]
    lost = [path for path, file in zip(paths, files, strict=True) if not _is_file(file)]
    if lost:
        shown = ", ".join(repr(path or "(an empty cell)") for path in lost[:SHOWN])
        raise SourceRefused(
            f"{table} names {len(lost):,} image files that are not there: {shown}"
            + (" ..." if len(lost) > SHOWN else ""),
            expected=f"paths relative to {table.parent}/",
            cure="put the images beside the table, or correct its paths",
        )
    return files


def content(file: Path) -> bytes:
    """Return the bytes of an image file.

    Raises:
        SourceRefused: it can't be read, or is far too large for an image.

    """
    try:
        size = file.stat().st_size
        if size <= MOST_BYTES:
            return file.read_bytes()
    except OSError as problem:
        raise SourceRefused(
            f"{file} cannot be read: {problem.strerror or problem}",
            expected="a file that you may read",
            cure="mend its permissions, or take it away",
        ) from problem
    raise _too_large(str(file), size)


def _too_large(where: str, size: int) -> SourceRefused:
    return SourceRefused(
        f"{where} holds {size:,} bytes",
        expected=f"an image file of {MOST_BYTES:,} bytes at most",
        cure="make it smaller, or take it away",
    )


def _refuse_outside(table: Path, paths: Sequence[str | None], files: Sequence[Path]) -> None:
    root = table.parent.resolve()
    outside = [
        path
        for path, file in zip(paths, files, strict=True)
        if not (_is_below(file, table.parent) or file.resolve().is_relative_to(root))
    ]
    if outside:
        raise SourceRefused(
            f"{table} names images outside its folder: {outside[0]!r}",
            expected=f"paths below {table.parent}/, where they are versioned with the table",
            cure="copy the images beside the table, and name them by relative paths",
        )


def _is_below(file: Path, folder: Path) -> bool:
    """Tell whether a path leads below a folder, be it through a link that stands there."""
    return ".." not in file.parts and file.absolute().is_relative_to(folder.absolute())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for any file
        return False


def _holds_bytes(path: Path, columns: Columns) -> bool:
    if path.suffix.lower() != ".parquet":
        return False
    schema = _schema(path)
    kind = schema.field(tables.column_of(path, schema.names, columns.image, "image")).type
    if pa.types.is_struct(kind):
        return BYTES in [field.name for field in kind]
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _require_plain(path: Path, schema: Any, columns: Sequence[str]) -> None:
    """Refuse bytes and nested values in columns other than the images', as in any table."""
    for column in columns:
        kind = schema.field(column).type
        if pa.types.is_nested(kind):
            raise plain.refusal(path, column, plain.INNER)
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise plain.refusal(path, column, plain.BYTES)


def _schema(path: Path) -> Any:
    try:
        return parquet.read_schema(path)
    except (pa.ArrowInvalid, OSError) as problem:
        raise SourceRefused(
            f"{path} cannot be read: {problem}",
            expected="a whole Parquet file",
            cure="save it anew, or take it away",
        ) from problem


def _label_column(path: Path, names: Sequence[str], columns: Columns) -> str | None:
    """Return the table's column of labels; None where none are wanted."""
    if columns.label is None:
        return None
    return tables.column_of(path, names, columns.label, "label")


def _class_names(schema: Any, label: str | None) -> tuple[str, ...]:
    """Return the names that Hugging Face's datasets library notes for a column of numbers."""
    try:
        notes = json.loads((schema.metadata or {})[b"huggingface"])
        return tuple(map(str, notes["info"]["features"][label]["names"]))
    except (KeyError, TypeError, ValueError):
        return ()


def _label(cell: Any) -> str | None:
    text = _text(cell)
    return (cleaned(text) or None) if text else None


def _given(cell: Any) -> str | None:
    name = _text(cell)
    return name if name in GIVEN else None


def _text(cell: Any) -> str | None:
    if cell is None or cell != cell:  # NaN alone differs from itself
        return None
    return unicodedata.normalize("NFC", str(cell))
