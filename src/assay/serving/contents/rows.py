"""Rows of a table that clients send: one tensor a column, named as it, or objects in an array.

Reads and writes nothing. What cells mean, :mod:`assay.modalities.table.cells` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.modalities.table import cells
from assay.serving.contents.columns import elements, place, require_rows
from assay.serving.contents.texts import decoded, require_short
from assay.serving.protocol.datatypes import is_number
from assay.serving.protocol.tensors import Port
from assay.serving.protocol.words import kind, quoted, several
from assay.serving.refusals import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.protocol.tensors import Tensor

    Row = Mapping[str, object]


@dataclass(frozen=True)
class Rows:
    """Satisfies ``assay.serving.contents.kinds.Contents``.

    Attributes:
        numbers: columns of numbers.
        categories: columns of categories.
        missing: words that stand for no value.

    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.numbers, *self.categories)

    @property
    def ports(self) -> tuple[Port, ...]:
        """One a column."""
        numbers = (Port(name, "FP32", (-1,)) for name in self.numbers)
        return (*numbers, *(Port(name, "BYTES", (-1,)) for name in self.categories))

    def of_tensors(self, request: InferRequest, limits: Limits) -> list[Row]:
        """Return rows of the columns' elements.

        A column of numbers may also be of BYTES: each a number as text, empty for a missing one.

        Raises:
            BadRequest: a column is missing, unknown, of another length or a wrong type; a row holds
                no value at all.
            TooLarge: a cell is too long, or the rows are too many.

        """
        self._require_columns("the request", [tensor.name for tensor in request.inputs])
        columns = {tensor.name: elements(tensor) for tensor in request.inputs}
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise BadRequest(
                f"the columns have {min(lengths)} to {max(lengths)} rows; expected as many of each"
            )
        require_rows(lengths.pop(), limits)
        for tensor in request.inputs:
            columns[tensor.name] = self._column(tensor, columns[tensor.name], limits)
        cells_of_rows = zip(*columns.values(), strict=True)
        return self._filled([dict(zip(columns, row, strict=True)) for row in cells_of_rows])

    def of_json(self, inputs: Sequence[object], limits: Limits) -> list[Row]:
        """Return rows of objects: each column with a number, a string, or null for no value.

        Raises:
            BadRequest: one is no object; a column is missing, unknown or a wrong type; a row holds
                no value at all.
            TooLarge: a cell is too long, or the rows are too many.

        """
        require_rows(len(inputs), limits)
        rows = [self._row(one, at, len(inputs), limits) for at, one in enumerate(inputs)]
        return self._filled(rows)

    def _column(self, tensor: Tensor, found: list[Any], limits: Limits) -> list[Any]:
        """Return the cells of a column, each of which fits it."""
        name, rows = tensor.name, len(found)
        if is_number(tensor.datatype):
            return found
        if tensor.datatype == "BOOL":
            if name in self.numbers:
                raise BadRequest(
                    f"input {quoted(name)} is of BOOL; expected numbers (FP32, INT64, ...), or "
                    "BYTES with a number as text"
                )
            return found
        texts: list[Any] = []
        for row, one in enumerate(found):
            text = decoded(one, _cell(name), row, rows)
            self._require_fitting(name, text, row, rows, limits)
            texts.append(text)
        return texts

    def _row(self, found: object, row: int, rows: int, limits: Limits) -> Row:
        if not isinstance(found, dict):
            raise BadRequest(
                f"{place('input', row, rows)} is {kind(found)}; expected an object with the "
                f"columns {several(self.names)}"
            )
        self._require_columns(place("input", row, rows), found)
        for name, value in found.items():
            if isinstance(value, list | dict):
                raise BadRequest(
                    f"{place(_cell(name), row, rows)} is {kind(value)}; expected a number, a "
                    "string or null"
                )
            self._require_fitting(name, value, row, rows, limits)
        return found

    def _require_columns(self, where: str, found: Iterable[str]) -> None:
        given, own = set(found), set(self.names)
        if absent := [name for name in self.names if name not in given]:
            raise BadRequest(
                f"{where} has no column {several(absent)}; expected every column of the model, "
                "with null or an empty text where there is no value"
            )
        if unknown := sorted(given - own):
            raise BadRequest(
                f"{where} has columns that the model lacks: {several(unknown)}; expected "
                f"{several(self.names)}"
            )

    def _require_fitting(
        self, name: str, value: object, row: int, rows: int, limits: Limits
    ) -> None:
        """Refuse a cell that is too long, or no number where one must be."""
        if type(value) in (int, float):  # of JSON, which knows finite numbers alone
            return
        if isinstance(value, str):
            require_short(value, _cell(name), row, rows, limits)
        if name in self.numbers and cells.number_of(cells.text_of(value), self.missing) is None:
            raise BadRequest(
                f"{place(_cell(name), row, rows)} is no number; expected one, or an empty text or "
                "null where there is none"
            )

    def _filled(self, rows: list[Row]) -> list[Row]:
        for at, row in enumerate(rows):
            if all(cells.is_missing(cells.text_of(row[name]), self.missing) for name in self.names):
                raise BadRequest(
                    f"{place('row', at, len(rows))} holds no value at all; expected one at least: "
                    "an empty row has no label"
                )
        return rows


def _cell(name: str) -> str:
    return f"the value of {quoted(name)} in row"
