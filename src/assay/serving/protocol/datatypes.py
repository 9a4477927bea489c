"""The types of tensor elements: the protocol's names, and numpy's. Reads and writes nothing."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import numpy as np

Datatype = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "BYTES",
]
NAMES: Final[tuple[Datatype, ...]] = get_args(Datatype)

# Little-endian, as the binary extension has it. An element of BYTES is a Python object: bytes.
DTYPES: Final[dict[Datatype, np.dtype[Any]]] = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "BYTES": np.dtype("O"),
}


def is_float(datatype: Datatype) -> bool:
    """Tell whether elements are floating-point numbers."""
    return datatype.startswith("FP")


def is_number(datatype: Datatype) -> bool:
    """Tell whether elements are numbers, whole or not."""
    return datatype not in ("BOOL", "BYTES")


def of_numpy(name: str) -> Datatype:
    """Return the protocol's name of a type as a bundle's manifest has it, e.g. ``float32``."""
    if name == "str":
        return "BYTES"
    dtype = np.dtype(name).newbyteorder("<")
    return next(datatype for datatype, own in DTYPES.items() if own == dtype)
