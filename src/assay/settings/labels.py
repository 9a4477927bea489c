"""How a label is spelt, wherever it comes from: settings, tables, folders.

Reads and writes nothing.
"""

from __future__ import annotations

import unicodedata


def cleaned(label: str) -> str:
    """Return a label without white space around it, in Unicode's NFC; empty if nothing is left.

    ``"bug "`` and ``"bug"`` are one class, and so are the two ways to write an accented letter.
    """
    return unicodedata.normalize("NFC", label).strip()
