"""Plain text files: what is in them, exactly, or why it is not text.

Reads a file's bytes, unpacked if it is gzipped. Writes nothing. Line ends, spaces and case stay as
they are; a byte order mark in front is left out.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from assay.errors import SourceRefused
from assay.gateways import decoding
from assay.gateways.bounds import Bounds
from assay.settings.limits import DEFAULT

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.limits import Limits

READABLE = (".txt", ".md")
NUL = "\0"
BREAK = r"(?>\r\n|\r|\n)"  # atomic: no half of a Windows line end is one


def is_plain_text(path: Path) -> bool:
    """Tell by a file's name whether it is plain text, gzipped or not."""
    return path.name.lower().removesuffix(".gz").endswith(READABLE)


def read(path: Path, limits: Limits = DEFAULT) -> str:
    """Return all that stands in a file: UTF-8, UTF-16 with its mark, or Chinese in GB18030.

    Raises:
        SourceRefused: it is no text, in another encoding, torn, or larger than ``limits`` allow.

    """
    try:
        content = Bounds(path, limits).content()
    except (OSError, EOFError, zlib.error) as problem:
        raise SourceRefused(
            f"{path} cannot be read: {problem}",
            expected="a whole text file",
            cure="copy it anew, or take it away",
        ) from problem
    encoding = decoding.encoding_of(lambda: decoding.of_bytes(content), path)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as problem:  # UTF-16 that ends in half a letter
        raise _binary(path, f"is no {encoding}: {problem.reason}") from problem
    if (place := text.find(NUL)) >= 0:
        raise _binary(path, f"holds a NUL character at position {place:,}, as binary files do")
    return text


def documents(text: str, separator: str | None) -> list[str]:
    """Return the documents of a file: the whole text, or what stands between separators.

    A line break in ``separator`` is found in every form (``\\r\\n`` too). Between two separators
    with nothing but space there is no document; all others are exactly what stands there.
    """
    if separator is None:
        return [text]
    lines = [re.escape(line) for line in re.split(BREAK, separator)]
    pieces = re.split(BREAK.join(lines), text)
    return [piece for piece in pieces if piece.strip()]


def _binary(path: Path, what: str) -> SourceRefused:
    return SourceRefused(
        f"{path} {what}",
        expected="text in UTF-8",
        cure="save it as text in UTF-8, or take it away",
    )
