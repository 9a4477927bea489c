"""A tensor as the protocol moves it: a name, a type of elements, a shape, the elements.

Reads and writes nothing but values in memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.serving.protocol.datatypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.serving.protocol.datatypes import Datatype

    Values = np.ndarray[Any, Any]

# Of one element of BYTES: a 4-byte unsigned integer, little-endian, then so many bytes.
LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Port:
    """An input or output of a served model.

    Attributes:
        name: of the tensor.
        datatype: of its elements.
        shape: its sizes; -1 where a size may vary.

    """

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that was sent or is to be sent.

    Attributes:
        name: of the input or output.
        datatype: of its elements.
        values: the elements in their shape; of BYTES an array of ``bytes`` objects.
        binary: whether it stands behind the JSON as bytes, not in it.

    """

    name: str
    datatype: Datatype
    values: Values
    binary: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return tuple(self.values.shape)

    def flat(self) -> list[str] | Values:
        """Return the elements in row-major order as JSON has them; of BYTES texts, from UTF-8."""
        if self.datatype == "BYTES":
            return [element.decode() for element in self.values.ravel().tolist()]
        # Half precision is written as what it is exactly: orjson knows no narrower numbers.
        wide = self.datatype == "FP16"
        return self.values.ravel().astype(np.float32) if wide else self.values.ravel()

    def section(self) -> bytes:
        """Return the elements in row-major order as the binary extension has them."""
        if self.datatype == "BYTES":
            return b"".join(
                LENGTH.pack(len(element)) + element for element in self.values.ravel().tolist()
            )
        return self.values.astype(DTYPES[self.datatype], copy=False).tobytes()


def of_bytes(elements: Sequence[bytes], shape: tuple[int, ...]) -> Values:
    """Return an array of ``bytes`` objects, as many as the shape has."""
    values = np.empty(len(elements), dtype=DTYPES["BYTES"])
    values[:] = elements
    return values.reshape(shape)
