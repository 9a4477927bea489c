"""How much one request may ask. Reads and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The bounds of one request; the size of its body has a bound of its own, before it is read.

    Attributes:
        rows: texts, images or rows of a table.
        text_characters: of one text, or of one cell of a table.
        images: that a generator draws.
        pixels: of all images together, height times width. They are held decoded.

    """

    rows: int = 10_000
    text_characters: int = 100_000
    images: int = 256
    pixels: int = 2**26


# What holds where the server's settings say nothing else.
DEFAULT = Limits()
